// SPDX-License-Identifier: Apache-2.0
// What a node that was told to go says in its log, now and then, for as long as it still holds
// something: a signal has no answer that could.
#include <utility>

#include "membership/departure.h"
#include "node/control.h"

namespace borg::node {

using coordination::MemberState;
using membership::MemberRecord;

namespace {

/// What can go at once has gone by then.
constexpr Duration kFirstNews = Duration::seconds(1);
constexpr Duration kNextNews = Duration::seconds(30);

std::size_t slots_held(const membership::ClusterView& view, NodeId node) {
  std::size_t slots = 0;
  for (const PartitionConfig& c : view.partitions) {
    slots += c.in_sync.contains(node) ? kSlotsPerPartition : 0;
  }
  return slots;
}

}  // namespace

void ControlCore::follow_departure() {
  const MemberRecord* const record = cluster().member(self_);
  const bool is_going = record != nullptr && (record->member.state == MemberState::kLeaving ||
                                              record->member.state == MemberState::kDraining);
  if (!is_going || cluster().holds_nothing(self_)) return departure_news_at_.reset();
  if (!departure_news_at_) {
    departure_news_at_ = now_.instant + kFirstNews;
    departure_is_new_ = true;
  }
  if (now_.instant < *departure_news_at_) return;
  departure_news_at_ = now_.instant + kNextNews;
  ask({}, Question::Kind::kDepartureNews);
}

/// The first time only if something is lacking.
void ControlCore::say_departure_news(const std::map<NodeId, Stats>& stats) {
  const bool is_new = std::exchange(departure_is_new_, false);
  const MemberRecord* const record = cluster().member(self_);
  if (record == nullptr || !departure_news_at_ || stage_ == Stage::kGone) return;
  const std::size_t members = membership::members_missing(cluster(), self_);
  const MemoryNeed memory = memory_need_without(self_, stats);
  std::string lack;
  if (members > 0) {
    lack = ": it is needed until " + std::to_string(members) +
           (members == 1 ? " more member takes writes" : " more members take writes");
  } else if (memory.missing_bytes() > 0) {
    lack = ": the others have no memory for them, " + text_of(memory, cluster()) +
           "; add a node, raise maxmemory with CONFIG SET, or delete keys";
  }
  if (is_new && lack.empty()) return;
  const bool is_leaving = record->member.state == MemberState::kLeaving;
  log(lack.empty() ? LogLine::Level::kInfo : LogLine::Level::kWarning,
      std::string(is_leaving ? "leaving" : "draining") + ": this node still holds " +
          std::to_string(slots_held(cluster(), self_)) + " slots" + lack);
}

}  // namespace borg::node
