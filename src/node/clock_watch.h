// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "membership/cluster_view.h"
#include "membership/wall_clocks.h"
#include "wire/messages.h"

namespace borg::node {

struct NodeClock {
  Duration ahead;  ///< of what is believed to be the time; negative: behind
  bool is_wrong = false;
  bool is_disputed = false;  ///< if wrong: no majority of clocks says that it is this one
};
/// Those of nodes that were not heard of are not in it.
using NodeClocks = std::map<NodeId, NodeClock>;

/// Compares the wall clocks of the cluster's nodes, for a control thread, and names those that are
/// wrong.
class ClockWatch {
 public:
  explicit ClockWatch(NodeId self) : self_(self), clocks_(self) {}

  /// Adds what this node's clock shows to a heartbeat that it sends.
  void tell(wire::Heartbeat& m, Now now) const;
  void hear(NodeId from, const wire::Heartbeat& m, Now now);
  /// As a member: considers all clocks anew. Lines for the log, of what has changed.
  [[nodiscard]] std::vector<std::string> follow(const membership::ClusterView& view, Now now);

  [[nodiscard]] std::shared_ptr<const membership::BelievedWall> believed() const {
    return clocks_.shared();
  }
  [[nodiscard]] WallTime believed(Now now) const { return clocks_.believed(now); }
  [[nodiscard]] NodeClocks clocks(const membership::ClusterView& view) const;

 private:
  const NodeId self_;
  membership::WallClocks clocks_;
};

/// "3 s", "30 days": of a difference that matters, to people.
[[nodiscard]] std::string span_text(Duration span);

}  // namespace borg::node
