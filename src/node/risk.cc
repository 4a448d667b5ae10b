// SPDX-License-Identifier: Apache-2.0
#include "node/risk.h"

#include <set>
#include <utility>
#include <vector>

namespace borg::node {
namespace {

using Pair = std::pair<NodeId, NodeId>;

std::vector<NodeId> live_nodes(const membership::ClusterView& view) {
  std::vector<NodeId> nodes;
  for (const membership::MemberRecord& record : view.members) {
    const bool is_down = record.member.state == coordination::MemberState::kDown;
    if (!is_down) nodes.push_back(record.member.id);
  }
  return nodes;
}

std::vector<NodeId> holders(const PartitionConfig& c, const std::set<NodeId>& live) {
  std::vector<NodeId> result;
  for (const NodeId node : c.in_sync) {
    if (live.contains(node)) result.push_back(node);
  }
  return result;
}

}  // namespace

Risk assess_risk(const membership::ClusterView& view) {
  const std::vector<NodeId> nodes = live_nodes(view);
  const std::set<NodeId> live(nodes.begin(), nodes.end());
  std::set<Pair> shared;
  std::set<Pair> fatal;
  std::set<NodeId> only_holders;
  for (const PartitionConfig& c : view.partitions) {
    const std::vector<NodeId> held_by = holders(c, live);
    if (held_by.size() == 1) only_holders.insert(held_by[0]);
    for (const NodeId a : held_by) {
      for (const NodeId b : held_by) {
        if (a < b) shared.emplace(a, b);
      }
    }
    if (held_by.size() == 2) fatal.insert(std::minmax(held_by[0], held_by[1]));
  }
  for (const NodeId only : only_holders) {
    for (const NodeId other : nodes) {
      if (other != only) fatal.insert(std::minmax(only, other));
    }
  }
  Risk risk;
  risk.pairs = nodes.empty() ? 0 : nodes.size() * (nodes.size() - 1) / 2;
  risk.fatal_pairs = fatal.size();
  for (const NodeId node : nodes) risk.partners[node] = 0;
  for (const auto& [a, b] : shared) {
    ++risk.partners[a];
    ++risk.partners[b];
  }
  return risk;
}

}  // namespace borg::node
