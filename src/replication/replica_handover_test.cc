// SPDX-License-Identifier: Apache-2.0
// A planned change of primary: park, drain, the new configuration, and nobody sees an error.
#include <gtest/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using Role = Replica::Role;
using World = ReplicaWorld;

class ReplicaHandoverTest : public ::testing::Test {
 protected:
  ReplicaHandoverTest() {
    world_.configure(World::config(1, 1, {1, 2}));
    world_.run();
  }
  void park(std::uint64_t epoch) { world_.park(1, Epoch(epoch)); }
  void unpark(std::uint64_t epoch) { world_.unpark(1, Epoch(epoch)); }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaHandoverTest, AnIdlePrimaryIsDrainedAtOnce) {
  park(1);
  ASSERT_EQ(world_.count(Report::Kind::kDrained), 1u);
  EXPECT_EQ(world_.reports.back().second.epoch, Epoch(1));
}

TEST_F(ReplicaHandoverTest, ItIsDrainedWhenTheReplicasHaveEverything) {
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  park(1);
  EXPECT_EQ(world_.count(Report::Kind::kDrained), 0u);
  world_.run();
  EXPECT_EQ(world_.count(Report::Kind::kDrained), 1u);
  EXPECT_EQ(world_.reply(set), kOk);
}

TEST_F(ReplicaHandoverTest, ParkedCommandsWaitAndAreNotExecuted) {
  park(1);
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  const auto get = world_.ask(1, {"GET", key("a")});
  world_.poke(1);
  world_.run();
  EXPECT_TRUE(world_.replies.empty());
  EXPECT_EQ(world_.value(1, key("a")), std::nullopt);
  unpark(1);
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_EQ(world_.reply(get), bulk("1"));
}

TEST_F(ReplicaHandoverTest, ParkedCommandsAreForwardedToTheNewPrimary) {
  park(1);
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.configure(World::config(2, 2, {2, 1}));
  world_.run();
  ASSERT_NE(world_.given(set), nullptr);
  EXPECT_EQ(world_.given(set)->status, wire::ReplyStatus::kMoved);
  PartitionConfig config;
  Decoder in(world_.given(set)->bytes);
  ASSERT_TRUE(wire::decode_config(in, config));
  EXPECT_EQ(config.primary(), NodeId(2));
  world_.replies.clear();
  world_.ask_again(2, set);
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
}

TEST_F(ReplicaHandoverTest, TheFormerPrimaryGoesOnAsBackupWithoutASnapshot) {
  for (int i = 0; i < 10; ++i) world_.ask(1, {"INCR", key("n")});
  world_.run();
  park(1);
  world_.configure(World::config(2, 2, {2, 1}));
  world_.run();
  EXPECT_EQ(world_.replica(1).role(), Role::kBackup);
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 0u);
  world_.ask(2, {"INCR", key("n")});
  world_.run();
  EXPECT_EQ(world_.value(1, key("n")), "11");
}

TEST_F(ReplicaHandoverTest, TheNewPrimaryMayHearOfItFirst) {
  park(1);
  world_.configure({2}, World::config(2, 2, {2, 1}));
  world_.run();
  EXPECT_EQ(world_.replica(1).role(), Role::kBackup) << "its heir told it";
  EXPECT_EQ(world_.count(Report::Kind::kLearned), 1u);
}

TEST_F(ReplicaHandoverTest, AWriteInFlightThatLostItsPrimaryHappensOnce) {
  const auto incr = world_.ask(1, {"INCR", key("n")});
  world_.deliver(1, 2);
  world_.configure(World::config(2, 2, {2, 1}));
  world_.replies.clear();
  world_.ask_again(2, incr);
  world_.run();
  EXPECT_EQ(world_.reply(incr), ":1\r\n");
  EXPECT_EQ(world_.value(1, key("n")), "1");
  EXPECT_EQ(world_.value(2, key("n")), "1");
}

