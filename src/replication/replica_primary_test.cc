// SPDX-License-Identifier: Apache-2.0
// A primary executes commands, and answers when the replicas have them.
#include <gtest/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using wire::ReplyStatus;
using World = ReplicaWorld;

/// Node 1 is primary, node 2 its backup.
class ReplicaPrimaryTest : public ::testing::Test {
 protected:
  ReplicaPrimaryTest() {
    world_.configure(World::config(1, 1, {1, 2}));
    world_.run();
  }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaPrimaryTest, AWriteIsAnsweredOnlyWhenTheBackupHasIt) {
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  EXPECT_EQ(world_.reply(set), std::nullopt);
  world_.deliver(1, 2);
  EXPECT_EQ(world_.value(2, key("a")), "1");
  EXPECT_EQ(world_.reply(set), std::nullopt) << "the primary does not know it yet";
  world_.deliver(2, 1);
  EXPECT_EQ(world_.reply(set), kOk);
}

TEST_F(ReplicaPrimaryTest, AReadThatCouldSeeAnUnfinishedWriteWaitsForIt) {
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  const auto get = world_.ask(1, {"GET", key("a")});
  const auto other = world_.ask(1, {"GET", key("b")});
  EXPECT_TRUE(world_.replies.empty());
  world_.run();
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_EQ(world_.reply(get), bulk("1"));
  EXPECT_EQ(world_.reply(other), "$-1\r\n");
}

TEST_F(ReplicaPrimaryTest, WhatAReadLeavesToBeDoneIsReplicatedAndNobodyWaitsForIt) {
  world_.ask(1, {"PFADD", key("h"), "a", "b"});
  world_.run();
  const auto before = world_.value(1, key("h"));
  const auto count = world_.ask(1, {"PFCOUNT", key("h")});
  world_.run();
  EXPECT_EQ(world_.reply(count), ":2\r\n");
  EXPECT_NE(world_.value(1, key("h")), before) << "the estimate is kept";
  EXPECT_EQ(world_.value(2, key("h")), world_.value(1, key("h")));
  const Seq last = world_.replica(1).last_seq();
  world_.ask(1, {"PFCOUNT", key("h")});
  EXPECT_EQ(world_.replica(1).last_seq(), last) << "there is nothing more to be done";
}

TEST_F(ReplicaPrimaryTest, AnyReplicaTellsHowFarItIsAndWhatItHolds) {
  const auto digest_of = [&](int node) {
    const auto request = world_.ask(node, {"_digest"});
    ReplicaWorld::Asked asked = world_.asked(request);
    asked.any_replica = true;
    world_.replies.clear();
    world_.give(node, asked);
    return world_.replies.empty() ? std::string() : world_.replies.back().bytes;
  };
  world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  const std::string primary = digest_of(1);
  const std::string backup = digest_of(2);
  EXPECT_NE(primary.find("primary"), std::string::npos);
  EXPECT_NE(backup.find("backup"), std::string::npos);
  EXPECT_EQ(primary.substr(primary.find("epoch")), backup.substr(backup.find("epoch")));
}

TEST_F(ReplicaPrimaryTest, AReadWithoutUnfinishedWritesIsAnsweredAtOnce) {
  const auto get = world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.reply(get), "$-1\r\n");
}

TEST_F(ReplicaPrimaryTest, AnswersComeInTheOrderOfTheWrites) {
  for (int i = 0; i < 5; ++i) world_.ask(1, {"INCR", key("n")});
  world_.run();
  ASSERT_EQ(world_.replies.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(world_.replies[i].bytes, ":" + std::to_string(i + 1) + "\r\n");
  }
}

TEST_F(ReplicaPrimaryTest, WithTooFewNodesAWriteIsRefusedAndNothingIsWritten) {
  world_.around(1).too_few_nodes = true;
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  EXPECT_TRUE(world_.reply(set)->starts_with("-NOREPLICAS "));
  EXPECT_EQ(world_.value(1, key("a")), std::nullopt);
  EXPECT_EQ(world_.reply(world_.ask(1, {"GET", key("a")})), "$-1\r\n") << "reads go on";
}

TEST_F(ReplicaPrimaryTest, WithoutMemoryOnlyWritesThatNeedSomeAreRefused) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  world_.around(1).out_of_memory = true;
  EXPECT_TRUE(world_.reply(world_.ask(1, {"SET", key("b"), "1"}))->starts_with("-OOM "));
  const auto del = world_.ask(1, {"DEL", key("a")});
  world_.run();
  EXPECT_EQ(world_.reply(del), ":1\r\n");
}

