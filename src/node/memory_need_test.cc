// SPDX-License-Identifier: Apache-2.0
#include "node/memory_need.h"

#include <gtest/gtest.h>

#include "node/node_memory.h"

namespace borg::node {
namespace {

constexpr NodeId a(1), b(2), c(3);
constexpr std::uint64_t kMega = 1 << 20;
constexpr std::uint64_t kLimit = 320 * kMega;  // full at 300 MB

class MemoryNeedTest : public ::testing::Test {
 protected:
  MemoryNeedTest() {
    for (const char* name : {"a", "b", "c"}) {
      membership::MemberRecord record;
      record.member.id = NodeId(view_.members.size() + 1);
      record.member.name = name;
      view_.members.push_back(record);
    }
    // In thirds, so that c holds two of three.
    for (std::size_t p = 0; p < kPartitionCount; ++p) {
      const std::vector<NodeList> lists{{a, c}, {c, b}, {b, a}};
      view_.partitions[p] = {
          .epoch = Epoch(1), .term = Epoch(1), .in_sync = lists[p % 3], .syncing = {}};
    }
    for (const NodeId node : {a, b, c}) use(node, kLimit, 200 * kMega);
  }
  void use(NodeId node, std::uint64_t limit, std::uint64_t bytes) {
    Stats& stats = stats_[node];
    stats.memory_limit_bytes = limit;
    stats.memory_bytes = bytes;
    stats.primary_partitions = 341;
    stats.backup_partitions = 341;
  }
  MemoryNeed need(const std::vector<NodeList>& target) {
    return assess_memory_need(view_, target, stats_);
  }
  [[nodiscard]] std::vector<NodeList> here() const {
    std::vector<NodeList> target;
    for (const PartitionConfig& config : view_.partitions) target.push_back(config.in_sync);
    return target;
  }
  const std::vector<NodeList> without_c_ = std::vector<NodeList>(kPartitionCount, {a, b});

  membership::ClusterView view_;
  std::map<NodeId, Stats> stats_;
};

TEST_F(MemoryNeedTest, WhatIsInPlaceNeedsNothing) {
  EXPECT_TRUE(need(here()).receivers.empty());
  EXPECT_TRUE(need({}).receivers.empty()) << "no target yet";
}

TEST_F(MemoryNeedTest, WhatANodeHoldsGoesToTheOthersAsFarAsTheyHaveRoom) {
  const std::uint64_t third = 200 * kMega / 2;
  EXPECT_EQ(NodeMemory::full_mark(kLimit), 300 * kMega);
  EXPECT_TRUE(need(without_c_).receivers.size() <= 2);
  use(a, kLimit, 250 * kMega);
  const MemoryNeed found = need(without_c_);
  ASSERT_FALSE(found.receivers.empty());
  EXPECT_EQ(found.receivers.front().node, a);
  EXPECT_EQ(found.receivers.front().room_bytes, 50 * kMega);
  EXPECT_NEAR(static_cast<double>(found.receivers.front().wanted_bytes), static_cast<double>(third),
              static_cast<double>(kMega));
  EXPECT_GE(found.missing_bytes(), 49 * kMega);
  const std::string text = text_of(found, view_);
  EXPECT_NE(text.find("are missing: a has room for 50.0 MB of "), std::string::npos) << text;
}

TEST_F(MemoryNeedTest, NodesWithoutALimitOrWithoutAWordHaveRoom) {
  use(a, 0, 290 * kMega);
  stats_.erase(b);
  EXPECT_TRUE(need(without_c_).receivers.empty());
  stats_[a].memory_level = 2;
  EXPECT_EQ(need(without_c_).receivers.size(), 1u) << "the system refuses it more";
}

TEST_F(MemoryNeedTest, WhatANodeGivesAwayMakesRoom) {
  use(a, kLimit, 300 * kMega);
  std::vector<NodeList> target = here();
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (p % 3 == 0) target[p] = {b, c};  // from a
    if (p % 3 == 1) target[p] = {c, a};  // from b
  }
  EXPECT_LT(need(target).missing_bytes(), kMega);
}

}  // namespace
}  // namespace borg::node
