// SPDX-License-Identifier: Apache-2.0
#include "placement/testing/minimum_moves.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "placement/placement.h"

namespace borg::placement {
namespace {

std::vector<Node> random_nodes(Random& random, std::size_t count, bool zones, bool weights) {
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < count; ++i) {
    Node node;
    node.id = NodeId(random.next());
    if (weights) node.weight = static_cast<std::uint32_t>(random.between(50, 300));
    if (zones) node.zone = std::string(1, static_cast<char>('a' + i % 3));
    nodes.push_back(node);
  }
  return nodes;
}

/// One random change of a random cluster, against the exact minimum.
void check_change(std::uint64_t seed) {
  Random random(seed);
  const bool zones = random.chance(1, 2);
  const bool weights = random.chance(1, 2);
  const Options options{2, random.chance(1, 3) ? 4u : 0u};
  std::vector<Node> nodes = random_nodes(random, 4 + random.below(5), zones, weights);
  const Assignment before = assign(nodes, options, {});
  const std::uint64_t kind = random.below(3);
  if (kind != 0) nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random.below(3)));
  if (kind != 1) nodes.push_back(random_nodes(random, 1, zones, weights).front());
  const Assignment after = assign(nodes, options, before);
  const std::uint32_t moved = stats(nodes, options, before, after).moved;
  const std::uint32_t minimum = testing::minimum_moves(nodes, options, before);
  EXPECT_GE(moved, minimum) << "seed " << seed;
  EXPECT_LE(moved * 100, minimum * 102) << "seed " << seed;
  EXPECT_GE(minimum, stats(nodes, options, before, after).moved_min) << "seed " << seed;
}

TEST(MinimumMoves, NoChangeMovesTwoPercentMoreThanTheExactMinimum) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) check_change(seed);
}

}  // namespace
}  // namespace borg::placement
