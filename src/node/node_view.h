// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>

#include "base/ids.h"
#include "base/time.h"
#include "membership/cluster_view.h"
#include "membership/liveness.h"
#include "membership/wall_clocks.h"
#include "node/node_memory.h"

namespace borg::node {

using PartitionFlags = std::array<std::atomic<bool>, kPartitionCount>;

/// What the control thread gives to the workers: the cluster, and what this node has been
/// promised. Immutable but for the leases' ends, the time, and what is said to be one for all
/// views.
struct NodeView {
  std::shared_ptr<const membership::ClusterView> cluster;
  std::size_t live_nodes = 1;
  std::map<NodeId, std::shared_ptr<const membership::PeerLease>> leases;
  /// Until when nobody can have replaced this node where it is the only in-sync replica.
  std::shared_ptr<const membership::PeerLease> sole;
  /// This node has said goodbye for good, or may have: it serves nothing, whatever it was promised.
  /// One for all views of a node, so that it holds before the workers have taken a new one.
  std::shared_ptr<const std::atomic<bool>> has_ended =
      std::make_shared<const std::atomic<bool>>(false);
  /// This node has asked to be the only in-sync replica of these, of which it is the primary, and
  /// may be without the worker's having heard: the leases of those before are not enough. One for
  /// all views of a node. Null: of none.
  std::shared_ptr<const PartitionFlags> asked_alone;
  /// What all workers of this node hold; null: each counts by itself.
  std::shared_ptr<NodeMemory> memory;
  /// What the cluster takes the wall clock to be: this node's own may be wrong. Null: not known.
  std::shared_ptr<const membership::BelievedWall> wall;

  /// The same moment, by the wall clock that is believed.
  [[nodiscard]] Now believed(Now now) const {
    if (wall != nullptr) now.wall = wall->at(now.instant).value_or(now.wall);
    return now;
  }
  /// Nodes that must hold a write before it is acknowledged.
  [[nodiscard]] std::size_t copies_required() const {
    if (!cluster->settings) return 1;
    const std::size_t wanted = cluster->settings->copies;
    const std::size_t least = cluster->settings->min_copies;
    return std::max(least, std::min(wanted, live_nodes));
  }
  [[nodiscard]] bool too_few_nodes() const {
    return !cluster->settings || live_nodes < cluster->settings->min_copies;
  }
};

}  // namespace borg::node
