// SPDX-License-Identifier: Apache-2.0
#include "membership/departure.h"

#include <algorithm>

#include "base/planted_bug.h"

namespace borg::membership {
namespace {

using coordination::Member;
using coordination::MemberState;
using coordination::Order;

/// It was told to go as long as the others suffice.
bool goes_if_spared(const Member& m) {
  const bool is_going = m.state == MemberState::kDraining || m.state == MemberState::kLeaving;
  return is_going && (m.order == Order::kDrain || m.order == Order::kLeave);
}

std::size_t least_active(const ClusterView& view) {
  return view.settings ? view.settings->min_copies : 1;
}

/// The others do not suffice: whoever goes only if spared is not.
bool are_too_few(const ClusterView& view) { return view.active_members() < least_active(view); }

bool could_hold(const MemberRecord& record) {
  const Member& m = record.member;
  switch (m.state) {
    case MemberState::kActive:
      return true;
    case MemberState::kDraining:
      return !is_planted(PlantedBug::kForgetTheDrained);
    case MemberState::kLeaving:
      return goes_if_spared(m);  // closing, too: it reopens, or it is gone in a moment
    case MemberState::kDown:
      // Given up as silent: while its session lives it may be back and take the data.
      return record.has_session && !goes_in_any_case(m.order);
  }
  return false;
}

}  // namespace

std::vector<NodeId> takers(const ClusterView& view) {
  std::vector<NodeId> result;
  const auto add = [&](const auto& is_one) {
    for (const MemberRecord& record : view.members) {
      if (is_one(record.member)) result.push_back(record.member.id);
    }
  };
  add([](const Member& m) { return m.state == MemberState::kActive; });
  if (are_too_few(view)) {
    add([](const Member& m) { return goes_if_spared(m) && !m.is_closing; });
  }
  if (result.empty()) {
    add([](const Member& m) {
      return m.state == MemberState::kDraining && m.order == Order::kDrainForced;
    });
  }
  std::sort(result.begin(), result.end());
  return result;
}

bool another_could_hold(const ClusterView& view, NodeId but) {
  return std::any_of(view.members.begin(), view.members.end(), [&](const MemberRecord& record) {
    return record.member.id != but && could_hold(record);
  });
}

std::size_t members_missing(const ClusterView& view, NodeId node) {
  const MemberRecord* const record = view.member(node);
  const bool is_going = record != nullptr && (record->member.state == MemberState::kDraining ||
                                              record->member.state == MemberState::kLeaving);
  if (!is_going) return 0;
  if (goes_if_spared(record->member) && are_too_few(view)) {
    return least_active(view) - view.active_members();
  }
  // Where nobody is active a drain that was forced is over; and what may come back is waited for.
  const std::vector<NodeId> taking = takers(view);
  const bool takes_itself = std::find(taking.begin(), taking.end(), node) != taking.end();
  const bool nobody_takes = taking.empty() && another_could_hold(view, node);
  return takes_itself || nobody_takes ? 1 : 0;
}

bool is_ending(const ClusterView& view) {
  return view.ending_modified != Revision() &&
         std::any_of(view.members.begin(), view.members.end(), [](const MemberRecord& record) {
           return record.member.state == MemberState::kLeaving && record.has_session;
         });
}

DepartureStep next_step(const ClusterView& view, NodeId self, bool told_by_signal) {
  const MemberRecord& record = *view.member(self);
  const Member& m = record.member;
  const bool is_ending = view.ending_modified != Revision();
  if (told_by_signal && (m.order != Order::kLeaveBySignal || m.state != MemberState::kLeaving)) {
    return DepartureStep::kObey;
  }
  if (m.state == MemberState::kDown) return DepartureStep::kNone;
  if (m.state != MemberState::kLeaving) {
    return is_ending ? DepartureStep::kCallOffEnd : DepartureStep::kNone;
  }
  if (!another_could_hold(view, self)) {
    if (!goes_in_any_case(m.order)) {
      if (is_ending) return DepartureStep::kCallOffEnd;
      return m.is_closing ? DepartureStep::kReopen : DepartureStep::kStayAsLast;
    }
    const bool is_said = is_ending || is_planted(PlantedBug::kEndUnannounced);
    return is_said ? DepartureStep::kEnd : DepartureStep::kAnnounceEnd;
  }
  if (is_ending) return DepartureStep::kCallOffEnd;
  if (goes_if_spared(m) && are_too_few(view)) {
    return m.is_closing ? DepartureStep::kReopen : DepartureStep::kWait;
  }
  if (!view.holds_nothing(self)) {
    return m.is_closing ? DepartureStep::kReopen : DepartureStep::kHandOver;
  }
  return m.is_closing || is_planted(PlantedBug::kLeaveWithAStaleView) ? DepartureStep::kGoodbye
                                                                      : DepartureStep::kClose;
}

}  // namespace borg::membership
