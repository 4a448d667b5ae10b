// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "base/ids.h"
#include "base/time.h"
#include "membership/liveness.h"

namespace borg::membership {

/// Whether a node that finds another one silent may act on it: drop it from the in-sync replicas,
/// take over from it, or propose that it is down.
///
/// Silence between two nodes does not say which of them is at fault. If the one that is acts, it
/// leaves itself as the only holder of what others should serve, out of their reach, and its death
/// then loses what a healthy node held as well. So the others decide, by what they report in their
/// heartbeats:
///   1. at least half of the others must be reached by the node, and lately without a late answer
///      or a gap either way: who hears badly finds one after the other silent;
///   2. they must not have more trouble with the node than with the suspect;
///   3. if that is equal (and where there are no others), a node that hears the suspect steadily
///      and is told by it that it is not heard itself may not act: what it sends gets lost;
///   4. if that is equal, and there are others, the silence must last for twice as long: a link
///      that is late now and then is no reason to be alone with the data.
/// Both sides go by the same reports, so one of a pair may act unless half of the others are out
/// of reach of both. If both may, compare-and-set decides.
/// `others`: the members whose word counts, without the two.
[[nodiscard]] bool may_judge(const Liveness& liveness, NodeId self, NodeId suspect,
                             std::span<const NodeId> others, Instant now);

/// Rule 1 alone, of all others.
[[nodiscard]] bool is_well_connected(const Liveness& liveness, NodeId self,
                                     std::span<const NodeId> others, Instant now);

}  // namespace borg::membership
