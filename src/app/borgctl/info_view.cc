// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/info_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/borgctl/human.h"
#include "app/borgctl/table.h"

namespace borg::borgctl {
namespace {

constexpr std::size_t kBarWidth = 30;

std::string count_or_dash(const OptionalCount& count) { return count ? human_count(*count) : "-"; }

std::string text_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string node_table(const ClusterInfo& info) {
  const bool has_zones = std::any_of(info.nodes.begin(), info.nodes.end(),
                                     [](const NodeInfo& node) { return !node.zone.empty(); });
  std::vector<Table::Column> columns = {{"NODE"},
                                        {"ADDRESS"},
                                        {"KEYS", Table::Align::kRight},
                                        {"PRIMARIES", Table::Align::kRight},
                                        {"BACKUPS", Table::Align::kRight},
                                        {"MEMORY", Table::Align::kRight},
                                        {"STATE"}};
  if (has_zones) columns.push_back({"ZONE"});
  Table table(std::move(columns));
  for (const NodeInfo& node : info.nodes) {
    std::vector<std::string> cells = {
        text_or_dash(node.name),          text_or_dash(node.address),
        count_or_dash(node.keys),         count_or_dash(node.primary_slots),
        count_or_dash(node.backup_slots), node.memory_bytes ? human_bytes(*node.memory_bytes) : "-",
        text_or_dash(node.state)};
    if (has_zones) cells.push_back(text_or_dash(node.zone));
    table.add_row(std::move(cells));
  }
  return table.text();
}

std::string copies_text(const ClusterInfo& info) {
  std::string text = count_or_dash(info.copies);
  if (info.min_copies && info.min_copies != info.copies) {
    text += fmt::format(" (at least {})", *info.min_copies);
  }
  return text;
}

}  // namespace

std::string info_text(const ClusterInfo& info) {
  std::string text = node_table(info);
  text += fmt::format("\ncluster {}: {}, keys {}, copies {}\n", text_or_dash(info.name),
                      human_number_of(static_cast<std::int64_t>(info.nodes.size()), "node"),
                      count_or_dash(info.keys), copies_text(info));
  text += fmt::format("slots: under-replicated {}, moving {}, lost {}\n",
                      count_or_dash(info.under_replicated_slots), count_or_dash(info.moving_slots),
                      count_or_dash(info.lost_slots));
  if (info.lost_slots.value_or(0) > 0) {
    text += "Lost slots answer -DATALOSS until: borgctl accept-loss\n";
  }
  return text;
}

std::string bar(double part, std::size_t width) {
  const double cut = std::clamp(part, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(std::floor(cut * static_cast<double>(width)));
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

std::string MovementBar::next(std::int64_t moving_slots) {
  if (moving_slots <= 0) {
    most_ = 0;
    return "";
  }
  most_ = std::max(most_, moving_slots);
  const std::int64_t moved = most_ - moving_slots;
  return fmt::format("{} {} of {} slots moved",
                     bar(static_cast<double>(moved) / static_cast<double>(most_), kBarWidth),
                     human_count(moved), human_count(most_));
}

}  // namespace borg::borgctl