TEST_F(ReplicaHandoverTest, ParkingForAnotherEpochDoesNothing) {
  park(7);
  EXPECT_EQ(world_.reply(world_.ask(1, {"GET", key("a")})), "$-1\r\n");
  park(1);
  unpark(7);
  EXPECT_EQ(world_.reply(world_.ask(1, {"GET", key("a")})), std::nullopt);
}

TEST_F(ReplicaHandoverTest, ABackupDoesNotPark) {
  world_.park(2, Epoch(1));
  EXPECT_EQ(world_.count(Report::Kind::kDrained), 0u);
}

TEST_F(ReplicaHandoverTest, ANewConfigurationThatKeepsThePrimaryEndsTheParking) {
  park(1);
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.configure(World::config(2, 1, {1, 2}, {3}));
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
}

TEST_F(ReplicaHandoverTest, AParkedPrimaryExpiresNothing) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "10"});
  world_.run();
  park(1);
  world_.pass(Duration::millis(20));
  EXPECT_EQ(world_.expire_some(1), 0u);
  EXPECT_EQ(world_.on_the_way(1, 2), 0u);
  unpark(1);
  EXPECT_EQ(world_.expire_some(1), 1u);
  world_.run();
  EXPECT_EQ(world_.value(2, key("a")), std::nullopt);
}

TEST_F(ReplicaHandoverTest, AWriteThatChangedNothingKeepsItsPlaceBeforeThoseBehindIt) {
  const auto set = world_.ask_here(1, {"SET", key("a"), "1"});
  const auto setnx = world_.ask_here(1, {"SETNX", key("a"), "2"});
  const auto getdel = world_.ask_here(1, {"GETDEL", key("a")});
  world_.deliver(1, 2);
  world_.configure(World::config(2, 2, {2, 1}));  // before anything was answered
  world_.replies.clear();
  for (const auto request : {set, setnx, getdel}) world_.ask_again(2, request);
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_EQ(world_.reply(setnx), ":0\r\n");
  EXPECT_EQ(world_.reply(getdel), "$1\r\n1\r\n");
  EXPECT_EQ(world_.value(2, key("a")), std::nullopt);
}

TEST_F(ReplicaHandoverTest, TheSuccessorHearsOfItFromTheFormerPrimary) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  world_.configure({1}, World::config(2, 2, {2, 1}));  // 2 does not reach the coordinator
  world_.run();
  EXPECT_EQ(world_.replica(2).role(), Replica::Role::kPrimary);
  const auto get = world_.ask(2, {"GET", key("a")});
  const auto set = world_.ask(2, {"SET", key("a"), "2"});
  world_.run();
  EXPECT_EQ(world_.reply(get), "$1\r\n1\r\n");
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 0u);
}

TEST_F(ReplicaHandoverTest, WhatWasShownAsExpiredStaysSoWithTooFewNodes) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "10"});
  world_.run();
  world_.configure(World::config(2, 1, {1}));
  world_.around(1).too_few_nodes = true;
  world_.pass(Duration::millis(20));
  EXPECT_EQ(world_.reply(world_.ask(1, {"GET", key("a")})), "$-1\r\n");
  EXPECT_EQ(world_.value(1, key("a")), std::nullopt);
}

TEST_F(ReplicaHandoverTest, HandingOverToAndFroLosesNothing) {
  int primary = 1;
  for (std::uint64_t epoch = 2; epoch < 20; ++epoch) {
    for (int i = 0; i < 5; ++i) world_.ask(primary, {"INCR", key("n")});
    if (epoch % 3 == 0) world_.deliver(primary, 3 - primary);
    world_.park(primary, Epoch(epoch - 1));
    world_.run();
    primary = 3 - primary;
    world_.configure(World::config(epoch, epoch, {primary, 3 - primary}));
  }
  world_.run();
  EXPECT_EQ(world_.value(1, key("n")), "90");
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 0u);
}

}  // namespace
}  // namespace borg::replication::testing
