// SPDX-License-Identifier: Apache-2.0
#include "placement/shares.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace borg::placement {
namespace {

using Numbers = std::vector<std::uint64_t>;

TEST(Divide, FollowsWeightsBetweenLimits) {
  EXPECT_EQ(divide(100, {{1, 0, 100}, {3, 0, 100}}), (Numbers{25, 75}));
  EXPECT_EQ(divide(100, {{1, 0, 100}, {3, 0, 50}}), (Numbers{50, 50}));
  EXPECT_EQ(divide(100, {{1, 0, 100}, {1, 0, 100}, {8, 0, 40}}), (Numbers{30, 30, 40}));
  EXPECT_EQ(divide(100, {{1, 40, 100}, {1, 0, 100}, {8, 0, 100}}), (Numbers{40, 6, 53}));
  EXPECT_EQ(divide(10, {{1, 5, 10}, {100, 0, 5}}), (Numbers{5, 5}));
  EXPECT_EQ(divide(0, {}), Numbers{});
}

std::string shares(const std::vector<Node>& nodes, std::uint8_t copies) {
  const Quotas quota = quotas(Topology(nodes, {copies, 0}));
  std::string text;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto shown = [](const Quota& q) {
      return std::to_string(q.low) + (q.high > q.low ? "+" : "");
    };
    text += shown(quota.copies[i]) + "/" + shown(quota.primaries[i]) + " ";
  }
  return text;
}

TEST(Quotas, ANodeHoldsEachPartitionOnce) {
  EXPECT_EQ(shares({{NodeId(1), 100, "", ""}}, 2), "1024/1024 ");
  EXPECT_EQ(shares({{NodeId(1), 100, "", ""}, {NodeId(2), 300, "", ""}}, 2), "1024/256 1024/768 ");
  EXPECT_EQ(
      shares({{NodeId(1), 100, "", ""}, {NodeId(2), 100, "", ""}, {NodeId(3), 800, "", ""}}, 2),
      "512/102+ 512/102+ 1024/819+ ");
}

TEST(Quotas, SeparationGoesBeforeBalance) {
  EXPECT_EQ(
      shares({{NodeId(1), 100, "x", ""}, {NodeId(2), 100, "y", ""}, {NodeId(3), 100, "y", ""}}, 2),
      "1024/341+ 512/341+ 512/341+ ");
  // Three copies in two zones: two of them must share one, and then not a host.
  EXPECT_EQ(shares({{NodeId(1), 100, "x", "h1"},
                    {NodeId(2), 100, "x", "h1"},
                    {NodeId(3), 100, "y", "h2"},
                    {NodeId(4), 100, "y", "h3"}},
                   3),
            "512/256 512/256 1024/256 1024/256 ");
}

TEST(Tally, RoundsUpOnlyAsManyAsNeeded) {
  const std::vector<Quota> quota = {{1, 2}, {1, 2}, {1, 2}};
  Tally tally(quota, 4);
  tally.add(0);
  EXPECT_TRUE(tally.is_open(0));
  tally.add(0);
  EXPECT_FALSE(tally.is_open(0));
  tally.add(1);
  EXPECT_FALSE(tally.is_open(1));
  EXPECT_TRUE(tally.is_open(2));
  tally.remove(0);
  EXPECT_TRUE(tally.is_open(1));
}

}  // namespace
}  // namespace borg::placement
