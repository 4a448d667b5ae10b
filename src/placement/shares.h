// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "placement/topology.h"

namespace borg::placement {

/// How many a node may hold: in [low, high], where high - low <= 1.
struct Quota {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};
struct Quotas {
  std::vector<Quota> copies;
  std::vector<Quota> primaries;
};

/// Each node's share in proportion to its weight, as far as a node can hold only one copy of a
/// partition and copies keep out of each other's zones and hosts; rounded down and up.
[[nodiscard]] Quotas quotas(const Topology& topology);

/// One who takes part in a division.
struct Claim {
  std::uint64_t weight = 1;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
/// Divides total in proportion to the weights, between each one's low and high (water-filling).
/// Rounds down. REQUIRES: sum of low <= total <= sum of high, weights > 0.
[[nodiscard]] std::vector<std::uint64_t> divide(std::uint64_t total,
                                                const std::vector<Claim>& claims);

/// Counts against quotas, so that when all have been counted everybody is within its quota.
class Tally {
 public:
  Tally(const std::vector<Quota>& quota, std::uint32_t total);

  void add(Index node);
  void remove(Index node);
  [[nodiscard]] std::uint32_t operator[](Index node) const { return count_[node]; }
  [[nodiscard]] const Quota& quota(Index node) const { return (*quota_)[node]; }
  [[nodiscard]] bool below_low(Index node) const { return count_[node] < quota(node).low; }
  [[nodiscard]] bool below_high(Index node) const { return count_[node] < quota(node).high; }
  [[nodiscard]] bool above_low(Index node) const { return count_[node] > quota(node).low; }
  [[nodiscard]] bool above_high(Index node) const { return count_[node] > quota(node).high; }
  /// One more is fine: it is below low, or below high while not too many have been rounded up.
  [[nodiscard]] bool is_open(Index node) const {
    return below_low(node) || (below_high(node) && rounded_up_ < rounded_up_max_);
  }
  [[nodiscard]] std::size_t size() const { return count_.size(); }

 private:
  const std::vector<Quota>* quota_;
  std::vector<std::uint32_t> count_;
  std::int64_t rounded_up_ = 0;
  std::int64_t rounded_up_max_ = 0;
};

}  // namespace borg::placement
