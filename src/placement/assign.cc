// SPDX-License-Identifier: Apache-2.0
#include "placement/chooser.h"
#include "placement/copies.h"
#include "placement/layout.h"
#include "placement/placement.h"

namespace borg::placement {
namespace {

/// Keeping the primary is free. Two replicas with the data changing places is better than one
/// that must sync first.
std::vector<Candidates> primary_candidates(const Layout& layout, const Previous& previous) {
  std::vector<Candidates> candidates(kPartitionCount);
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    const bool any_survives = !previous.holders[p].empty();
    for (const Index node : layout.holders(p)) {
      std::int8_t cost = 0;
      if (any_survives && node != previous.primary[p]) {
        cost = layout.was_holder(p, node) ? 2 : 10;
      }
      candidates[p].add(node, cost);
    }
  }
  return candidates;
}

Replicas row(const Topology& topology, const Holders& holders, Index primary) {
  Replicas replicas;
  replicas.push_back(topology.nodes[primary].id);
  for (const Index node : holders) {
    if (node != primary) replicas.push_back(topology.nodes[node].id);
  }
  return replicas;
}

}  // namespace

Assignment assign(const std::vector<Node>& nodes, const Options& options,
                  const Assignment& previous) {
  const Topology topology(nodes, options);
  if (topology.copies == 0) return Assignment(kPartitionCount);
  const Quotas quota = quotas(topology);
  const Previous before(topology, previous);
  Layout layout(topology, quota, before);
  settle_copies(layout);
  const std::vector<Index> primaries =
      choose_one_each(primary_candidates(layout, before), quota.primaries);
  Assignment assignment;
  assignment.reserve(kPartitionCount);
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    assignment.push_back(row(topology, layout.holders(p), primaries[p]));
  }
  return assignment;
}

}  // namespace borg::placement
