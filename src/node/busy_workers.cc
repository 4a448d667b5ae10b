// SPDX-License-Identifier: Apache-2.0
#include "node/busy_workers.h"

#include "base/probe.h"
#include "node/control.h"

namespace borg::node {

void OwnTurns::note(WorkerIndex worker, std::optional<Instant> in_turn_since) {
  if (in_turn_since) {
    since_[worker] = *in_turn_since;
  } else {
    since_.erase(worker);
  }
}

/// Long before others would lose patience.
std::vector<std::uint16_t> OwnTurns::busy(const membership::LivenessOptions& options,
                                          Instant now) const {
  std::vector<std::uint16_t> lanes;
  for (const auto& [worker, since] : since_) {
    if (now - since >= options.heartbeat) lanes.push_back(worker.value());
  }
  return lanes;
}

std::optional<WorkerIndex> OwnTurns::hung(const membership::LivenessOptions& options,
                                          Instant now) const {
  for (const auto& [worker, since] : since_) {
    if (now - since >= options.busy_max) return worker;
  }
  return std::nullopt;
}

/// Whoever hears no heartbeat of a node, and gets no answer to its own, does what it does when a
/// node dies or stands still: so a node says nothing while one of its workers hangs.
void ControlCore::write_heartbeat(ControlLink& link) {
  if (hung_) return;
  wire::Heartbeat m = liveness_.heartbeat(cluster().revision, now_.instant);
  m.busy = own_turns_.busy(liveness_.options(), now_.instant);
  m.memory = memory_.node()->state();
  clocks_.tell(m, now_);
  if (!m.busy.empty()) reached<"a control thread vouches for a busy worker">();
  wire::encode(link.output, m);
}

/// Who waits for a worker of this very node hears of it in the same way.
void ControlCore::look_at_own_turns() {
  const auto hung = own_turns_.hung(liveness_.options(), now_.instant);
  if (hung && !hung_) {
    reached<"a worker hangs">();
    log(LogLine::Level::kError, "worker " + std::to_string(hung->value()) +
                                    " hangs: this node says nothing until it goes on");
  } else if (!hung && hung_) {
    log(LogLine::Level::kWarning, "no worker hangs any more");
  }
  hung_ = hung;
  if (hung_) return;
  tell_busy(self_, own_turns_.busy(liveness_.options(), now_.instant));
}

void ControlCore::tell_busy(NodeId node, const std::vector<std::uint16_t>& lanes) {
  if (!lanes.empty()) effects_.workers.emplace_back(std::nullopt, WorkersBusy{node, lanes});
}

}  // namespace borg::node
