// SPDX-License-Identifier: Apache-2.0
#include "node/memory_watch.h"

#include <algorithm>
#include <utility>

#include "base/memory_reserve.h"
#include "node/memory_need.h"

namespace borg::node {

using membership::ClusterView;
using membership::MemberRecord;
using wire::MemoryLevel;

namespace {

/// How long after a node was short of memory no copy moves to it that nobody lacks.
constexpr Duration kMovesAfter = Duration::seconds(5);

std::string names(const ClusterView& view, const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) {
    const MemberRecord* const record = view.member(node);
    if (record != nullptr) text += (text.empty() ? "" : ", ") + record->member.name;
  }
  return text;
}

}  // namespace

Episode::News Episode::note(bool holds, Instant now) {
  if (holds) {
    held_last_ = now;
    return std::exchange(on_, true) ? News::kNone : News::kBegins;
  }
  if (!on_ || now - held_last_ < kOverAfter) return News::kNone;
  on_ = false;
  return News::kEnds;
}

bool MemoryWatch::hear(NodeId node, const wire::MemoryState& state, Instant now) {
  const auto at = others_.find(node);
  if (at == others_.end() && state == wire::MemoryState()) return false;
  Other& other = others_[node];
  if (state.level != MemoryLevel::kRoom) other.short_last = now;
  if (other.state.version > state.version || other.state == state) return false;
  other.state = state;
  return true;
}

MemoryLevel MemoryWatch::level_of(NodeId node) const {
  const auto at = others_.find(node);
  return at == others_.end() ? MemoryLevel::kRoom : at->second.state.level;
}

bool MemoryWatch::has_place(NodeId node, Instant now) const {
  const auto at = others_.find(node);
  return at == others_.end() || now - at->second.short_last >= kMovesAfter;
}

std::size_t MemoryWatch::count_waiting(const ClusterView& view, NodeId self,
                                       std::size_t copies) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(view.partitions, [&](const PartitionConfig& c) {
        return c.primary() == self && c.in_sync.size() < copies &&
               std::any_of(c.syncing.begin(), c.syncing.end(),
                           [&](NodeId node) { return level_of(node) == MemoryLevel::kClosed; });
      }));
}

std::string MemoryWatch::use_text() const {
  if (is_memory_refused()) {
    return "the system refuses this process more; " + megabytes(node_->used()) + " in use";
  }
  return megabytes(node_->used()) + " of " + megabytes(node_->limit());
}

std::vector<MemoryWatch::Warning> MemoryWatch::look(const ClusterView& view, NodeId self,
                                                    std::size_t copies, Instant now) {
  std::vector<Warning> warnings;
  const auto say = [&](Episode& episode, bool holds, const std::string& begins,
                       const std::string& ends) {
    const Episode::News news = episode.note(holds, now);
    if (news == Episode::News::kNone) return;
    const bool is_over = news == Episode::News::kEnds;
    warnings.push_back({.is_over = is_over, .text = is_over ? ends : begins});
  };
  const std::uint64_t limit = node_->limit();
  const bool is_full = node_->state().level != MemoryLevel::kRoom;
  say(full_, is_full,
      "memory is full (" + use_text() +
          "): writes that need memory get -OOM wherever this node would hold them",
      "memory is not full any more (" + use_text() + ")");

  waiting_ = count_waiting(view, self, copies);
  std::vector<NodeId> closed;
  for (const auto& [node, other] : others_) {
    if (other.state.level == MemoryLevel::kClosed) closed.push_back(node);
  }
  say(lacking_, waiting_ > 0,
      std::to_string(waiting_) +
          " partitions are under-replicated because of memory: their copy "
          "waits until " +
          names(view, closed) +
          " has some; until then they refuse writes that need "
          "memory, and a second death may lose them",
      "no partition waits for memory any more");

  const std::size_t nodes = view.active_members();
  const bool can_repair = nodes > copies && limit > 0;
  // What the dead node held comes on top, in equal parts. A little less ends the warning.
  const std::uint64_t whole = can_repair ? limit / nodes * (nodes - 1) : 0;
  const std::uint64_t most = at_risk_.is_on() ? whole - whole / 50 : whole;
  // With too few nodes to repair anything there is nothing to warn of anew, and no all-clear
  // either.
  const bool was_at_risk = at_risk_.is_on() && limit > 0;
  would_exceed_ = can_repair ? node_->used() > most : was_at_risk;
  say(at_risk_, would_exceed_,
      "memory is too small for another death (" + use_text() + " in use, " + std::to_string(nodes) +
          " nodes): what a dead node holds would not fit within the limits "
          "of the others; add memory or nodes",
      "memory would do for another death (" + use_text() + ")");
  return warnings;
}

Stats MemoryWatch::stats() const {
  Stats stats;
  stats.memory_limit_bytes = node_->limit();
  stats.memory_level = static_cast<std::uint64_t>(node_->state().level);
  stats.death_exceeds_memory = would_exceed_ ? 1 : 0;
  stats.partitions_without_memory = waiting_;
  return stats;
}

}  // namespace borg::node
