// SPDX-License-Identifier: Apache-2.0
// For how long a gateway waits for answers: longer where they are known to come late.
#include <algorithm>

#include "base/probe.h"
#include "node/gateway.h"

namespace borg::node {

/// A worker that must execute it, or acknowledge it, is busy.
bool Gateway::is_held_up(const Pending& pending) const {
  const auto is_busy = [&](NodeId node) {
    return host_.is_busy(host_.holder(node, pending.partition));
  };
  if (pending.any_replica) return is_busy(host_.self().node);
  const PartitionConfig& config = host_.config(pending.partition);
  return std::any_of(config.in_sync.begin(), config.in_sync.end(), is_busy) ||
         std::any_of(config.syncing.begin(), config.syncing.end(), is_busy);
}

/// True if nothing speaks for the request's being lost, whatever time it took. Who is not busy any
/// more, or hangs and is replaced, has a whole deadline's time for what came meanwhile.
bool Gateway::wait_on(Pending& pending) {
  const Instant now = host_.now().instant;
  if (now >= pending.gives_up_at || !is_held_up(pending)) return false;
  reached<"a request waits on for a busy worker">();
  pending.deadline = std::min(pending.gives_up_at, now + options_.request_deadline);
  pending.is_extended = true;
  return true;
}

/// At every tick: whoever begins to hang was busy shortly before.
void Gateway::wait_on_all() {
  for (std::uint64_t seq = base_; seq < next_seq_; ++seq) {
    if (Pending* const pending = find(seq)) wait_on(*pending);
  }
}

/// What it asked before may not have left yet.
void Gateway::stood_still(Duration span) {
  const auto extend = [span](Pending& pending) {
    pending.deadline =
        std::max(pending.deadline, std::min(pending.deadline + span, pending.gives_up_at));
  };
  for (std::uint64_t seq = base_; seq < next_seq_; ++seq) {
    if (Pending* const pending = find(seq)) extend(*pending);
  }
  for (auto& [seq, blocking] : blocking_) {
    extend(blocking);
    wake_at(blocking);
  }
}

}  // namespace borg::node
