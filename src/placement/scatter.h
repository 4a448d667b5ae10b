// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "placement/layout.h"

namespace borg::placement {

/// Limits for the number of partners.
struct Limits {
  std::uint32_t newcomer;  ///< of the node that gets a copy
  std::uint32_t others;    ///< of those that hold the partition with it
};

[[nodiscard]] Limits usual_limits(const Layout& layout);

/// By how much partners would exceed their limits if `to` took the place of `from` (kNobody:
/// came in addition).
[[nodiscard]] std::uint32_t scatter_excess(const Layout& layout, std::size_t partition, Index from,
                                           Index to, const Limits& limits);

/// Two nodes as one number, in either order.
[[nodiscard]] constexpr std::uint32_t pair_code(Index a, Index b) {
  return a < b ? a * 65536u + b : b * 65536u + a;
}
/// The pairs that should cease to share partitions so that a newcomer can have its partners
/// and nobody has more than before, in order: the weakest first.
[[nodiscard]] std::map<std::uint32_t, std::uint32_t> pairs_to_end(const Layout& layout);

}  // namespace borg::placement
