// SPDX-License-Identifier: Apache-2.0
// What a backup takes, and what it refuses: older terms, gaps, histories that are not its own.
#include <gtest/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using Role = Replica::Role;
using World = ReplicaWorld;

class ReplicaBackupTest : public ::testing::Test {
 protected:
  ReplicaBackupTest() {
    world_.configure(World::config(1, 1, {1, 2}));
    world_.run();
  }
  void write(int node, std::string_view name, std::string value) {
    world_.ask(node, {"SET", key(name), std::move(value)});
  }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaBackupTest, HasEveryChangeInOrder) {
  for (int i = 0; i < 20; ++i) world_.ask(1, {"APPEND", key("a"), std::to_string(i)});
  world_.ask(1, {"SET", key("b"), "1", "EX", "100"});
  world_.ask(1, {"SET", key("c"), "1"});
  world_.ask(1, {"DEL", key("c")});
  world_.run();
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.replica(2).last_seq(), world_.replica(1).last_seq());
}

TEST_F(ReplicaBackupTest, ReadsSendNothing) {
  world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.on_the_way(1, 2), 0u);
}

TEST_F(ReplicaBackupTest, ALinkThatBreaksLosesNothing) {
  write(1, "a", "1");
  world_.deliver(1, 2);  // the ack is lost
  write(1, "b", "1");    // the operation is lost
  world_.cut(1, 2);
  write(1, "c", "1");
  EXPECT_TRUE(world_.replies.empty());
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(world_.replies.size(), 3u);
  EXPECT_TRUE(world_.same_data(1, 2));
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 0u);
}

TEST_F(ReplicaBackupTest, ALinkThatBreaksAgainAndAgainLosesNothing) {
  for (int i = 0; i < 30; ++i) {
    world_.ask(1, {"INCR", key("n")});
    if (i % 3 == 0) world_.deliver(1, 2);
    if (i % 7 == 0) world_.deliver(2, 1);
    if (i % 4 == 0) {
      world_.cut(1, 2);
      world_.heal(1, 2);
    }
  }
  world_.run();
  EXPECT_EQ(world_.replies.size(), 30u);
  EXPECT_EQ(world_.value(2, key("n")), "30");
}

TEST_F(ReplicaBackupTest, AnAckOfALinkThatBrokeIsVoid) {
  write(1, "a", "1");
  // As if the ack came from the frame's first sending although the stream began anew.
  world_.cut(1, 2);
  world_.heal(1, 2);
  EXPECT_TRUE(world_.replies.empty());
  world_.run();
  EXPECT_EQ(world_.replies.size(), 1u);
}

TEST_F(ReplicaBackupTest, TakesOverWithEveryAcknowledgedWrite) {
  write(1, "a", "1");
  world_.run();
  world_.kill(1);
  world_.around(2).copies_required = 1;
  world_.configure({2, 3}, World::config(2, 2, {2}));
  EXPECT_EQ(world_.replica(2).role(), Role::kPrimary);
  EXPECT_EQ(world_.reply(world_.ask(2, {"GET", key("a")})), bulk("1"));
}

TEST_F(ReplicaBackupTest, ARequestThatTheFormerPrimaryExecutedHasItsFirstResultHere) {
  const auto incr = world_.ask(1, {"INCR", key("n")});
  world_.deliver(1, 2);  // executed on both, and the answer is lost with the primary
  world_.kill(1);
  world_.around(2).copies_required = 1;
  world_.configure({2}, World::config(2, 2, {2}));
  world_.ask_again(2, incr);
  EXPECT_EQ(world_.reply(incr), ":1\r\n");
  EXPECT_EQ(world_.value(2, key("n")), "1");
}

TEST_F(ReplicaBackupTest, ARequestThatNeverReachedItIsExecutedOnce) {
  const auto incr = world_.ask(1, {"INCR", key("n")});
  world_.kill(1);
  world_.around(2).copies_required = 1;
  world_.configure({2}, World::config(2, 2, {2}));
  world_.ask_again(2, incr);
  EXPECT_EQ(world_.reply(incr), ":1\r\n");
}

TEST_F(ReplicaBackupTest, AFormerPrimarysOperationsAreRefusedAndItLearnsWhoReplacedIt) {
  world_.configure({2}, World::config(2, 2, {2, 1}));
  const auto lost = world_.ask(1, {"SET", key("a"), "old"});
  world_.run();
  EXPECT_EQ(world_.replica(1).role(), Role::kBackup);
  EXPECT_EQ(world_.given(lost)->status, wire::ReplyStatus::kMoved);
  EXPECT_EQ(world_.value(2, key("a")), std::nullopt);
  EXPECT_GE(world_.count(Report::Kind::kLearned), 1u);
}