TEST_F(ReplicaPrimaryTest, AWriteThatWasRefusedIsNotExecutedBehindLaterOnes) {
  world_.around(1).out_of_memory = true;
  const auto refused = world_.ask(1, {"SET", key("a"), "first"});
  const auto multi = world_.ask(1, {"_exec", "0", "3", "SET", key("b"), "first"});
  world_.around(1).out_of_memory = false;
  const auto later = world_.ask(1, {"SET", key("a"), "later"});
  world_.run();
  EXPECT_EQ(world_.reply(later), kOk);
  const auto said = world_.reply(refused);
  const auto said_of_multi = world_.reply(multi);
  ASSERT_TRUE(said->starts_with("-OOM "));
  ASSERT_TRUE(said_of_multi->starts_with("-EXECABORT "));

  world_.replies.clear();
  world_.ask_again(1, refused);
  world_.ask_again(1, multi);
  EXPECT_EQ(world_.reply(refused), said);
  EXPECT_EQ(world_.reply(multi), said_of_multi);
  EXPECT_EQ(world_.value(1, key("a")), "later");

  world_.replies.clear();
  world_.kill(1);
  world_.configure({2}, ReplicaWorld::config(2, 2, {2}));
  world_.around(2).copies_required = 1;
  world_.ask_again(2, refused);
  EXPECT_EQ(world_.reply(refused), said) << "whoever takes over knows it too";
  EXPECT_EQ(world_.value(2, key("a")), "later");
}

TEST_F(ReplicaPrimaryTest, ARefusalIsRememberedWithTooFewNodesToo) {
  world_.kill(2);
  world_.configure({1}, ReplicaWorld::config(2, 1, {1}));
  world_.around(1).too_few_nodes = true;
  const auto refused = world_.ask(1, {"SET", key("a"), "first"});
  for (int i = 0; i < 1000; ++i) world_.ask(1, {"SET", key("b"), std::string(100, 'x')});
  EXPECT_EQ(world_.replica(1).waiting_bytes(), 0u) << "nobody waits for what they left";
  world_.around(1).too_few_nodes = false;
  world_.around(1).copies_required = 1;
  world_.ask(1, {"SET", key("a"), "later"});
  const std::string said = *world_.reply(refused);
  EXPECT_TRUE(said.starts_with("-NOREPLICAS "));
  world_.replies.clear();
  world_.ask_again(1, refused);
  EXPECT_EQ(world_.reply(refused), said);
  EXPECT_EQ(world_.value(1, key("a")), "later");
}

TEST_F(ReplicaPrimaryTest, RefusalsDoNotFillALogThatCannotBeCut) {
  world_.ask(1, {"SET", key("a"), "waits"});  // the backup does not answer
  world_.around(1).out_of_memory = true;
  std::uint64_t last = 0;
  for (int i = 0; i < 30'000; ++i) last = world_.ask(1, {"SET", key("b"), "x"});
  EXPECT_LT(world_.replica(1).waiting_bytes(), 1'500'000u);
  world_.replies.clear();
  world_.around(1).out_of_memory = false;
  world_.ask_again(1, last);
  EXPECT_TRUE(world_.reply(last)->starts_with("-OOM ")) << "it is remembered all the same";
}

TEST_F(ReplicaPrimaryTest, WithoutALeaseNothingIsServedUntilItComesBack) {
  world_.around(1).serve_until = world_.now.instant;
  const auto get = world_.ask(1, {"GET", key("a")});
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  EXPECT_TRUE(world_.replies.empty());
  EXPECT_FALSE(world_.replica(1).idle());
  world_.around(1).serve_until = world_.now.instant + Duration::millis(1);
  world_.poke(1);
  world_.run();
  EXPECT_EQ(world_.reply(get), "$-1\r\n") << "it was asked first";
  EXPECT_EQ(world_.reply(set), kOk);
  EXPECT_TRUE(world_.replica(1).idle());
}

TEST_F(ReplicaPrimaryTest, AReadIsGoodForTheLeaseAWriteThatAllBackupsHaveForEver) {
  world_.around(1).serve_until = world_.now.instant + Duration::millis(7);
  const auto get = world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.given(get)->valid_until, world_.around(1).serve_until);
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.around(1).serve_until = world_.now.instant;
  world_.run();
  ASSERT_NE(world_.given(set), nullptr);
  EXPECT_EQ(world_.given(set)->valid_until, Instant::never());
}

TEST_F(ReplicaPrimaryTest, WhoMayBeAloneWithoutKnowingGoesByWhatHoldsAloneToo) {
  world_.around(1).alone_until = world_.now.instant + Duration::millis(7);
  const auto before = world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.given(before)->valid_until, Instant::never());
  world_.around(1).may_be_alone = true;
  const auto get = world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.given(get)->valid_until, world_.around(1).alone_until);
  // Nor does it count that those who were in sync have a write.
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  ASSERT_NE(world_.given(set), nullptr);
  EXPECT_EQ(world_.given(set)->valid_until, world_.around(1).alone_until);
  world_.pass(Duration::millis(7));
  const auto late = world_.ask(1, {"SET", key("a"), "2"});
  world_.run();
  EXPECT_EQ(world_.given(late), nullptr);
}

