// SPDX-License-Identifier: Apache-2.0
// A replica begins anew: a snapshot in pieces, and live commands behind it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using Role = Replica::Role;
using World = ReplicaWorld;

constexpr int kManyKeys = 20'000;  // several pieces of a snapshot

/// Node 1 is alone with some data; node 2 will be synced.
class ReplicaSyncTest : public ::testing::Test {
 protected:
  void found(int keys, std::size_t copies = 1) {
    world_.around(1).copies_required = 1;
    world_.configure(World::config(1, 1, {1}));
    for (int i = 0; i < keys; ++i) set(std::to_string(i), "v");
    world_.around(1).copies_required = copies;
    world_.replies.clear();
  }
  std::uint64_t set(std::string_view name, std::string value) {
    return world_.ask(1, {"SET", key(name), std::move(value)});
  }
  void begin_sync() { world_.configure(World::config(2, 1, {1}, {2})); }
  /// One piece of the snapshot, all the way.
  void send_piece() {
    world_.send_chunk(1, 2);
    world_.deliver(1, 2);
    world_.deliver(2, 1);
  }
  /// Two keys of the partition, of which a scan that stands now has passed the first only.
  std::pair<std::string, std::string> keys_around_the_scan() {
    std::string passed;
    std::string ahead;
    for (int i = 0; i < kManyKeys; ++i) {
      const std::string name = key(std::to_string(i));
      (world_.value(2, name) ? passed : ahead) = name;
    }
    return {passed, ahead};
  }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaSyncTest, AnEmptyPartitionIsSyncedAtOnce) {
  found(0);
  begin_sync();
  world_.run();
  ASSERT_EQ(world_.count(Report::Kind::kCaughtUp), 1u);
  EXPECT_EQ(world_.reports.back().second.node, NodeId(2));
  EXPECT_EQ(world_.reports.back().second.epoch, Epoch(2));
}

TEST_F(ReplicaSyncTest, ASnapshotBringsEverything) {
  found(kManyKeys);
  world_.ask(1, {"SET", key("expires"), "1", "EX", "100"});
  begin_sync();
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.replica(2).last_seq(), world_.replica(1).last_seq());
  EXPECT_TRUE(world_.replica(2).complete());
  EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 1u);
}

TEST_F(ReplicaSyncTest, ASnapshotBringsTheResultsOfRecentWrites) {
  found(0);
  const auto incr = world_.ask(1, {"INCR", key("n")});
  begin_sync();
  world_.run();
  world_.configure(World::config(3, 1, {1, 2}));
  world_.kill(1);
  world_.around(2).copies_required = 1;
  world_.configure({2}, World::config(4, 4, {2}));
  world_.replies.clear();
  world_.ask_again(2, incr);
  EXPECT_EQ(world_.reply(incr), ":1\r\n");
  EXPECT_EQ(world_.value(2, key("n")), "1");
}

TEST_F(ReplicaSyncTest, ItIsNotCompleteBeforeTheEnd) {
  found(kManyKeys);
  begin_sync();
  send_piece();
  EXPECT_EQ(world_.replica(2).role(), Role::kSyncing);
  EXPECT_FALSE(world_.replica(2).complete());
  EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 0u);
}

TEST_F(ReplicaSyncTest, CommandsMeanwhileReachKeysOnEitherSideOfTheScan) {
  found(kManyKeys);
  begin_sync();
  for (int i = 0; i < 300; ++i) {
    const std::string name = std::to_string((i * 7919) % kManyKeys);
    world_.ask(1, {"APPEND", key(name), "x"});
    world_.ask(1, {"DEL", key(std::to_string((i * 104729) % kManyKeys))});
    set("new" + std::to_string(i), "v");
    if (i % 50 == 0) send_piece();
  }
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, FlushallMeanwhileEmptiesBoth) {
  found(kManyKeys);
  begin_sync();
  send_piece();
  world_.ask(1, {"FLUSHALL"});
  set("after", "1");
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.replica(2).store().keys(), 1u);
}

