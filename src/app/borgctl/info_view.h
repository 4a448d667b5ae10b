// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "app/borgctl/cluster_info.h"

namespace borg::borgctl {

/// The table of the nodes, then the totals of the cluster.
[[nodiscard]] std::string info_text(const ClusterInfo& info);

/// Follows a movement of slots from look to look, for its bar.
///
/// The cluster says how many slots have yet to move, not how many there were: the most that was
/// seen since it last stood still is taken as the whole.
class MovementBar {
 public:
  /// One line; empty while nothing moves.
  [[nodiscard]] std::string next(std::int64_t moving_slots);

 private:
  std::int64_t most_ = 0;
};

/// "[#####.....]" with `width` cells. `part` is cut to [0, 1].
[[nodiscard]] std::string bar(double part, std::size_t width);

}  // namespace borg::borgctl
