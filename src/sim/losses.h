// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "sim/expiries.h"
#include "sim/history.h"
#include "sim/sim.h"
#include "storage/partition_store.h"

namespace borg::sim {

/// What a replica holds: values of strings, of elements of containers (element_object()), whole
/// sequences, digests of other lists; and when they expire, by the partition's clock.
using Content = std::map<std::string, std::pair<std::string, storage::ExpiryMs>>;
[[nodiscard]] Content content_of(const storage::PartitionStore& store);

/// Every time that a partition went on without what its in-sync replicas had: allowed only where
/// all of them were gone, and somebody had said that it may.
class Losses {
 public:
  explicit Losses(const Sim& sim) : sim_(sim) {}

  /// The loss was committed now; its heir holds this, and its clock shows that.
  void add(std::uint16_t partition, Epoch term, const Content& held, std::int64_t clock_ms);
  /// What the heir may have received since.
  void add_content(std::uint16_t partition, Epoch term, const Content& held, std::int64_t clock_ms);
  /// The heir had executed commands before anybody looked at what it began with: the partition's
  /// histories cannot be judged.
  void add_unseen(std::uint16_t partition) { unseen_.insert(partition); }
  [[nodiscard]] bool is_unseen(std::uint16_t partition) const {
    return unseen_.contains(partition);
  }
  [[nodiscard]] bool has(std::uint16_t partition, Epoch term) const;
  [[nodiscard]] bool has(std::uint16_t partition) const;
  [[nodiscard]] std::size_t count() const { return count_; }
  /// The key's history with its losses: at each its value becomes one of those that the heir may
  /// have had, or nothing if it may have had nothing.
  void add_to(std::vector<Operation>& operations, const std::string& key,
              const LifeBounds& lives) const;

 private:
  struct Loss {
    Epoch term;
    Duration at;
    std::size_t looks = 0;  ///< at what the heir holds
    struct Left {
      std::size_t seen = 0;  ///< in so many of them
      std::set<std::pair<std::string, storage::ExpiryMs>> values;
    };
    std::map<std::string, Left> left;
    // By how much the world's time is ahead of the heir's clock.
    std::int64_t lag_least_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t lag_most_ms = std::numeric_limits<std::int64_t>::min();
  };
  [[nodiscard]] const Loss* find(std::uint16_t partition, Epoch term) const;
  void add_what_is_left(std::vector<Operation>& operations, const std::string& key,
                        const Loss& loss, const LifeBounds& lives) const;

  const Sim& sim_;
  std::map<std::uint16_t, std::vector<Loss>> by_partition_;
  std::set<std::uint16_t> unseen_;
  std::size_t count_ = 0;
};

}  // namespace borg::sim
