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
constexpr std::size_t kBarWidthMin = 5;

std::string count_or_dash(const OptionalCount& count) { return count ? human_count(*count) : "-"; }

std::string text_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

struct NodeColumn {
  Table::Column column;
  std::string (*cell)(const NodeInfo& node);
  int rank;  ///< columns of a higher one are left out first
};

std::string memory_text(const NodeInfo& node) {
  return node.memory_bytes ? human_bytes(*node.memory_bytes) : "-";
}

/// And what keeps it from going.
std::string state_text(const NodeInfo& node) {
  const char* const lack = node.members_missing > 0        ? ", needed"
                           : node.memory_missing_bytes > 0 ? ", lacks memory"
                                                           : "";
  return text_or_dash(node.state) + lack;
}

std::vector<NodeColumn> node_columns(const ClusterInfo& info) {
  using Align = Table::Align;
  const bool has_zones = std::any_of(info.nodes.begin(), info.nodes.end(),
                                     [](const NodeInfo& node) { return !node.zone.empty(); });
  std::vector<NodeColumn> columns = {
      {{"NODE"}, [](const NodeInfo& n) { return text_or_dash(n.name); }, 0},
      {{"ADDRESS"}, [](const NodeInfo& n) { return text_or_dash(n.address); }, 6},
      {{"KEYS", Align::kRight}, [](const NodeInfo& n) { return count_or_dash(n.keys); }, 2},
      {{"PRIMARIES", Align::kRight},
       [](const NodeInfo& n) { return count_or_dash(n.primary_slots); },
       3},
      {{"BACKUPS", Align::kRight},
       [](const NodeInfo& n) { return count_or_dash(n.backup_slots); },
       4},
      {{"MEMORY", Align::kRight}, memory_text, 5},
      {{"STATE"}, state_text, 1}};
  if (has_zones) {
    columns.push_back({{"ZONE"}, [](const NodeInfo& n) { return text_or_dash(n.zone); }, 7});
  }
  return columns;
}

std::string node_table(const ClusterInfo& info, std::size_t width) {
  std::vector<NodeColumn> columns = node_columns(info);
  while (true) {
    std::vector<Table::Column> titles;
    for (const NodeColumn& c : columns) titles.push_back(c.column);
    Table table(std::move(titles));
    for (const NodeInfo& node : info.nodes) {
      std::vector<std::string> cells;
      for (const NodeColumn& c : columns) cells.push_back(c.cell(node));
      table.add_row(std::move(cells));
    }
    if (table.width() <= width || columns.size() == 1) return table.text();
    columns.erase(std::max_element(columns.begin(), columns.end(),
                                   [](const auto& a, const auto& b) { return a.rank < b.rank; }));
  }
}

std::string copies_text(const ClusterInfo& info) {
  std::string text = count_or_dash(info.copies);
  if (info.min_copies && info.min_copies != info.copies) {
    text += fmt::format(" (at least {})", *info.min_copies);
  }
  return text;
}

/// The least and the most of those active nodes that told.
struct Spread {
  OptionalCount least;
  OptionalCount most;
  void add(const OptionalCount& value) {
    if (!value) return;
    least = std::min(least.value_or(*value), *value);
    most = std::max(most.value_or(*value), *value);
  }
  [[nodiscard]] std::string text(std::string (*human)(std::int64_t)) const {
    if (!least) return "-";
    const std::string low = human(*least);
    const std::string high = human(*most);
    return low == high ? low : low + " to " + high;
  }
};

/// Slots are placed evenly; keys and bytes need not be.
std::string balance_text(const ClusterInfo& info) {
  Spread slots;
  Spread keys;
  Spread memory;
  int active = 0;
  for (const NodeInfo& node : info.nodes) {
    if (node.state != "active") continue;
    ++active;
    if (node.primary_slots && node.backup_slots) {
      slots.add(*node.primary_slots + *node.backup_slots);
    }
    keys.add(node.keys);
    memory.add(node.memory_bytes);
  }
  if (active < 2) return "";
  return fmt::format("a node holds: slots {}, keys {}, memory {}\n", slots.text(human_count),
                     keys.text(human_count), memory.text(human_bytes));
}

