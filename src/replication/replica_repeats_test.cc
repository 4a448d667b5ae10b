// SPDX-License-Identifier: Apache-2.0
// What was under way when a copy died is on the next one long before its snapshot ends.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using World = ReplicaWorld;

constexpr int kManyKeys = 20'000;  // several pieces of a snapshot

class ReplicaRepeatsTest : public ::testing::Test {
 protected:
  /// Nodes 1 and 2 are in sync with some data.
  void found(int keys = kManyKeys) {
    world_.around(1).copies_required = 1;
    world_.configure(World::config(1, 1, {1}));
    for (int i = 0; i < keys; ++i) world_.ask(1, {"SET", key(std::to_string(i)), "v"});
    world_.configure(World::config(2, 1, {1}, {2}));
    world_.run();
    world_.around(1).copies_required = 2;
    world_.configure(World::config(3, 1, {1, 2}));
    world_.run();
    world_.replies.clear();
  }
  std::uint64_t append(std::string_view name, std::string value) {
    return world_.ask(1, {"APPEND", key(name), std::move(value)});
  }
  /// Node 2 is gone, node 3 takes its place; no piece of the snapshot is sent.
  void backup_dies() {
    world_.kill(2);
    world_.configure({1, 3}, World::config(4, 1, {1}));
    world_.configure({1, 3}, World::config(5, 1, {1}, {3}));
  }
  /// Node 1 is gone, node 2 takes over, node 3 takes its place.
  void primary_dies() {
    world_.kill(1);
    world_.configure({2, 3}, World::config(4, 4, {2}));
    world_.configure({2, 3}, World::config(5, 4, {2}, {3}));
  }
  void there_and_back(int from, int to) {
    world_.deliver(from, to);
    world_.deliver(to, from);
  }
  ReplicaWorld world_{4};
};

TEST_F(ReplicaRepeatsTest, WhatABackupTookToItsGraveIsAnsweredBeforeTheSnapshot) {
  found();
  const auto first = append("1", "x");
  const auto second = append("new", "y");
  const auto gone = world_.ask(1, {"DEL", key("2")});
  backup_dies();
  EXPECT_TRUE(world_.replies.empty());
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(first), ":2\r\n");
  EXPECT_EQ(world_.reply(second), ":1\r\n");
  EXPECT_EQ(world_.reply(gone), ":1\r\n");
  EXPECT_EQ(world_.value(3, key("1")), "vx");
  EXPECT_EQ(world_.replica(3).store().keys(), 2u) << "the rest comes with the snapshot";
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 3));
}

TEST_F(ReplicaRepeatsTest, WhatIsSentAgainToAnHeirIsAnsweredBeforeTheSnapshot) {
  found();
  const auto unanswered = append("1", "x");
  world_.deliver(1, 2);
  primary_dies();
  world_.ask_again(2, unanswered);
  EXPECT_TRUE(world_.replies.empty()) << "no other node holds it";
  there_and_back(2, 3);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
  EXPECT_EQ(world_.value(3, key("1")), "vx");
  world_.run();
  EXPECT_TRUE(world_.same_data(2, 3));
}

TEST_F(ReplicaRepeatsTest, AnHeirThatIsAskedBeforeACopyIsBegunRepeatsItWhenItIs) {
  found();
  const auto unanswered = append("1", "x");
  world_.deliver(1, 2);
  world_.kill(1);
  world_.configure({2, 3}, World::config(4, 4, {2}));
  world_.ask_again(2, unanswered);
  world_.configure({2, 3}, World::config(5, 4, {2}, {3}));
  there_and_back(2, 3);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
}

TEST_F(ReplicaRepeatsTest, AskedAgainManyTimesItIsRepeatedOnce) {
  found();
  const auto unanswered = append("1", "x");
  world_.deliver(1, 2);
  primary_dies();
  world_.ask_again(2, unanswered);
  const std::size_t sent = world_.on_the_way(2, 3);
  for (int i = 0; i < 5; ++i) world_.ask_again(2, unanswered);
  EXPECT_EQ(world_.on_the_way(2, 3), sent);
}

TEST_F(ReplicaRepeatsTest, TheNextCopyGetsItTooIfTheFirstOneDies) {
  found();
  const auto unanswered = append("1", "x");
  const auto heirs = [&] {
    world_.kill(3);
    world_.configure({1, 4}, World::config(6, 1, {1}, {4}));
  };
  backup_dies();
  const auto behind = append("2", "x");
  heirs();
  EXPECT_TRUE(world_.replies.empty());
  there_and_back(1, 4);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
  EXPECT_EQ(world_.reply(behind), ":2\r\n");
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 4));
}

