// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "placement/placement.h"

namespace borg::placement {
namespace {

const std::vector<Node> kNodes = {{NodeId(1), 100, "x", "h1"},
                                  {NodeId(2), 100, "x", "h2"},
                                  {NodeId(3), 100, "y", "h3"},
                                  {NodeId(4), 0, "y", "h4"}};

TEST(Preference, HasEachNodeOfPositiveWeightOnce) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    std::vector<NodeId> ids = preference(PartitionId(p), kNodes);
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, (std::vector<NodeId>{NodeId(1), NodeId(2), NodeId(3)}));
  }
}

TEST(Preference, FollowsTheWeights) {
  const std::vector<Node> nodes = {{NodeId(1), 100, "", ""}, {NodeId(2), 300, "", ""}};
  int first = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    first += preference(PartitionId(p), nodes).front() == NodeId(2) ? 1 : 0;
  }
  EXPECT_NEAR(first, 768, 50);
}

TEST(Preference, OfTheOthersDoesNotChangeWhenOneIsGone) {
  std::vector<Node> fewer = {kNodes[0], kNodes[2]};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    std::vector<NodeId> ids = preference(PartitionId(p), kNodes);
    std::erase(ids, NodeId(2));
    EXPECT_EQ(preference(PartitionId(p), fewer), ids);
  }
}

TEST(Substitute, IsTheMostPreferredThatIsLeft) {
  std::vector<Node> nodes = kNodes;
  for (Node& node : nodes) node.zone = node.host = "";
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionId partition(p);
    const std::vector<NodeId> ids = preference(partition, nodes);
    EXPECT_EQ(substitute(partition, nodes, {}), ids[0]);
    EXPECT_EQ(substitute(partition, nodes, std::vector{ids[0]}), ids[1]);
    EXPECT_EQ(substitute(partition, nodes, std::vector{ids[0], ids[2]}), ids[1]);
    EXPECT_EQ(substitute(partition, nodes, ids), NodeId(0));
  }
}

TEST(Substitute, IsInAnotherZoneWhereThereIsOne) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionId partition(p);
    EXPECT_EQ(substitute(partition, kNodes, std::vector{NodeId(1)}), NodeId(3));
    EXPECT_EQ(substitute(partition, kNodes, std::vector{NodeId(1), NodeId(3)}), NodeId(2));
    EXPECT_EQ(substitute(partition, kNodes, std::vector{NodeId(1), NodeId(99)}), NodeId(3));
  }
}

TEST(Substitute, IsOnAnotherHostWhereThereIsOne) {
  const std::vector<Node> nodes = {
      {NodeId(1), 100, "", "h1"}, {NodeId(2), 100, "", "h1"}, {NodeId(3), 100, "", "h2"}};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    EXPECT_EQ(substitute(PartitionId(p), nodes, std::vector{NodeId(1)}), NodeId(3));
  }
}

}  // namespace
}  // namespace borg::placement