/// Nothing while there is enough.
std::string memory_warnings(const ClusterInfo& info) {
  std::string full;
  std::string too_small;
  std::int64_t waiting = 0;
  const auto add = [](std::string& names, const NodeInfo& node) {
    names += (names.empty() ? "" : ", ") + node.name;
    if (node.memory_used_bytes && node.memory_limit_bytes.value_or(0) > 0) {
      names += fmt::format(" ({} of {})", human_bytes(*node.memory_used_bytes),
                           human_bytes(*node.memory_limit_bytes));
    }
  };
  for (const NodeInfo& node : info.nodes) {
    if (node.is_memory_full) add(full, node);
    if (node.death_exceeds_memory) add(too_small, node);
    waiting += node.partitions_without_memory;
  }
  std::string text;
  if (waiting > 0) {
    text += fmt::format("under-replicated because of memory: {}\n",
                        human_number_of(waiting, "partition"));
  }
  if (!full.empty()) text += "memory is full, writes there answer -OOM: " + full + "\n";
  if (!too_small.empty()) text += "memory is too small for another death: " + too_small + "\n";
  return text;
}

/// Nodes that were told to go and cannot.
std::string orders_text(const ClusterInfo& info) {
  std::string text;
  for (const NodeInfo& node : info.nodes) {
    if (node.memory_missing_bytes > 0) {
      text += fmt::format("{} was told to go and waits: the others have no memory for {} of it\n",
                          text_or_dash(node.name), human_bytes(node.memory_missing_bytes));
    }
    if (node.members_missing <= 0) continue;
    text += fmt::format("{} was told to go and is needed: it keeps data until {} more {} writes\n",
                        text_or_dash(node.name), human_count(node.members_missing),
                        node.members_missing == 1 ? "node takes" : "nodes take");
  }
  return text;
}

std::string clocks_text(const ClusterInfo& info) {
  std::string text;
  for (const NodeInfo& node : info.nodes) {
    if (!node.clock_is_wrong) continue;
    const auto ahead = static_cast<double>(node.clock_ahead_ms.value_or(0)) / 1000;
    text += fmt::format("The wall clock of {} is {} {}", text_or_dash(node.name),
                        human_seconds(std::abs(ahead)), ahead < 0 ? "behind" : "ahead of");
    text += node.clock_is_disputed
                ? " the time that the cluster goes by, but no majority of clocks says which of the "
                  "two is wrong: find out, and set it right\n"
                : " the cluster's time, and is not believed: set it right\n";
  }
  return text;
}

std::string risk_text(const RiskInfo& risk) {
  if (risk.pairs <= 0) return "";
  const double chance =
      100 * static_cast<double>(risk.fatal_pairs) / static_cast<double>(risk.pairs);
  return fmt::format("two deaths at once: {:.3g} % would lose something ({} of {})\n", chance,
                     human_count(risk.fatal_pairs), human_number_of(risk.pairs, "pair"));
}

std::string seconds_of(std::int64_t milliseconds) {
  return human_seconds(static_cast<double>(milliseconds) / 1000);
}