TEST_F(ReplicaPrimaryTest, AReadThatWaitedNeedsTheLeaseWhenItIsAnswered) {
  world_.ask(1, {"SET", key("a"), "1"});
  const auto get = world_.ask(1, {"GET", key("a")});
  world_.around(1).serve_until = world_.now.instant;
  world_.run();
  EXPECT_EQ(world_.reply(get), std::nullopt);
  world_.around(1).serve_until = Instant::never();
  world_.poke(1);
  EXPECT_EQ(world_.reply(get), bulk("1"));
}

TEST_F(ReplicaPrimaryTest, ASecondSendingOfAWriteGetsTheFirstResult) {
  const auto incr = world_.ask(1, {"INCR", key("n")});
  world_.run();
  world_.replies.clear();
  world_.ask_again(1, incr);
  EXPECT_EQ(world_.reply(incr), ":1\r\n");
  EXPECT_EQ(world_.value(1, key("n")), "1");
  EXPECT_EQ(world_.on_the_way(1, 2), 0u);
}

TEST_F(ReplicaPrimaryTest, ASecondSendingWaitsForTheBackupLikeTheFirst) {
  const auto incr = world_.ask(1, {"INCR", key("n")});
  world_.ask_again(1, incr);
  EXPECT_TRUE(world_.replies.empty());
  world_.run();
  ASSERT_EQ(world_.replies.size(), 2u) << "the gateway ignores one of them";
  EXPECT_EQ(world_.replies[0].bytes, ":1\r\n");
  EXPECT_EQ(world_.replies[1].bytes, ":1\r\n");
  EXPECT_EQ(world_.value(1, key("n")), "1");
}

TEST_F(ReplicaPrimaryTest, AWriteWhoseAnswerItsGatewayHasIsNeverExecutedAgain) {
  const auto first = world_.ask(1, {"INCR", key("n")});
  world_.run();
  world_.floor = first + 1;
  world_.ask(1, {"INCR", key("n")});
  world_.run();
  world_.replies.clear();
  world_.ask_again(1, first);
  EXPECT_TRUE(world_.replies.empty());
  EXPECT_EQ(world_.value(1, key("n")), "2");
}

TEST_F(ReplicaPrimaryTest, WhoIsNotPrimarySaysWhoIs) {
  const auto get = world_.ask(2, {"GET", key("a")});
  ASSERT_NE(world_.given(get), nullptr);
  EXPECT_EQ(world_.given(get)->status, ReplyStatus::kMoved);
  PartitionConfig config;
  Decoder in(world_.given(get)->bytes);
  ASSERT_TRUE(wire::decode_config(in, config));
  EXPECT_EQ(config, World::config(1, 1, {1, 2}));
}

TEST_F(ReplicaPrimaryTest, ARequestOfAnOlderTermIsSentBack) {
  world_.configure(World::config(2, 2, {1, 2}));
  world_.run();
  World::Asked asked{{.gateway = {NodeId(100), 0}, .seq = 50}, Epoch(1), {"INCR", key("n")}};
  world_.give(1, asked);
  EXPECT_EQ(world_.given(50)->status, ReplyStatus::kMoved);
  EXPECT_EQ(world_.value(1, key("n")), std::nullopt);
}

TEST_F(ReplicaPrimaryTest, ARequestOfANewerTermWaitsUntilTheViewHasArrived) {
  World::Asked asked{{.gateway = {NodeId(100), 0}, .seq = 50}, Epoch(2), {"INCR", key("n")}};
  world_.give(2, asked);
  EXPECT_TRUE(world_.replies.empty());
  world_.configure(World::config(2, 2, {2, 1}));
  world_.run();
  EXPECT_EQ(world_.reply(50), ":1\r\n");
}

TEST_F(ReplicaPrimaryTest, WhatWaitsIsNotOvertaken) {
  World::Asked first{{.gateway = {NodeId(100), 0}, .seq = 50}, Epoch(2), {"SET", key("a"), "1"}};
  World::Asked second{{.gateway = {NodeId(100), 0}, .seq = 51}, Epoch(2), {"SET", key("a"), "2"}};
  world_.give(2, first);
  world_.around(2).serve_until = world_.now.instant;
  world_.configure(World::config(2, 2, {2, 1}));
  world_.around(2).serve_until = Instant::never();
  world_.give(2, second);
  world_.poke(2);
  world_.run();
  EXPECT_EQ(world_.value(2, key("a")), "2");
  EXPECT_EQ(world_.value(1, key("a")), "2");
}

