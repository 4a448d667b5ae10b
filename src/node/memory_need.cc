// SPDX-License-Identifier: Apache-2.0
#include "node/memory_need.h"

#include <algorithm>
#include <optional>

#include "node/node_memory.h"

namespace borg::node {
namespace {

using membership::ClusterView;

/// What a partition of this holder takes on average, with what goes along when it moves.
std::uint64_t bytes_of_partition(const Stats& s) {
  const std::uint64_t held = s.primary_partitions + s.backup_partitions + s.syncing_partitions;
  return held == 0 ? 0 : (s.memory_bytes + s.record_bytes) / held;
}

/// Of the first holder that has told; 0 if none has.
std::uint64_t bytes_of_partition(const PartitionConfig& c, const std::map<NodeId, Stats>& stats) {
  for (const NodeId node : c.in_sync) {
    const auto at = stats.find(node);
    if (at != stats.end()) return bytes_of_partition(at->second);
  }
  return 0;
}

/// nullopt: as much as it likes.
std::optional<std::uint64_t> room_of(const Stats& s) {
  if (s.memory_limit_bytes == 0 && s.memory_level == 0) return std::nullopt;
  if (s.memory_limit_bytes == 0) return 0;  // the system refuses it more
  const std::uint64_t mark = NodeMemory::full_mark(s.memory_limit_bytes);
  return mark > s.memory_used_bytes() ? mark - s.memory_used_bytes() : 0;
}

/// What each member would gain; less than nothing if it would lose more.
std::map<NodeId, std::int64_t> gains(const ClusterView& view, const std::vector<NodeList>& target,
                                     const std::map<NodeId, Stats>& stats) {
  std::map<NodeId, std::int64_t> gained;
  const std::size_t count = std::min<std::size_t>(target.size(), kPartitionCount);
  for (std::size_t p = 0; p < count; ++p) {
    const PartitionConfig& c = view.partitions[p];
    if (view.is_lost(PartitionId(static_cast<std::uint16_t>(p)))) continue;
    const auto bytes = static_cast<std::int64_t>(bytes_of_partition(c, stats));
    for (const NodeId node : target[p]) gained[node] += c.in_sync.contains(node) ? 0 : bytes;
    for (const NodeId node : c.in_sync) gained[node] -= target[p].contains(node) ? 0 : bytes;
  }
  return gained;
}

}  // namespace

std::uint64_t MemoryNeed::missing_bytes() const {
  std::uint64_t sum = 0;
  for (const Receiver& each : receivers) sum += each.wanted_bytes - each.room_bytes;
  return sum;
}

MemoryNeed assess_memory_need(const ClusterView& view, const std::vector<NodeList>& target,
                              const std::map<NodeId, Stats>& stats) {
  MemoryNeed need;
  for (const auto& [node, gained] : gains(view, target, stats)) {
    const auto at = stats.find(node);
    if (gained <= 0 || at == stats.end()) continue;
    const auto room = room_of(at->second);
    const auto wanted = static_cast<std::uint64_t>(gained);
    if (room && *room < wanted) need.receivers.push_back({node, wanted, *room});
  }
  return need;
}

std::string text_of(const MemoryNeed& need, const ClusterView& view) {
  constexpr std::size_t kNamesMax = 5;
  std::string text = megabytes(need.missing_bytes()) + " are missing";
  for (std::size_t i = 0; i < std::min(need.receivers.size(), kNamesMax); ++i) {
    const MemoryNeed::Receiver& each = need.receivers[i];
    const membership::MemberRecord* const record = view.member(each.node);
    text += (i == 0 ? ": " : ", ") + (record == nullptr ? "?" : record->member.name) +
            " has room for " + megabytes(each.room_bytes) + " of " + megabytes(each.wanted_bytes);
  }
  if (need.receivers.size() > kNamesMax) {
    text += " and " + std::to_string(need.receivers.size() - kNamesMax) + " more have too little";
  }
  return text;
}

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + "." + std::to_string((bytes >> 10) % 1024 * 10 / 1024) +
         " MB";
}

}  // namespace borg::node