std::string repair_text(const ClusterInfo& info) {
  if (info.repair) {
    const std::string& lack = info.repair->waits_for;
    const std::string what = lack == "nodes"    ? "waits for another node to join, for"
                             : lack == "memory" ? "waits for memory of the other nodes, for"
                                                : "running for";
    return fmt::format("repair: {} {}, of {}\n", what, seconds_of(info.repair->milliseconds),
                       human_number_of(info.repair->slots, "slot"));
  }
  if (!info.last_repair) return "";
  return fmt::format("last repair: {}, of {}\n", seconds_of(info.last_repair->milliseconds),
                     human_number_of(info.last_repair->slots, "slot"));
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string first_lines(const std::string& text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

std::string last_lines(const std::string& text, std::size_t count) {
  const std::size_t lines = count_lines(text);
  return text.substr(first_lines(text, lines - std::min(lines, count)).size());
}

std::string movement_end_text(const std::optional<RebalanceInfo>& last) {
  if (!last || last->slots == 0) return "nothing moves";
  return fmt::format("nothing moves; the last rebalance moved {} in {}",
                     human_number_of(last->slots, "slot"), seconds_of(last->milliseconds));
}

}  // namespace

std::string info_text(const ClusterInfo& info, std::size_t width) {
  std::string text = node_table(info, width);
  text += fmt::format("\ncluster {}: {}, keys {}, copies {}\n", text_or_dash(info.name),
                      human_number_of(static_cast<std::int64_t>(info.nodes.size()), "node"),
                      count_or_dash(info.keys), copies_text(info));
  text += fmt::format("slots: under-replicated {}, moving {}, lost {}\n",
                      count_or_dash(info.under_replicated_slots), count_or_dash(info.moving_slots),
                      count_or_dash(info.lost_slots));
  if (info.lost_slots.value_or(0) > 0) {
    text += "Lost slots answer -DATALOSS until: borgctl accept-loss\n";
  }
  text += orders_text(info) + clocks_text(info);
  text += balance_text(info) + memory_warnings(info);
  if (info.risk) text += risk_text(*info.risk);
  return text + repair_text(info);
}

std::string bar(double part, std::size_t width) {
  const double cut = std::clamp(part, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(std::floor(cut * static_cast<double>(width)));
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

std::string movement_text(const ClusterInfo& info, const MovementLook& look) {
  if (!info.rebalance || !info.rebalance->is_running) return movement_end_text(info.rebalance);
  const RebalanceInfo& r = *info.rebalance;
  const std::int64_t done = r.slots - r.slots_left;
  const double part = r.slots > 0 ? static_cast<double>(done) / static_cast<double>(r.slots) : 0;
  std::string text = fmt::format("{:3.0f}%  {} of {} slots", std::floor(100 * part),
                                 human_count(done), human_count(r.slots));
  if (r.bytes_left) text += fmt::format(", about {} to send", human_bytes(*r.bytes_left));
  if (look.bytes_per_second) {
    const auto rate = static_cast<std::int64_t>(*look.bytes_per_second);
    text += fmt::format(", {}/s", human_bytes(rate));
  }
  if (done > 0) {
    const double seconds = static_cast<double>(r.milliseconds) / 1000;
    text += fmt::format(", {} left", human_seconds(seconds / part * (1 - part)));
  }
  constexpr std::size_t kFrame = 3;  // the brackets, and the blank behind them
  const std::size_t room = look.width > text.size() ? look.width - text.size() : 0;
  if (room < kFrame + kBarWidthMin) return text;
  return bar(part, std::min(kBarWidth, room - kFrame)) + " " + text;
}

std::string cut_rows(const std::string& text, std::size_t rows) {
  const std::size_t lines = count_lines(text);
  if (lines <= rows) return text;
  const std::size_t end = text.find("\n\n");
  const std::string table = end == std::string::npos ? "" : text.substr(0, end + 1);
  const std::size_t table_lines = count_lines(table);
  const std::size_t others = lines - table_lines;
  // Room for the titles, a node, and the line that says what is missing.
  if (table.empty() || others + 3 > rows) return last_lines(text, rows);
  const std::size_t kept = rows - others - 1;
  return first_lines(table, kept) + fmt::format("... and {} more\n", table_lines - kept) +
         text.substr(end + 1);
}

std::string cut_lines(const std::string& text, std::size_t width) {
  std::string result;
  std::size_t column = 0;
  for (const char c : text) {
    const bool is_continuation = (c & 0xC0) == 0x80;
    if (c == '\n') column = 0;
    if (c != '\n' && !is_continuation) ++column;
    if (c == '\n' || column <= width) result += c;
  }
  return result;
}

}  // namespace borg::borgctl
