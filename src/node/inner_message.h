// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "node/command_counts.h"
#include "node/node_view.h"
#include "node/settings.h"
#include "node/stats.h"
#include "replication/replica.h"

namespace borg::node {

// Between the control thread and the workers of one node. Never lost, in order.

// ---- to a worker ----

struct Park {
  PartitionId partition;
  Epoch epoch;
};
struct Unpark {
  PartitionId partition;
  Epoch epoch;
};
struct AdminReply {
  std::uint64_t token = 0;
  std::string reply;  ///< in RESP
};
struct WorkerStatsRequest {
  bool with_counts = false;  ///< of each command, too
};
/// CONFIG RESETSTAT, which itself is the first that counts again.
struct ForgetCounts {
  WorkerIndex asked_by;
};
/// The node's control thread vouches for these workers of it: they are busy, not dead.
struct WorkersBusy {
  NodeId node;
  std::vector<std::uint16_t> lanes;
};
/// Another node has memory for more, or not.
struct MemoryHeard {
  NodeId node;
  wire::MemoryState state;
};
using ToWorker =
    std::variant<std::shared_ptr<const NodeView>, Park, Unpark, AdminReply, WorkerStatsRequest,
                 std::shared_ptr<const Settings>, ForgetCounts, WorkersBusy, MemoryHeard>;

// ---- to the control thread ----

/// A command that the control thread answers (BORG INFO, BORG LEAVE, INFO …).
struct AdminRequest {
  WorkerIndex worker;
  std::uint64_t token = 0;
  std::vector<std::string> args;
  std::uint8_t resp = 2;
};
struct WorkerStats {
  WorkerIndex worker;
  Stats stats;
  std::shared_ptr<const CommandCounts> counts;  ///< null unless they were asked for
};
/// This worker has waited too long for acks of the node, or hears it again.
struct PeerStalled {
  WorkerIndex worker;
  NodeId node;
  bool stalled = false;
};
using ToControl = std::variant<replication::Report, AdminRequest, WorkerStats, PeerStalled>;

}  // namespace borg::node