TEST_F(ReplicaSyncTest, AWriteOfAKeyThatIsStillAheadIsOnTwoNodesAtOnce) {
  found(kManyKeys, 2);
  begin_sync();
  send_piece();
  const auto [passed, ahead] = keys_around_the_scan();
  const auto first = world_.ask(1, {"APPEND", passed, "1"});
  const auto second = world_.ask(1, {"APPEND", ahead, "2"});
  EXPECT_TRUE(world_.replies.empty());
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(first), ":2\r\n");
  EXPECT_EQ(world_.reply(second), ":2\r\n");
  EXPECT_EQ(world_.value(2, passed), "v1");
  EXPECT_EQ(world_.value(2, ahead), "v2");
}

TEST_F(ReplicaSyncTest, AStateMuchLargerThanItsCommandIsSentOnce) {
  found(kManyKeys, 2);
  begin_sync();
  send_piece();
  const auto [passed, ahead] = keys_around_the_scan();
  const auto large = world_.ask(1, {"SETRANGE", ahead, "300000", "x"});
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(large), ":300001\r\n");
  const auto again = world_.ask(1, {"APPEND", ahead, "y"});
  EXPECT_LT(world_.bytes_on_the_way(1, 2), 1000u) << "the command travels, not the state";
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(again), ":300002\r\n");
  while (world_.send_chunk(1, 2)) EXPECT_LT(world_.bytes_on_the_way(1, 2), 1'000'000u);
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, WithoutPlaceToRememberItALargeStateIsAnsweredWhenTheSnapshotHasIt) {
  found(kManyKeys, 2);
  world_.around(1).sync_limits.keys_ahead_max = 0;
  begin_sync();
  send_piece();
  const auto [passed, ahead] = keys_around_the_scan();
  const auto large = world_.ask(1, {"SETRANGE", ahead, "300000", "x"});
  const auto small = world_.ask(1, {"APPEND", passed, "x"});
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(large), std::nullopt);
  EXPECT_EQ(world_.reply(small), ":2\r\n") << "it is not behind the other for ever";
  world_.run();
  EXPECT_EQ(world_.reply(large), ":300001\r\n");
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, ACommandThatBringsALargeValueItselfIsSentAhead) {
  found(kManyKeys, 2);
  begin_sync();
  send_piece();
  const auto [passed, ahead] = keys_around_the_scan();
  const auto large = world_.ask(1, {"SET", ahead, std::string(2'000'000, 'x')});
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(large), kOk);
}

/// The operations of before, which the heir has executed, only the snapshot brings.
TEST_F(ReplicaSyncTest, AfterATakeOverNewWritesDoNotWaitForTheSnapshot) {
  world_.configure(World::config(1, 1, {1, 2}));
  set("old", "1");
  world_.run();
  const auto unanswered = set("old", "2");
  world_.deliver(1, 2);
  world_.kill(1);
  world_.configure({2, 3}, World::config(2, 2, {2}, {3}));
  world_.ask_again(2, unanswered);
  const auto written = world_.ask(2, {"SET", key("new"), "1"});
  EXPECT_EQ(world_.reply(unanswered), std::nullopt) << "no other node holds it";
  world_.deliver(2, 3);
  world_.deliver(3, 2);
  EXPECT_EQ(world_.reply(written), kOk);
  EXPECT_EQ(world_.value(3, key("new")), "1");
  EXPECT_EQ(world_.reply(unanswered), kOk);
  world_.run();
  EXPECT_TRUE(world_.same_data(2, 3));
}

TEST_F(ReplicaSyncTest, BehindAHoleAWriteIsAnsweredOnlyWhenItIsOnEnoughNodes) {
  world_.around(1).copies_required = 3;
  world_.configure(World::config(1, 1, {1}));
  set("hole", "1");
  world_.configure(World::config(2, 1, {1}, {2, 3}));
  const auto written = set("new", "1");
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(written), std::nullopt) << "on two of three";
  world_.deliver(1, 3);
  world_.deliver(3, 1);
  EXPECT_EQ(world_.reply(written), kOk);
}

