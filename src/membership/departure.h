// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "membership/cluster_view.h"

namespace borg::membership {

// Who may be given data and who may go: functions of what the coordinator holds, so that nodes
// with the same view agree. docs/consistency.md, "Leaving without losing", has the argument.

/// The members that data is placed on, sorted by id: the active ones. Where these are fewer than
/// writes need, members come back that were told to drain or leave only as long as the others
/// suffice; and where nobody is left, those whose drain was forced.
[[nodiscard]] std::vector<NodeId> takers(const ClusterView& view);

/// Another member holds data, or will take it now or when it is back: the data need not end.
[[nodiscard]] bool another_could_hold(const ClusterView& view, NodeId but);

/// How many more members must be active until this one, which was told to drain or leave, need not
/// keep what it holds or take it back. 0: it can go, or nobody has told it to.
[[nodiscard]] std::size_t members_missing(const ClusterView& view, NodeId node);

/// Members that live are about to end the data, as each was told to go in any case.
[[nodiscard]] bool is_ending(const ClusterView& view);

/// How many members that nobody has told to go are left without this one; `is_alive` as the
/// asking node finds it.
template <class IsAlive>
[[nodiscard]] std::size_t others_staying(const ClusterView& view, NodeId but,
                                         const IsAlive& is_alive) {
  std::size_t count = 0;
  for (const MemberRecord& record : view.members) {
    const bool stays = record.member.state == coordination::MemberState::kActive;
    count += stays && record.member.id != but && is_alive(record.member.id) ? 1 : 0;
  }
  return count;
}

/// What a member does next on its way out, or back.
enum class DepartureStep : std::uint8_t {
  kNone,         ///< it stays
  kObey,         ///< its process was told by a signal: the cluster has to know
  kHandOver,     ///< it still holds something
  kWait,         ///< it is needed, as the others do not suffice to take writes
  kStayAsLast,   ///< with it the data would end, which nobody has said that it may
  kClose,        ///< it holds nothing: says that it will take nothing any more
  kReopen,       ///< it said so, and holds something nevertheless
  kGoodbye,      ///< nobody can give it anything any more: it goes
  kAnnounceEnd,  ///< with it the data ends: says so first
  kEnd,          ///< it said so and nobody has come since: it goes, and what it holds ends
  kCallOffEnd,   ///< somebody has come, or stays
};
/// `told_by_signal`: its process was. REQUIRES: the node is a member.
[[nodiscard]] DepartureStep next_step(const ClusterView& view, NodeId self, bool told_by_signal);

}  // namespace borg::membership