TEST_F(ReplicaRepeatsTest, AnEarlierRequestIsRepeatedToTheNextCopyToo) {
  found();
  const auto unanswered = append("1", "x");
  world_.deliver(1, 2);
  primary_dies();
  world_.ask_again(2, unanswered);
  world_.kill(3);
  world_.configure({2, 4}, World::config(6, 4, {2}, {4}));
  there_and_back(2, 4);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
}

TEST_F(ReplicaRepeatsTest, ALinkThatBreaksBeginsTheRepeatsAnew) {
  found();
  const auto unanswered = append("1", "x");
  backup_dies();
  world_.cut(1, 3);
  world_.heal(1, 3);
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
}

TEST_F(ReplicaRepeatsTest, TheNewCopyKnowsTheResultOfWhatWasRepeated) {
  found();
  const auto unanswered = append("1", "x");
  backup_dies();
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(unanswered), ":2\r\n");
  const auto found = world_.replica(3).records().find(world_.asked(unanswered).origin);
  EXPECT_EQ(found.status, Records::Status::kDone);
  EXPECT_EQ(found.result, ":2\r\n");
  EXPECT_EQ(world_.replica(3).records().size(), 1u);
}

TEST_F(ReplicaRepeatsTest, OfThreeCopiesTwoHoldingItAreNotEnough) {
  world_.around(1).copies_required = 3;
  world_.configure(World::config(1, 1, {1, 2, 3}));
  world_.run();
  const auto unanswered = append("1", "x");
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  world_.kill(3);
  world_.configure({1, 2, 4}, World::config(2, 1, {1, 2}));
  EXPECT_EQ(world_.reply(unanswered), std::nullopt);
  world_.configure({1, 2, 4}, World::config(3, 1, {1, 2}, {4}));
  EXPECT_EQ(world_.reply(unanswered), std::nullopt);
  there_and_back(1, 4);
  EXPECT_EQ(world_.reply(unanswered), ":1\r\n");
}

TEST_F(ReplicaRepeatsTest, ATransactionIsRepeatedAsAWhole) {
  found();
  const auto exec =
      world_.ask(1, {"_exec", "0", "3", "APPEND", key("1"), "x", "3", "APPEND", key("2"), "y"});
  backup_dies();
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(exec), "*2\r\n:2\r\n:2\r\n");
  EXPECT_EQ(world_.value(3, key("1")), "vx");
  EXPECT_EQ(world_.value(3, key("2")), "vy");
}

TEST_F(ReplicaRepeatsTest, WhatIsTooLargeToBeRememberedIsAnsweredWhenTheSnapshotHasIt) {
  found();
  world_.around(1).sync_limits.keys_ahead_max = 0;
  const auto large = world_.ask(1, {"SETRANGE", key("1"), "9000000", "x"});
  const auto small = append("2", "x");
  backup_dies();
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(small), ":2\r\n");
  EXPECT_EQ(world_.reply(large), std::nullopt);
  EXPECT_TRUE(world_.replica(1).waits_for_snapshot());
  world_.run();
  EXPECT_EQ(world_.reply(large), ":9000001\r\n");
  EXPECT_FALSE(world_.replica(1).waits_for_snapshot());
  EXPECT_TRUE(world_.same_data(1, 3));
}

TEST_F(ReplicaRepeatsTest, LargeValuesAreRepeatedToo) {
  found();
  const auto large = world_.ask(1, {"SETRANGE", key("1"), "9000000", "x"});
  const auto again = append("1", "y");
  backup_dies();
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(large), ":9000001\r\n");
  EXPECT_EQ(world_.reply(again), ":9000002\r\n");
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 3));
}

/// Its elements come first, and then its result.
TEST_F(ReplicaRepeatsTest, AChangeOfALargeContainerWaitsForThatContainerAlone) {
  found();
  for (int i = 0; i < 5000; ++i) world_.ask(1, {"HSET", key("h"), std::to_string(i), "v"});
  world_.run();
  world_.replies.clear();
  const auto before = world_.ask(1, {"HSET", key("h"), "1", "x"});
  backup_dies();
  const auto after = world_.ask(1, {"HSET", key("h"), "2", "y"});
  there_and_back(1, 3);
  EXPECT_EQ(world_.reply(before), std::nullopt);
  EXPECT_TRUE(world_.replica(1).waits_for_snapshot());
  int pieces = 0;
  while (!world_.reply(before) && pieces < 100) {
    ASSERT_TRUE(world_.send_chunk(1, 3));
    there_and_back(1, 3);
    ++pieces;
  }
  EXPECT_EQ(world_.reply(before), ":0\r\n");
  EXPECT_EQ(world_.reply(after), ":0\r\n");
  EXPECT_EQ(world_.replica(3).store().keys(), 1u) << "the rest of the snapshot comes behind";
  EXPECT_FALSE(world_.replica(1).waits_for_snapshot());
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 3));
}

