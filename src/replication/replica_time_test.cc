// SPDX-License-Identifier: Apache-2.0
// How long keys live, whatever the wall clocks show and whoever is primary.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using World = ReplicaWorld;

constexpr std::int64_t kYearMs = std::int64_t{365} * 24 * 3600 * 1000;

class ReplicaTimeTest : public ::testing::Test {
 protected:
  ReplicaTimeTest() { world_.configure(World::config(1, 1, {1, 2})); }
  std::string ask(int node, std::vector<std::string> args) {
    const std::uint64_t request = world_.ask(node, std::move(args));
    world_.run();
    return world_.reply(request).value_or("no reply");
  }
  void set_for(int node, std::string_view name, std::string ms) {
    EXPECT_EQ(ask(node, {"SET", key(name), "v", "PX", std::move(ms)}), kOk);
  }
  bool exists(int node, std::string_view name) {
    return ask(node, {"EXISTS", key(name)}) == ":1\r\n";
  }
  void jump_wall(std::int64_t ms) {
    world_.now.wall.ms += ms;
    world_.pass(Duration::nanos(1));
  }
  static std::string number(std::int64_t n) { return ":" + std::to_string(n) + "\r\n"; }

  World world_{3};
};

TEST_F(ReplicaTimeTest, AWallThatWasAheadForAMomentStopsNothing) {
  jump_wall(kYearMs);
  set_for(1, "x", "100000");
  jump_wall(-kYearMs);
  for (const char* const name : {"a", "b"}) {
    set_for(1, name, "1000");
    world_.pass(Duration::millis(999));
    EXPECT_TRUE(exists(1, name));
    world_.pass(Duration::millis(1));
    EXPECT_FALSE(exists(1, name));
  }
}

TEST_F(ReplicaTimeTest, NoJumpOfTheWallTakesFromATimeToLive) {
  set_for(1, "a", "10000");
  for (const std::int64_t jump : {kYearMs, -2 * kYearMs, kYearMs}) {
    jump_wall(jump);
    world_.pass(Duration::seconds(1));
    EXPECT_TRUE(exists(1, "a"));
  }
  EXPECT_EQ(ask(1, {"PTTL", key("a")}), number(7000));
}

TEST_F(ReplicaTimeTest, ANewPrimaryGoesOnWhereTheOldOneWas) {
  set_for(1, "a", "10000");
  world_.pass(Duration::seconds(4));
  world_.kill(1);
  jump_wall(-kYearMs);
  world_.around(2).copies_required = 1;
  world_.configure({2, 3}, World::config(2, 2, {2}));
  EXPECT_EQ(ask(2, {"PTTL", key("a")}), number(6000));
  world_.pass(Duration::seconds(6));
  EXPECT_FALSE(exists(2, "a"));
}

TEST_F(ReplicaTimeTest, ASnapshotTellsTheTimeThoughNothingWasWrittenForLong) {
  set_for(1, "a", "10000");
  world_.pass(Duration::seconds(8));
  world_.configure(World::config(2, 1, {1, 2}, {3}));
  world_.run();
  world_.configure(World::config(3, 1, {1, 2, 3}));
  world_.kill(1);
  world_.configure({2, 3}, World::config(4, 4, {3, 2}));
  EXPECT_EQ(ask(3, {"PTTL", key("a")}), number(2000));
}

TEST_F(ReplicaTimeTest, WhatSyncsKnowsTheTimeBeforeTheSnapshotEnds) {
  set_for(1, "a", "10000");
  jump_wall(kYearMs);
  set_for(1, "b", "10000");
  world_.configure(World::config(2, 1, {1, 2}, {3}));
  world_.deliver(1, 3);
  EXPECT_EQ(world_.replica(3).clock().read(world_.now.instant),
            world_.replica(1).clock().read(world_.now.instant));
}

TEST_F(ReplicaTimeTest, TimesOfTheWallAreConverted) {
  const std::string past = std::to_string(world_.now.wall.ms + 1000);
  set_for(1, "a", "100000");
  jump_wall(-kYearMs);
  const std::int64_t deadline = world_.now.wall.ms + 5000;
  EXPECT_EQ(ask(1, {"PEXPIREAT", key("a"), std::to_string(deadline)}), number(1));
  EXPECT_EQ(ask(1, {"PTTL", key("a")}), number(5000));
  EXPECT_EQ(ask(1, {"PEXPIRETIME", key("a")}), number(deadline));
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(ask(1, {"SET", key("b"), "v", "PXAT", past}), kOk);
  EXPECT_EQ(ask(1, {"PTTL", key("b")}), number(kYearMs + 1000));
  jump_wall(2 * kYearMs);
  EXPECT_EQ(ask(1, {"SET", key("c"), "v", "PXAT", past}), kOk);
  EXPECT_FALSE(exists(1, "c"));
  world_.pass(Duration::seconds(5));
  EXPECT_FALSE(exists(1, "a")) << "a time to live is left alone";
  EXPECT_TRUE(world_.same_data(1, 2));
}

}  // namespace
}  // namespace borg::replication::testing
