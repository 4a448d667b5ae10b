// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "storage/partition_store.h"
#include "wire/messages.h"

namespace borg::replication {

/// The commands of one partition that wait for a key, each in the order in which it came.
///
/// Runs:      on the worker of the partition, at its primary. Not replicated: who loses these has
///            executed nothing, and their gateways ask again.
/// Invariant: a request is here at most once, and has no record.
class BlockedRequests {
 public:
  /// Positive; a later one has a greater ticket.
  using Ticket = std::uint64_t;
  struct Blocked {
    Ticket ticket = 0;  ///< given by add()
    wire::Origin origin;
    std::vector<std::string> args;
    std::size_t first_key = 0;  ///< of those in args that it waits for
    std::size_t keys = 0;
    storage::ValueType type = storage::ValueType::kList;
    Instant asked_at;  ///< its gateway wanted it still
  };

  /// REQUIRES: no request of this number is here.
  void add(Blocked blocked);
  /// Notes that the gateway still wants it. False if it is not here.
  bool refresh(const wire::Origin& origin, Instant now);
  /// Removes it. False if it is not here.
  bool remove(const wire::Origin& origin);
  /// Removes and returns all, in order.
  [[nodiscard]] std::vector<Blocked> take_all();
  void remove_if(const std::function<bool(const Blocked&)>& is_gone);

  /// The first behind `after` that waits for this key, or null. Valid until the next change.
  [[nodiscard]] const Blocked* next(std::string_view key, Ticket after) const;
  [[nodiscard]] bool empty() const { return blocked_.empty(); }
  [[nodiscard]] std::size_t size() const { return blocked_.size(); }

 private:
  using Number = std::pair<wire::Endpoint, std::uint64_t>;
  [[nodiscard]] static Number number_of(const wire::Origin& origin) {
    return {origin.gateway, origin.seq};
  }
  void forget(const Blocked& blocked);

  Ticket last_ticket_ = 0;
  std::map<Ticket, Blocked> blocked_;
  std::map<Number, Ticket> by_number_;
  std::map<std::string, std::set<Ticket>, std::less<>> by_key_;
};

}  // namespace borg::replication
