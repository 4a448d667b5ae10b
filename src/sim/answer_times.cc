// SPDX-License-Identifier: Apache-2.0
#include "sim/answer_times.h"

#include <string>

#include "sim/trace.h"

namespace borg::sim {

AnswerTimes::AnswerTimes(const SimOptions& o) {
  const bool is_gentle = o.one_at_a_time && o.nodes > o.node.settings.min_copies;
  const bool leaves_states_to_snapshots =
      o.node.sync.keys_ahead_max < replication::SyncLimits().keys_ahead_max;
  const bool lacks_memory = o.fillers > 0;
  // A large container is sent ahead in pieces, each of them when the one before was acknowledged.
  const bool has_many_pieces = o.ballast_keys > 0 && o.container_permille > 0;
  if (!is_gentle || o.long_commands > 0 || leaves_states_to_snapshots || lacks_memory ||
      has_many_pieces) {
    return;
  }
  const Duration lease = o.node.liveness.lease * (o.unequal_leases ? 3 : 1);
  const Duration bound = o.node.liveness.silence + lease + Duration::millis(1500) +
                         o.latency_max * 10 + (o.coordinator_delay_max + o.watch_delay_max) * 4;
  if (o.node.request_deadline > bound) bound_ = bound;
}

void AnswerTimes::check(Duration waited) const {
  if (!are_judged() || waited <= bound_) return;
  throw Violation(
      "one death is only a short wait",
      std::to_string(waited.as_millis()) + " ms of at most " + std::to_string(bound_.as_millis()));
}

}  // namespace borg::sim
