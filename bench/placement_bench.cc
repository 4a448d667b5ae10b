// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "placement/placement.h"

/// Compares Borg's placement with the two usual ways to place two copies of 1024 partitions:
/// how even it is, how many copies a join and a leave move, and how many pairs of nodes are all
/// that holds some partition.
/// Prints the table of docs/placement.md.
namespace borg::placement {
namespace {

using Nodes = std::vector<Node>;
using Placement = std::function<Assignment(const Nodes&, const Assignment& previous)>;

constexpr int kVirtualNodes = 256;

Nodes some_nodes(std::size_t count) {
  Random random(1);
  Nodes nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back({NodeId(random.next()), 100, "", ""});
  return nodes;
}

Assignment by_borg(const Nodes& nodes, const Assignment& previous) {
  return assign(nodes, {}, previous);
}

/// The first two of each partition's order of preference.
Assignment by_rendezvous(const Nodes& nodes, const Assignment&) {
  Assignment result;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const std::vector<NodeId> order = preference(PartitionId(p), nodes);
    result.push_back({order[0], order[1]});
  }
  return result;
}

/// The first two different nodes clockwise from the partition's point.
Assignment by_ring(const Nodes& nodes, const Assignment&) {
  std::map<std::uint64_t, NodeId> ring;
  for (const Node& node : nodes) {
    Random random(node.id.value());
    for (int i = 0; i < kVirtualNodes; ++i) ring.emplace(random.next(), node.id);
  }
  Random random(2);
  Assignment result;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    Replicas row;
    auto at = ring.lower_bound(random.next());
    while (row.size() < 2) {
      if (at == ring.end()) at = ring.begin();
      if (!row.contains(at->second)) row.push_back(at->second);
      ++at;
    }
    result.push_back(row);
  }
  return result;
}

/// How many copies a change of membership moves.
std::uint32_t moved(const Nodes& before, const Nodes& after, const Placement& place) {
  const Assignment old = place(before, {});
  return stats(after, {}, old, place(after, old)).moved;
}

void print_row(const std::string& name, std::size_t count, const Placement& place) {
  const Nodes nodes = some_nodes(count);
  const Nodes more = some_nodes(count + 1);
  const auto begin = std::chrono::steady_clock::now();
  const Assignment assignment = place(nodes, {});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  const Stats s = stats(nodes, {}, {}, assignment);
  const double share = 2.0 * kPartitionCount / static_cast<double>(count);
  fmt::print("| {} | {} | {}-{} | {:+.0f} % | {}-{} | {} | {} | {:.0f} % | {:.1f} |\n", count, name,
             s.copies_min, s.copies_max, 100 * (s.copies_max / share - 1), s.primaries_min,
             s.primaries_max, moved(nodes, more, place), moved(more, nodes, place),
             s.pair_loss_permille / 10.0, took.count());
}

}  // namespace
}  // namespace borg::placement

int main() {
  using namespace borg::placement;
  fmt::print(
      "| nodes | placement | copies a node | fullest | primaries a node | join moves "
      "| leave moves | fatal pairs | ms |\n"
      "|--:|---|--:|--:|--:|--:|--:|--:|--:|\n");
  for (const std::size_t count : {3u, 5u, 10u, 20u, 50u, 100u}) {
    print_row("Borg", count, by_borg);
    print_row("rendezvous", count, by_rendezvous);
    print_row("ring, 256 points", count, by_ring);
  }
}