TEST_F(ReplicaBackupTest, AFormerPrimaryWithMoreThanItsHeirIsSyncedAnew) {
  write(1, "a", "never acknowledged");
  world_.cut(1, 2);
  world_.configure(World::config(2, 2, {2, 1}));
  world_.heal(1, 2);
  world_.run();
  ASSERT_GE(world_.count(Report::Kind::kBroken), 1u);
  EXPECT_EQ(world_.reports.back().second.node, NodeId(1));
  world_.configure(World::config(3, 2, {2}));
  EXPECT_EQ(world_.value(1, key("a")), std::nullopt) << "it discards what it had";
  world_.configure(World::config(4, 2, {2}, {1}));
  const auto set = world_.ask(2, {"SET", key("a"), "new"});
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_EQ(world_.value(1, key("a")), "new");
}

TEST_F(ReplicaBackupTest, ABrokenBackupHoldsWritesUpUntilItIsRemoved) {
  write(1, "x", "only here");
  world_.cut(1, 2);
  world_.configure(World::config(2, 2, {2, 1, 3}));
  world_.heal(1, 2);
  const auto set = world_.ask(2, {"SET", key("a"), "1"});
  world_.run();
  EXPECT_EQ(world_.reply(set), std::nullopt) << "in sync by the configuration, and without it";
  world_.configure(World::config(3, 2, {2, 3}));
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
}

TEST_F(ReplicaBackupTest, AGapInTheStreamIsRefused) {
  write(1, "a", "1");
  write(1, "b", "1");
  world_.run();
  ByteBuffer body;
  Encoder encoder(body);
  const std::vector<std::string_view> args{"SET", "x", "1"};
  wire::encode_args(encoder, args);
  // The stream's next operation but one, as a primary that lost count would send it.
  Replica& backup = world_.replica(2);
  const Seq before = backup.last_seq();
  world_.inject(1, 2,
                wire::Operation{.partition = world_.partition(),
                                .term = Epoch(1),
                                .seq = before.next().next(),
                                .body = body.view()});
  world_.run();
  EXPECT_EQ(backup.last_seq(), before);
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 1u);
}

TEST_F(ReplicaBackupTest, AnOperationThatItCannotExecuteMakesItsCopyBroken) {
  const std::vector<std::vector<std::string_view>> commands{
      {"NOSUCH"}, {"PING"}, {"SET"}, {"SET", "elsewhere", "1"}};
  for (std::size_t i = 0; i < commands.size(); ++i) {
    ReplicaWorld world(2);
    world.configure(World::config(1, 1, {1, 2}));
    world.run();
    ByteBuffer body;
    Encoder encoder(body);
    wire::encode_args(encoder, commands[i]);
    world.inject(1, 2,
                 wire::Operation{.partition = world.partition(),
                                 .term = Epoch(1),
                                 .seq = Seq(1),
                                 .body = i == 0 ? "junk" : body.view()});
    world.run();
    EXPECT_EQ(world.count(Report::Kind::kBroken), 1u) << commands[i][0];
  }
}

TEST_F(ReplicaBackupTest, AnOperationOfItsPastIsIgnored) {
  for (int i = 0; i < 3; ++i) world_.ask(1, {"INCR", key("n")});
  world_.run();
  ByteBuffer body;
  Encoder encoder(body);
  const std::string name = key("n");
  const std::vector<std::string_view> args{"INCR", name};
  wire::encode_args(encoder, args);
  world_.inject(
      1, 2,
      wire::Operation{
          .partition = world_.partition(), .term = Epoch(1), .seq = Seq(2), .body = body.view()});
  world_.run();
  EXPECT_EQ(world_.value(2, name), "3");
  EXPECT_EQ(world_.count(Report::Kind::kBroken), 0u);
}

TEST_F(ReplicaBackupTest, WhoIsNoReplicaAnyMoreHoldsNothing) {
  write(1, "a", "1");
  world_.run();
  world_.configure(World::config(2, 1, {1}));
  EXPECT_EQ(world_.replica(2).role(), Role::kNone);
  EXPECT_EQ(world_.replica(2).store().keys(), 0u);
  EXPECT_EQ(world_.replica(2).records().size(), 0u);
}

TEST_F(ReplicaBackupTest, AnOlderConfigurationChangesNothing) {
  world_.configure(World::config(5, 5, {2, 1}));
  world_.configure(World::config(4, 4, {1, 2}));
  EXPECT_EQ(world_.replica(2).role(), Role::kPrimary);
  EXPECT_EQ(world_.replica(2).config(), World::config(5, 5, {2, 1}));
}

}  // namespace
}  // namespace borg::replication::testing
