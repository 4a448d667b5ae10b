// SPDX-License-Identifier: Apache-2.0
#include "node/clock_watch.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace borg::node {

using coordination::MemberState;
using membership::MemberRecord;

void ClockWatch::tell(wire::Heartbeat& m, Now now) const {
  m.wall_ms = now.wall.ms;
  m.believed_ms = clocks_.told(now.instant).ms;
}

void ClockWatch::hear(NodeId from, const wire::Heartbeat& m, Now now) {
  clocks_.hear(from, WallTime{m.wall_ms}, WallTime{m.believed_ms}, now.instant);
}

std::vector<std::string> ClockWatch::follow(const membership::ClusterView& view, Now now) {
  std::vector<std::pair<Revision, NodeId>> by_age;
  for (const MemberRecord& record : view.members) {
    if (record.member.state == MemberState::kDown && record.member.id != self_) continue;
    by_age.emplace_back(record.joined, record.member.id);
  }
  std::sort(by_age.begin(), by_age.end());
  std::vector<NodeId> members;
  for (const auto& [joined, id] : by_age) members.push_back(id);
  if (view.member(self_) == nullptr) members.push_back(self_);
  std::vector<std::string> lines;
  for (const auto& change : clocks_.consider(members, now)) {
    const MemberRecord* const member = view.member(change.node);
    std::string line = "the wall clock of node ";
    line += member == nullptr ? coordination::to_text(change.node) : member->member.name;
    if (!change.is_wrong) {
      line += " is right again";
    } else {
      line += " is " + span_text(change.ahead) +
              (change.ahead > Duration() ? " ahead of" : " behind") +
              (change.is_disputed
                   ? " the time that the cluster goes by, but no majority of clocks says which of "
                     "the two is wrong: find out, and set it right"
                   : " the cluster's time, and is not believed: set it right");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

NodeClocks ClockWatch::clocks(const membership::ClusterView& view) const {
  NodeClocks all;
  for (const MemberRecord& record : view.members) {
    const NodeId node = record.member.id;
    if (const auto ahead = clocks_.ahead(node))
      all[node] = {*ahead, clocks_.is_wrong(node), clocks_.is_disputed(node)};
  }
  return all;
}

std::string span_text(Duration span) {
  const std::int64_t seconds = (std::abs(span.as_millis()) + 500) / 1000;
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{86400, " days"}, {3600, " hours"}, {60, " minutes"}};
  for (const Unit& unit : kUnits) {
    if (seconds >= 2 * unit.seconds) {
      return std::to_string((seconds + unit.seconds / 2) / unit.seconds) + unit.name;
    }
  }
  return std::to_string(seconds) + " s";
}

}  // namespace borg::node
