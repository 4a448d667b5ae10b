// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "placement/placement.h"
#include "placement/rendezvous.h"
#include "placement/topology.h"

namespace borg::placement {
namespace {

std::vector<Index> ranked(PartitionId partition, const Topology& topology) {
  std::vector<std::pair<Draw, Index>> draws;
  for (Index i = 0; i < topology.size(); ++i) {
    draws.emplace_back(draw(partition, topology.nodes[i].id, topology.nodes[i].weight), i);
  }
  std::sort(draws.begin(), draws.end());
  std::vector<Index> result;
  for (const auto& [cost, node] : draws) result.push_back(node);
  return result;
}

}  // namespace

std::vector<NodeId> preference(PartitionId partition, const std::vector<Node>& nodes) {
  const Topology topology(nodes, {});
  std::vector<NodeId> result;
  for (const Index node : ranked(partition, topology)) result.push_back(topology.nodes[node].id);
  return result;
}

NodeId substitute(PartitionId partition, const std::vector<Node>& nodes,
                  std::span<const NodeId> exclude) {
  const Topology topology(nodes, {});
  std::vector<Index> excluded;
  for (const NodeId id : exclude) {
    const Index node = topology.find(id);
    if (node != kNobody) excluded.push_back(node);
  }
  NodeId best;
  std::uint32_t best_crowding = UINT32_MAX;
  for (const Index node : ranked(partition, topology)) {
    std::uint32_t crowding = 0;
    for (const Index other : excluded) crowding += topology.crowding(node, other);
    const bool is_excluded = std::find(excluded.begin(), excluded.end(), node) != excluded.end();
    if (is_excluded || crowding >= best_crowding) continue;
    best = topology.nodes[node].id;
    best_crowding = crowding;
  }
  return best;
}

}  // namespace borg::placement