TEST_F(ReplicaRepeatsTest, ForAnAckAloneNoSnapshotHasToHurry) {
  found();
  append("1", "x");
  backup_dies();
  append("2", "x");
  EXPECT_FALSE(world_.replica(1).waits_for_snapshot());
}

TEST_F(ReplicaRepeatsTest, EventsOfWhatWasUnderWayDoNotWaitForTheSnapshot) {
  found();
  world_.around(1).wants_events = true;
  append("1", "x");
  backup_dies();
  append("2", "x");
  EXPECT_TRUE(world_.events.empty());
  there_and_back(1, 3);
  EXPECT_EQ(world_.events, (std::vector<std::string>{"append " + key("1"), "append " + key("2")}));
}

TEST_F(ReplicaRepeatsTest, TheLogIsEmptyWhenEverythingIsHeld) {
  found();
  append("1", "x");
  EXPECT_EQ(world_.replica(1).levels().logged, 1u);
  backup_dies();
  EXPECT_EQ(world_.replica(1).levels().logged, 1u);
  there_and_back(1, 3);
  EXPECT_EQ(world_.replica(1).levels().logged, 0u);
}

TEST_F(ReplicaRepeatsTest, ARepeatThatNoSnapshotIsUnderWayForIsRefused) {
  found(10);
  world_.inject(1, 2,
                wire::Operation{.partition = world_.partition(),
                                .term = Epoch(1),
                                .seq = Seq(1),
                                .kind = wire::OperationKind::kRepeat});
  world_.run();
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 1u);
}

/// Any writes, delivered in part to any of two copies, then the death of either node.
RC_GTEST_PROP(ReplicaRepeats, EverythingUnderWayIsAnsweredWithoutTheSnapshot, ()) {
  ReplicaWorld world(3);
  world.around(1).copies_required = 1;
  world.configure(World::config(1, 1, {1}));
  for (int i = 0; i < 6000; ++i) world.ask(1, {"SET", key(std::to_string(i)), "v"});
  world.configure(World::config(2, 1, {1}, {2}));
  world.run();
  world.around(1).copies_required = 2;
  world.configure(World::config(3, 1, {1, 2}));
  world.run();
  world.replies.clear();
  std::vector<std::uint64_t> asked;
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) {
    const auto name = [&] { return key(std::to_string(*rc::gen::inRange(0, 20))); };
    const int what = *rc::gen::inRange(0, 7);
    if (what == 0) asked.push_back(world.ask(1, {"APPEND", name(), "x"}));
    if (what == 1) asked.push_back(world.ask(1, {"DEL", name(), name()}));
    if (what == 2) asked.push_back(world.ask(1, {"MSET", name(), "1", name(), "2"}));
    if (what == 3) asked.push_back(world.ask(1, {"INCR", key("n")}));
    if (what == 4 && world.on_the_way(1, 2) > 0) world.deliver_one(1, 2);
    if (what == 5 && world.on_the_way(2, 1) > 0) world.deliver_one(2, 1);
    if (what == 6) asked.push_back(world.ask(1, {"SET", name(), "9", "EX", "100"}));
  }
  const bool primary_dies = *rc::gen::inRange(0, 2) == 0;
  const int heir = primary_dies ? 2 : 1;
  const auto term = static_cast<std::uint64_t>(primary_dies ? 4 : 1);
  world.kill(primary_dies ? 1 : 2);
  world.configure({heir, 3}, World::config(4, term, {heir}));
  world.configure({heir, 3}, World::config(5, term, {heir}, {3}));
  for (const std::uint64_t request : asked) {
    if (primary_dies && !world.reply(request)) world.ask_again(heir, request);
  }
  world.deliver(heir, 3);
  world.deliver(3, heir);
  for (const std::uint64_t request : asked) RC_ASSERT(world.reply(request).has_value());
  RC_ASSERT(world.replica(3).store().keys() < 100u);
  world.run();
  RC_ASSERT(world.same_data(heir, 3));
}

}  // namespace
}  // namespace borg::replication::testing
