// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "placement/placement.h"
#include "placement/rendezvous.h"

/// What kPlacementVersion 1 answers. Nodes of different releases must agree: if a change makes
/// one of these fail, it needs a new version beside the old one, not new numbers here.
namespace borg::placement {
namespace {

/// FNV-1a over the ids, row by row.
std::uint64_t digest(const Assignment& assignment) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto eat = [&](std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) {
      hash = (hash ^ ((value >> (8 * byte)) & 0xff)) * 0x100000001b3;
    }
  };
  for (const Replicas& row : assignment) {
    for (const NodeId id : row) eat(id.value());
    eat(row.size());
  }
  return hash;
}

std::vector<Node> nodes(std::uint64_t first, std::uint64_t count) {
  std::vector<Node> result;
  for (std::uint64_t i = 0; i < count; ++i) result.push_back({NodeId(first + i), 100, "", ""});
  return result;
}

std::vector<Node> zoned(std::uint64_t count) {
  std::vector<Node> result = nodes(1, count);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].zone = std::string(1, static_cast<char>('a' + i % 3));
    result[i].host = "h" + std::to_string(i / 2);
    result[i].weight = static_cast<std::uint32_t>(100 + 50 * (i % 4));
  }
  return result;
}

TEST(Golden, Logarithm) {
  EXPECT_EQ(negative_log2(UINT64_MAX), 1u);
  EXPECT_EQ(negative_log2(1ULL << 63), 1ULL << 28);
  EXPECT_EQ(negative_log2(0), 64ULL << 28);
  EXPECT_EQ(negative_log2(0xb504f333f9de6484), 134217729u);
  EXPECT_EQ(negative_log2(0x123456789abcdef0), 1023754094u);
}

TEST(Golden, Draw) {
  EXPECT_EQ(draw(PartitionId(0), NodeId(1), 100).cost, 200967860225310u);
  EXPECT_EQ(draw(PartitionId(1023), NodeId(0xdeadbeef), 250).cost, 2261510463084822u);
}

TEST(Golden, Preference) {
  const auto ids = [](const std::vector<NodeId>& list) {
    std::string text;
    for (const NodeId id : list) text += std::to_string(id.value()) + " ";
    return text;
  };
  EXPECT_EQ(ids(preference(PartitionId(0), nodes(1, 6))), "5 2 1 3 4 6 ");
  EXPECT_EQ(ids(preference(PartitionId(777), nodes(1, 6))), "1 5 6 4 2 3 ");
  EXPECT_EQ(ids(preference(PartitionId(777), zoned(6))), "1 5 6 4 2 3 ");
}

TEST(Golden, Rows) {
  const Assignment three = assign(nodes(1, 3), {}, {});
  EXPECT_EQ(three[0], (Replicas{NodeId(2), NodeId(1)}));
  EXPECT_EQ(three[1], (Replicas{NodeId(1), NodeId(3)}));
  EXPECT_EQ(three[1023], (Replicas{NodeId(3), NodeId(1)}));
  const Assignment four = assign(nodes(1, 4), {}, three);
  EXPECT_EQ(four[0], (Replicas{NodeId(2), NodeId(1)}));
  EXPECT_EQ(four[1023], (Replicas{NodeId(3), NodeId(1)}));
}

TEST(Golden, FreshAssignments) {
  EXPECT_EQ(digest(assign({}, {}, {})), 13389487554061181733u);
  EXPECT_EQ(digest(assign(nodes(1, 1), {}, {})), 16542816270746034981u);
  EXPECT_EQ(digest(assign(nodes(1, 2), {}, {})), 6773222289821820325u);
  EXPECT_EQ(digest(assign(nodes(1, 3), {}, {})), 1200854204076465479u);
  EXPECT_EQ(digest(assign(nodes(1, 8), {3, 0}, {})), 12130134813929818725u);
  EXPECT_EQ(digest(assign(nodes(1, 20), {}, {})), 14920663983833053991u);
  EXPECT_EQ(digest(assign(zoned(7), {}, {})), 4425551239918418787u);
  EXPECT_EQ(digest(assign(zoned(7), {4, 0}, {})), 12122910759211142496u);
  EXPECT_EQ(digest(assign(zoned(30), {2, 5}, {})), 9297101635063507353u);
}

TEST(Golden, AHistory) {
  Assignment assignment;
  std::vector<std::uint64_t> digests;
  const auto step = [&](const std::vector<Node>& members, const Options& options) {
    assignment = assign(members, options, assignment);
    digests.push_back(digest(assignment));
  };
  step(nodes(1, 1), {});
  step(nodes(1, 3), {});
  step(nodes(1, 12), {});
  step(nodes(3, 10), {});
  step(nodes(5, 10), {});
  step(nodes(5, 10), {3, 0});
  step(zoned(9), {2, 0});
  step(zoned(4), {2, 0});
  EXPECT_EQ(digests, (std::vector<std::uint64_t>{16542816270746034981u, 2632851138890529927u,
                                                 15374917343844748365u, 13128158862313978478u,
                                                 12868852226081289101u, 7498535883458832449u,
                                                 15639957737174435872u, 18394310262000661539u}));
}

}  // namespace
}  // namespace borg::placement
