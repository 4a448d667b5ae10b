// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "membership/liveness.h"
#include "wire/messages.h"

namespace borg::node {

/// Which workers, of this node and others, execute something long: who waits for one of them
/// waits on, and does not take it for dead. Their control threads vouch for them.
///
/// Runs: on the worker that wants to know.
class BusyWorkers {
 public:
  /// The control thread of its node has said so now; it counts until `until`.
  void note(const wire::Endpoint& worker, Instant until) { until_[worker] = until; }
  [[nodiscard]] bool contains(const wire::Endpoint& worker, Instant now) const {
    const auto at = until_.find(worker);
    return at != until_.end() && now < at->second;
  }
  void forget_old(Instant now) {
    std::erase_if(until_, [&](const auto& entry) { return entry.second <= now; });
  }
  [[nodiscard]] bool empty() const { return until_.empty(); }

 private:
  std::map<wire::Endpoint, Instant> until_;
};

/// What a control thread sees of the workers of its own node: since when each is in its turn.
///
/// A turn is short, but for a command that takes long (docs/architecture.md, "Long commands"). For
/// a worker that is busy with one the control thread vouches, up to busy_max. One that is busy for
/// longer hangs, and then the node must not seem alive: what the worker holds is for others to
/// serve.
/// Runs: on the control thread.
class OwnTurns {
 public:
  /// Nothing: the worker waits for something to do.
  void note(WorkerIndex worker, std::optional<Instant> in_turn_since);
  /// Those that others should know of.
  [[nodiscard]] std::vector<std::uint16_t> busy(const membership::LivenessOptions& options,
                                                Instant now) const;
  [[nodiscard]] std::optional<WorkerIndex> hung(const membership::LivenessOptions& options,
                                                Instant now) const;

 private:
  std::map<WorkerIndex, Instant> since_;
};

}  // namespace borg::node