/// Of large values a bucket may be more than one frame can hold.
TEST_F(ReplicaSyncTest, LargeValuesTravelInFramesOfTheirOwn) {
  found(0);
  for (int i = 0; i < 7; ++i) set("large" + std::to_string(i), std::string(300'000, 'x'));
  begin_sync();
  world_.deliver(1, 2);
  world_.send_chunk(1, 2);
  EXPECT_GE(world_.on_the_way(1, 2), 7u) << "all are in one bucket";
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, ALargeWriteOnBothSidesOfTheScanIsWhole) {
  found(kManyKeys, 2);
  begin_sync();
  send_piece();
  const auto [passed, ahead] = keys_around_the_scan();
  const std::string large(200 * 1024, 'x');
  const auto mset = world_.ask(1, {"MSET", passed, large, ahead, large});
  world_.run();
  EXPECT_EQ(world_.reply(mset), kOk);
  EXPECT_TRUE(world_.value(2, passed) == large);
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, AWriteFromBeforeTheSyncIsAnsweredLikeThoseAfterIt) {
  found(10, 2);
  const auto before = set("a", "1");
  begin_sync();
  const auto after = set("b", "1");
  EXPECT_TRUE(world_.replies.empty());
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(before), kOk);
  EXPECT_EQ(world_.reply(after), kOk);
}

TEST_F(ReplicaSyncTest, OnceCaughtUpItsAcksAreWaitedFor) {
  found(10);
  begin_sync();
  world_.run();
  const auto set_now = set("a", "1");
  EXPECT_EQ(world_.reply(set_now), std::nullopt) << "it may become in sync at any moment";
  world_.run();
  EXPECT_EQ(world_.reply(set_now), kOk);
}

TEST_F(ReplicaSyncTest, ABrokenLinkBeginsTheSyncAnew) {
  found(kManyKeys);
  begin_sync();
  send_piece();
  world_.cut(1, 2);
  set("meanwhile", "1");
  world_.ask(1, {"DEL", key("1")});
  world_.heal(1, 2);
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 1u);
}

TEST_F(ReplicaSyncTest, ALinkThatBreaksAfterTheSyncResumesTheStream) {
  found(kManyKeys);
  begin_sync();
  world_.run();
  world_.cut(1, 2);
  const auto set_now = set("meanwhile", "1");
  world_.heal(1, 2);
  EXPECT_LT(world_.on_the_way(1, 2), 5u) << "no second snapshot";
  world_.run();
  EXPECT_EQ(world_.reply(set_now), kOk);
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, ALinkThatIsDownWhenTheSyncShouldBeginOnlyDelaysIt) {
  found(10);
  world_.cut(1, 2);
  begin_sync();
  world_.run();
  EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 0u);
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 1u);
}

TEST_F(ReplicaSyncTest, ANewConfigurationAsksForTheNewsOnceMore) {
  found(10);
  begin_sync();
  world_.run();
  world_.configure(World::config(3, 1, {1}, {2, 3}));
  world_.run();
  std::size_t of_node_2 = 0;
  for (const auto& [node, report] : world_.reports) {
    const bool is_it = report.kind == Report::Kind::kCaughtUp && report.node == NodeId(2);
    of_node_2 += is_it && report.epoch == Epoch(3) ? 1 : 0;
  }
  EXPECT_EQ(of_node_2, 1u) << "what was said of epoch 2 is void";
}

TEST_F(ReplicaSyncTest, AConfigurationLearnedFromAPeerIsReportedBeforeWhatFollowsFromIt) {
  found(10);
  begin_sync();
  world_.run();
  world_.reports.clear();
  world_.inject(2, 1,
                wire::Nack{.partition = world_.partition(),
                           .term = Epoch(9),
                           .reason = wire::NackReason::kStale,
                           .config = World::config(3, 1, {1}, {2, 3})});
  world_.deliver(2, 1);
  ASSERT_GE(world_.reports.size(), 2u);
  EXPECT_EQ(world_.reports[0].second.kind, Report::Kind::kLearned);
  EXPECT_EQ(world_.reports[1].second.kind, Report::Kind::kCaughtUp);
}

