// SPDX-License-Identifier: Apache-2.0
#include "placement/testing/minimum_moves.h"

#include <algorithm>
#include <cstddef>
#include <deque>

#include "base/check.h"
#include "placement/layout.h"
#include "placement/shares.h"
#include "placement/topology.h"

namespace borg::placement::testing {
namespace {

/// Minimum-cost flow by successive shortest paths: slow, and plainly right.
class FlowGraph {
 public:
  explicit FlowGraph(std::size_t vertices) : edges_of_(vertices) {}
  void add(std::size_t from, std::size_t to, int capacity, int cost) {
    edges_of_[from].push_back(edges_.size());
    edges_.push_back({to, capacity, cost});
    edges_of_[to].push_back(edges_.size());
    edges_.push_back({from, 0, -cost});
  }
  /// The cost of as much flow as there can be; `flow` says how much.
  int run(std::size_t source, std::size_t sink, int& flow) {
    int total = 0;
    flow = 0;
    while (search(source)) {
      if (distance_[sink] == kFar) break;
      for (std::size_t v = sink; v != source; v = edges_[via_[v] ^ 1].to) {
        --edges_[via_[v]].capacity;
        ++edges_[via_[v] ^ 1].capacity;
      }
      total += distance_[sink];
      ++flow;
    }
    return total;
  }

 private:
  static constexpr int kFar = 1 << 30;
  struct Edge {
    std::size_t to;
    int capacity;
    int cost;
  };
  bool search(std::size_t source) {
    distance_.assign(edges_of_.size(), kFar);
    via_.assign(edges_of_.size(), 0);
    std::vector<bool> queued(edges_of_.size());
    std::deque<std::size_t> queue{source};
    distance_[source] = 0;
    while (!queue.empty()) {
      const std::size_t v = queue.front();
      queue.pop_front();
      queued[v] = false;
      for (const std::size_t e : edges_of_[v]) {
        const Edge& edge = edges_[e];
        if (edge.capacity == 0 || distance_[v] + edge.cost >= distance_[edge.to]) continue;
        distance_[edge.to] = distance_[v] + edge.cost;
        via_[edge.to] = e;
        if (!queued[edge.to]) queue.push_back(edge.to);
        queued[edge.to] = true;
      }
    }
    return true;
  }
  std::vector<std::vector<std::size_t>> edges_of_;
  std::vector<Edge> edges_;
  std::vector<int> distance_;
  std::vector<std::size_t> via_;
};

}  // namespace

std::uint32_t minimum_moves(const std::vector<Node>& nodes, const Options& options,
                            const Assignment& previous) {
  const Topology topology(nodes, options);
  BORG_CHECK(topology.crowding_min == 0);
  const Quotas quota = quotas(topology);
  const Previous before(topology, previous);
  const std::size_t n = topology.size();
  const std::size_t zones = 1u + *std::max_element(topology.zone.begin(), topology.zone.end());
  const std::size_t source = 0;
  const std::size_t sink = 1;
  const auto zone_vertex = [&](std::size_t p, std::size_t z) {
    return 2 + n + kPartitionCount + p * zones + z;
  };
  FlowGraph graph(2 + n + kPartitionCount * (1 + zones));
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    graph.add(source, 2 + n + p, static_cast<int>(topology.copies), 0);
    for (std::size_t z = 0; z < zones; ++z) graph.add(2 + n + p, zone_vertex(p, z), 1, 0);
    for (Index i = 0; i < n; ++i) {
      graph.add(zone_vertex(p, topology.zone[i]), 2 + i, 1, before.holders[p].contains(i) ? 0 : 1);
    }
  }
  constexpr int kBonus = 10'000;  // for each node that has what it must have at least
  std::uint32_t low_sum = 0;
  for (Index i = 0; i < n; ++i) {
    const Quota& q = quota.copies[i];
    low_sum += q.low;
    graph.add(2 + i, sink, static_cast<int>(q.low), -kBonus);
    graph.add(2 + i, sink, static_cast<int>(q.high - q.low), 0);
  }
  int flow = 0;
  const int cost = graph.run(source, sink, flow);
  BORG_CHECK(flow == static_cast<int>(kPartitionCount * topology.copies));
  return static_cast<std::uint32_t>(cost + static_cast<int>(low_sum) * kBonus);
}

}  // namespace borg::placement::testing