TEST_F(ReplicaPrimaryTest, UnknownCommandsAndWrongNumbersOfArgumentsAreAnswered) {
  EXPECT_TRUE(world_.reply(world_.ask(1, {"NOSUCH", key("a")}))->starts_with("-ERR unknown"));
  EXPECT_TRUE(world_.reply(world_.ask(1, {"SET", key("a")}))->starts_with("-ERR wrong number"));
  EXPECT_TRUE(world_.reply(world_.ask(1, {"PING"}))->starts_with("-ERR unknown"));
}

TEST_F(ReplicaPrimaryTest, AKeyOfAnotherPartitionIsRefused) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"SET", "elsewhere", "1"}, {"GET", "elsewhere"}, {"MGET", key("a"), "elsewhere"}}) {
    EXPECT_TRUE(world_.reply(world_.ask(1, args))->starts_with("-ERR")) << args[0];
  }
  EXPECT_EQ(world_.replica(1).store().keys(), 0u);
}

TEST_F(ReplicaPrimaryTest, AnyReplicaAnswersAReadThatAsksForItAndNeverAWrite) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  World::Asked asked{{.gateway = {NodeId(100), 0}, .seq = 50}, Epoch(), {"_count"}, true};
  world_.give(2, asked);
  EXPECT_EQ(world_.reply(50), ":1\r\n");
  World::Asked write{{.gateway = {NodeId(100), 0}, .seq = 51}, Epoch(), {"DEL", key("a")}, true};
  world_.give(2, write);
  EXPECT_TRUE(world_.reply(51)->starts_with("-ERR"));
  EXPECT_EQ(world_.value(2, key("a")), "1");
}

TEST_F(ReplicaPrimaryTest, ExpiredKeysAreRemovedByTheStreamNotByTheBackupsClock) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "100"});
  world_.run();
  world_.pass(Duration::millis(200));
  const auto get = world_.ask(1, {"GET", key("a")});
  EXPECT_EQ(world_.reply(get), std::nullopt) << "the backup must not show it again";
  EXPECT_EQ(world_.value(2, key("a")), "1");
  world_.run();
  EXPECT_EQ(world_.reply(get), "$-1\r\n");
  EXPECT_EQ(world_.value(1, key("a")), std::nullopt);
  EXPECT_EQ(world_.value(2, key("a")), std::nullopt);
}

TEST_F(ReplicaPrimaryTest, TimeNeverGoesBackNotEvenWhenTheClockDoes) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "100"});
  world_.run();
  world_.pass(Duration::millis(150));
  world_.ask(1, {"SET", key("b"), "1"});
  world_.run();
  world_.now.wall.ms -= 10'000;
  const auto get = world_.ask(1, {"GET", key("a")});
  world_.run();
  EXPECT_EQ(world_.reply(get), "$-1\r\n");
  world_.configure(World::config(2, 2, {2, 1}));
  world_.run();
  const auto ttl = world_.ask(2, {"SET", key("c"), "1", "PX", "100"});
  world_.run();
  EXPECT_EQ(world_.reply(ttl), kOk);
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST(ReplicaAlone, AWriteNeedsOnlyTheProofThatNobodyReplacedIt) {
  ReplicaWorld world(1);
  world.around(1).copies_required = 1;
  world.around(1).serve_until = world.now.instant + Duration::millis(5);
  world.configure(World::config(1, 1, {1}));
  const auto set = world.ask(1, {"SET", key("a"), "1"});
  EXPECT_EQ(world.reply(set), kOk);
  EXPECT_EQ(world.given(set)->valid_until, world.around(1).serve_until);
  world.pass(Duration::millis(5));
  const auto late = world.ask(1, {"SET", key("a"), "2"});
  EXPECT_EQ(world.reply(late), std::nullopt);
  EXPECT_EQ(world.value(1, key("a")), "1");
}

TEST(ReplicaAlone, KeepsNoResultForAGatewayThatCannotAskAgain) {
  ReplicaWorld world(1);
  world.around(1).copies_required = 1;
  world.configure(World::config(1, 1, {1}));
  world.ask(1, {"SET", key("a"), "1"});
  EXPECT_EQ(world.replica(1).records().size(), 1u);
  world.around(1).is_own_gateway = true;
  world.ask(1, {"SET", key("a"), "2"});
  EXPECT_EQ(world.replica(1).records().size(), 1u);
}

TEST(ReplicaAlone, AWriteThatNeedsAnotherNodeWaitsForIt) {
  ReplicaWorld world(2);
  world.configure(World::config(1, 1, {1}));
  const auto set = world.ask(1, {"SET", key("a"), "1"});
  world.run();
  EXPECT_EQ(world.reply(set), std::nullopt);
  world.configure(World::config(2, 1, {1}, {2}));
  world.run();
  EXPECT_EQ(world.reply(set), kOk);
  EXPECT_EQ(world.value(2, key("a")), "1");
}

}  // namespace
}  // namespace borg::replication::testing
