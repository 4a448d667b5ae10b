// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/borgctl/cluster_info.h"

namespace borg::borgctl {

/// As wide as it likes.
inline constexpr std::size_t kAnyWidth = SIZE_MAX;

/// The table of the nodes, then the totals of the cluster. In a narrow terminal the table leaves
/// out columns, the least important first; lines may still be longer than `width`.
[[nodiscard]] std::string info_text(const ClusterInfo& info, std::size_t width = kAnyWidth);

/// What --watch adds below: a bar while a rebalance is running, else that nothing moves.
struct MovementLook {
  std::size_t width = kAnyWidth;
  std::optional<double> bytes_per_second;  ///< of all nodes together, since the last look
};
[[nodiscard]] std::string movement_text(const ClusterInfo& info, const MovementLook& look);

/// Each line cut to `width` characters of UTF-8, so that a terminal does not wrap it.
[[nodiscard]] std::string cut_lines(const std::string& text, std::size_t width);

/// At most `rows` lines: leaves out the last rows of the table, the first paragraph, and where
/// that is not enough all but the last lines, with the bar. REQUIRES: the text ends its last line.
[[nodiscard]] std::string cut_rows(const std::string& text, std::size_t rows);

/// "[#####.....]" with `width` cells. `part` is cut to [0, 1].
[[nodiscard]] std::string bar(double part, std::size_t width);

}  // namespace borg::borgctl
