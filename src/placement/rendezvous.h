// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

#include "base/ids.h"

namespace borg::placement {

/// How much a partition wants a node: the smaller, the more. Ties are as good as impossible and
/// are broken by the caller's order of nodes.
struct Draw {
  std::uint64_t cost = 0;
  std::uint64_t hash = 0;
  friend constexpr auto operator<=>(const Draw&, const Draw&) = default;
};

/// REQUIRES: weight > 0.
[[nodiscard]] Draw draw(PartitionId partition, NodeId node, std::uint32_t weight);

/// -log2((hash | 1) / 2^64) in units of 2^-28: an exponential draw from a uniform one, by
/// repeated squaring of integers, monotone in hash.
[[nodiscard]] std::uint64_t negative_log2(std::uint64_t hash);

}  // namespace borg::placement
