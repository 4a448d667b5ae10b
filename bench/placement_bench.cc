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
#include "placement/testing/minimum_moves.h"

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

// ---- what changes of membership move, against the least possible ----

/// A change of some cluster: what it moves is summed over several of them.
struct Change {
  std::string name;
  std::function<Nodes(std::size_t count, Random& random)> before;
  std::function<void(Nodes& nodes, Random& random)> apply;
};

Node new_node(Random& random) { return {NodeId(random.next()), 100, "", ""}; }

Nodes plain(std::size_t count, Random& random) {
  Nodes nodes;
  while (nodes.size() < count) nodes.push_back(new_node(random));
  return nodes;
}

Nodes weighted(std::size_t count, Random& random) {
  Nodes nodes = plain(count, random);
  for (Node& node : nodes) node.weight = 50 * static_cast<std::uint32_t>(1 + random.below(6));
  return nodes;
}

Nodes zoned(std::size_t count, Random& random) {
  Nodes nodes = plain(count, random);
  for (std::size_t i = 0; i < count; ++i) nodes[i].zone = std::string(1, "abc"[i % 3]);
  return nodes;
}

void remove_some(Nodes& nodes, Random& random, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random.below(nodes.size())));
  }
}

std::vector<Change> changes() {
  const auto join = [](Nodes& nodes, Random& random) { nodes.push_back(new_node(random)); };
  const auto leave = [](Nodes& nodes, Random& random) { remove_some(nodes, random, 1); };
  const auto join_in_zone = [](Nodes& nodes, Random& random) {
    nodes.push_back(new_node(random));
    nodes.back().zone = std::string(1, 'a');
  };
  return {
      {"a join", plain, join},
      {"a leave or a death", plain, leave},
      {"a node replaced", plain,
       [](Nodes& nodes, Random& random) { nodes[random.below(nodes.size())] = new_node(random); }},
      {"three join at once", plain,
       [=](Nodes& nodes, Random& random) {
         for (int i = 0; i < 3; ++i) join(nodes, random);
       }},
      {"two die at once", plain,
       [](Nodes& nodes, Random& random) { remove_some(nodes, random, 2); }},
      {"weights of 50 to 300: a join", weighted, join},
      {"weights of 50 to 300: a leave", weighted, leave},
      {"a weight is doubled", plain, [](Nodes& nodes, Random&) { nodes[0].weight *= 2; }},
      {"three zones: a join", zoned, join_in_zone},
      {"three zones: a leave", zoned, leave},
  };
}

void print_change(const Change& change) {
  fmt::print("| {} |", change.name);
  for (const std::size_t count : {4u, 10u, 30u, 100u}) {
    std::uint32_t moved = 0;
    std::uint32_t least = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Random random(seed);
      Nodes nodes = change.before(count, random);
      const Assignment old = assign(nodes, {}, {});
      change.apply(nodes, random);
      const Stats s = stats(nodes, {}, old, assign(nodes, {}, old));
      moved += s.moved;
      // The bound is exact where it is reached.
      least += s.moved == s.moved_min ? s.moved : testing::minimum_moves(nodes, {}, old);
    }
    fmt::print(" {} / {} = {:.3f} |", moved, least, static_cast<double>(moved) / least);
  }
  fmt::print("\n");
}

void print_changes() {
  fmt::print(
      "\n| copies moved / the least possible | 4 nodes | 10 | 30 | 100 |\n"
      "|---|--:|--:|--:|--:|\n");
  for (const Change& change : changes()) print_change(change);
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
  for (const std::size_t count : {300u, 1000u}) print_row("Borg", count, by_borg);
  print_changes();
}
