// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "placement/placement.h"

namespace borg::placement::testing {

/// The fewest copies that must move under the bounds of balance and separation: exact, and slow
/// (a minimum-cost flow). REQUIRES: the copies of every partition can be in zones of their own.
[[nodiscard]] std::uint32_t minimum_moves(const std::vector<Node>& nodes, const Options& options,
                                          const Assignment& previous);

}  // namespace borg::placement::testing