TEST_F(ReplicaSyncTest, WhoMissedAConfigurationIsSyncedAnew) {
  found(10);
  begin_sync();
  world_.run();
  world_.configure({2, 3}, World::config(3, 1, {1}));
  world_.configure(World::config(4, 1, {1}, {2}));
  EXPECT_EQ(world_.replica(2).store().keys(), 0u);
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaSyncTest, SyncedThenInSyncItCanTakeOver) {
  found(kManyKeys);
  begin_sync();
  world_.run();
  world_.configure(World::config(3, 1, {1, 2}));
  set("last", "1");
  world_.run();
  world_.kill(1);
  world_.configure({2, 3}, World::config(4, 4, {2}));
  world_.configure({2, 3}, World::config(5, 4, {2}, {3}));
  world_.run();
  EXPECT_EQ(world_.value(3, key("last")), "1");
  EXPECT_TRUE(world_.same_data(2, 3));
}

TEST_F(ReplicaSyncTest, ADamagedPieceBeginsTheSyncAnew) {
  found(10);
  begin_sync();
  world_.deliver(1, 2);
  world_.inject(
      1, 2,
      wire::SyncChunk{
          .partition = world_.partition(), .term = Epoch(1), .sync = 999, .entries = "\xff"});
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_GE(world_.count(Report::Kind::kCaughtUp), 1u);
}

TEST_F(ReplicaSyncTest, WhatItCannotReadBehindTheSnapshotBeginsTheSyncAnew) {
  found(10);
  world_.configure(World::config(2, 1, {1}, {2}));
  world_.deliver(1, 2);
  world_.deliver(2, 1);
  world_.send_chunk(1, 2);  // the snapshot is sent as a whole, and not acknowledged
  set("a", "1");
  set("b", "1");
  world_.inject(2, 1,
                wire::Nack{.partition = world_.partition(),
                           .term = Epoch(1),
                           .reason = wire::NackReason::kNotHere,
                           .config = World::config(2, 1, {1}, {2})});
  world_.deliver(2, 1);
  set("c", "1");
  world_.send_chunk(1, 2);
  set("d", "1");
  world_.run();
  EXPECT_EQ(world_.replies.size(), 4u);
  EXPECT_TRUE(world_.same_data(1, 2));
}

/// Any commands, any moments at which pieces, frames and answers arrive or the link breaks.
RC_GTEST_PROP(ReplicaSync, EndsWithEqualCopies, ()) {
  ReplicaWorld world(2);
  world.around(1).copies_required = 1;
  world.configure(World::config(1, 1, {1}));
  const int keys = 6000;
  for (int i = 0; i < keys; ++i) world.ask(1, {"SET", key(std::to_string(i)), "v"});
  world.replies.clear();
  world.around(1).copies_required = 2;
  world.configure(World::config(2, 1, {1}, {2}));
  std::size_t asked = 0;
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    const auto name = [&] { return key(std::to_string(*rc::gen::inRange(0, keys))); };
    const std::string large(*rc::gen::inRange<std::size_t>(100, 200) * 1024, 'x');
    const int what = *rc::gen::inRange(0, 10);
    if (what < 5) ++asked;
    if (what == 0) world.ask(1, {"SETRANGE", name(), i % 2 == 0 ? "0" : "300000", "a"});
    if (what == 1) world.ask(1, {"SET", name(), "b", "EX", "1000"});
    if (what == 2) world.ask(1, {"DEL", name(), name()});
    if (what == 3) world.ask(1, {"MSET", name(), large, name(), large});
    if (what == 4) world.ask(1, {"INCR", key("n")});
    if (what == 5) world.deliver(1, 2);
    if (what == 6) world.deliver(2, 1);
    if (what == 7 || what == 8) world.send_chunk(1, 2);
    if (what == 9 && *rc::gen::inRange(0, 3) == 0) {
      world.cut(1, 2);
      world.heal(1, 2);
    }
  }
  world.run();
  RC_ASSERT(world.same_data(1, 2));
  RC_ASSERT(world.replica(1).last_seq() == world.replica(2).last_seq());
  RC_ASSERT(world.replies.size() == asked);
}

}  // namespace
}  // namespace borg::replication::testing
