// SPDX-License-Identifier: Apache-2.0
#include "node/movement.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

constexpr NodeId a(1), b(2), c(3);

class MovementTest : public ::testing::Test {
 protected:
  MovementTest() {
    view_.settings = coordination::Settings{};
    for (const NodeId node : {a, b, c}) {
      membership::MemberRecord record;
      record.member.id = node;
      record.member.state = coordination::MemberState::kActive;
      view_.members.push_back(record);
    }
    view_.target.version = 1;
    view_.target.replicas.assign(kPartitionCount, {a, b});
    for (PartitionConfig& config : view_.partitions) {
      config = {.epoch = Epoch(1), .term = Epoch(1), .in_sync = {a, b}, .syncing = {}};
    }
    EXPECT_FALSE(look());
  }
  /// 10 ms later.
  bool look() {
    now_ = now_ + Duration::millis(10);
    return movement_.observe(view_, now_);
  }
  std::optional<Rebalance> rebalance() const { return movement_.rebalance(now_); }
  void set_down(std::size_t member) {
    view_.members[member].member.state = coordination::MemberState::kDown;
  }

  membership::ClusterView view_;
  Movement movement_;
  Instant now_ = Instant::at_nanos(1);
};

TEST_F(MovementTest, WhatIsInPlaceIsNoRebalance) {
  EXPECT_FALSE(rebalance());
  EXPECT_FALSE(movement_.last_repair());
}

TEST_F(MovementTest, ARebalanceLastsUntilAllIsInPlace) {
  view_.target.replicas[3] = {a, c};
  view_.target.replicas[4] = {b, a};
  EXPECT_FALSE(look());
  EXPECT_TRUE(rebalance()->is_running);
  EXPECT_EQ(rebalance()->partitions, 2u);
  EXPECT_EQ(rebalance()->copies, 1u) << "a hand-over sends nothing";
  view_.partitions[4].in_sync = {b, a};
  EXPECT_FALSE(look());
  EXPECT_EQ(rebalance()->partitions_left, 1u);
  view_.partitions[3].in_sync = {a, c};
  EXPECT_TRUE(look());
  EXPECT_FALSE(rebalance()->is_running);
  EXPECT_EQ(rebalance()->took, Duration::millis(20));
  EXPECT_FALSE(look()) << "it ends once";
}

TEST_F(MovementTest, ATargetThatChangesOnTheWayAddsToTheWhole) {
  view_.target.replicas[1] = view_.target.replicas[2] = {a, c};
  look();
  view_.partitions[1].in_sync = {a, c};
  look();
  view_.target.replicas[5] = {c, a};
  look();
  EXPECT_EQ(rebalance()->partitions, 3u);
  EXPECT_EQ(rebalance()->partitions_left, 2u);
  EXPECT_EQ(rebalance()->copies, 3u);
}

TEST_F(MovementTest, WhatIsLostDoesNotKeepItRunning) {
  view_.target.replicas[1] = {c, a};
  view_.target.replicas[2] = {c, a};
  view_.partitions[2].in_sync = {};
  view_.partitions[2].in_sync.push_back(b);
  set_down(1);
  look();
  EXPECT_TRUE(view_.is_lost(PartitionId(2)));
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (p != 2) view_.partitions[p].in_sync = view_.target.replicas[p] = {a, c};
  }
  EXPECT_TRUE(look());
}

TEST_F(MovementTest, ARepairLastsFromTheDeathUntilAllCopiesAreThere) {
  for (std::size_t p = 0; p < 4; ++p) {
    view_.target.replicas[p] = view_.partitions[p].in_sync = {a, c};
  }
  look();
  set_down(2);
  look();
  EXPECT_EQ(movement_.running_repair(now_)->partitions, 4u);
  for (std::size_t p = 0; p < 4; ++p) view_.partitions[p].in_sync = {a};
  look();
  EXPECT_EQ(movement_.running_repair(now_)->partitions, 4u) << "no partition counts twice";
  for (std::size_t p = 0; p < 4; ++p) view_.partitions[p].in_sync = {a, b};
  look();
  ASSERT_TRUE(movement_.last_repair());
  EXPECT_EQ(movement_.last_repair()->partitions, 4u);
  EXPECT_EQ(movement_.last_repair()->took, Duration::millis(20));
  EXPECT_FALSE(movement_.running_repair(now_));
}

TEST_F(MovementTest, ARepairWaitsForNodesOrForMemory) {
  EXPECT_EQ(repair_waits_for(view_, {}, 0), RepairWait::kNothing);
  set_down(1);
  EXPECT_EQ(repair_waits_for(view_, {}, 0), RepairWait::kNodes) << "the target knows nobody else";
  for (std::size_t p = 0; p < 4; ++p) view_.target.replicas[p] = {a, c};
  EXPECT_EQ(repair_waits_for(view_, {}, 0), RepairWait::kNothing);
  EXPECT_EQ(repair_waits_for(view_, {}, 3), RepairWait::kNothing) << "one copy is being made";
  EXPECT_EQ(repair_waits_for(view_, {}, 4), RepairWait::kMemory);
  EXPECT_EQ(repair_waits_for(view_, {c}, 0), RepairWait::kNodes);
}

TEST_F(MovementTest, ANodeThatGivesItsCopiesAwayNeedsNoRepair) {
  view_.partitions[0].in_sync = {a, b, c};
  look();
  view_.partitions[0].in_sync = {a, c};
  look();
  EXPECT_FALSE(movement_.running_repair(now_));
}

}  // namespace
}  // namespace borg::node
