// SPDX-License-Identifier: Apache-2.0
// Commands that wait at the primary: served once and in order, wherever they are asked again.
#include <gtest/gtest.h>

#include <algorithm>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using wire::ReplyStatus;
using World = ReplicaWorld;

const std::string kNull = "*-1\r\n";

std::string popped(std::string_view name, std::string_view element) {
  return "*2\r\n" + bulk(key(name)) + bulk(element);
}

class ReplicaBlockingTest : public ::testing::Test {
 protected:
  ReplicaBlockingTest() {
    world_.configure(World::config(1, 1, {1, 2}));
    world_.run();
  }
  /// Request `number` of the class, from gateway 100 + lane.
  World::Asked asked(std::uint64_t number, std::vector<std::string> args, int node = 1,
                     std::uint64_t finished = 0) {
    return {.origin = {.gateway = {NodeId(100), 0},
                       .seq = wire::kLongLivedBit | number,
                       .floor = world_.floor,
                       .finished = finished == 0 ? 0 : wire::kLongLivedBit | finished},
            .term = world_.replica(node).config().term,
            .args = std::move(args)};
  }
  void block(std::uint64_t number, std::vector<std::string> args, int node = 1) {
    world_.give(node, asked(number, std::move(args), node));
  }
  void pop(std::uint64_t number, std::string_view name, int node = 1) {
    block(number, {"BLPOP", key(name), "0"}, node);
  }
  void cancel(std::uint64_t number, std::string_view how = "timeout", int node = 1) {
    block(number, {"_unblock", key("l"), std::string(how)}, node);
  }
  void push(std::string_view name, std::string_view element, int node = 1) {
    world_.ask(node, {"RPUSH", key(name), std::string(element)});
    world_.run();
  }
  /// What became of a request; "waiting" and "moved" where it was told so at last.
  std::string outcome(std::uint64_t number) {
    std::string last = "nothing";
    for (const GivenReply& reply : world_.replies) {
      if (reply.origin.seq != (wire::kLongLivedBit | number)) continue;
      last = reply.status == ReplyStatus::kWaiting ? "waiting"
             : reply.status == ReplyStatus::kMoved ? "moved"
                                                   : reply.bytes;
    }
    return last;
  }
  std::string length(std::string_view name, int node = 1) {
    const auto request = world_.ask(node, {"LLEN", key(name)});
    world_.run();
    return world_.reply(request).value_or("none");
  }
  std::size_t blocked(int node = 1) { return world_.replica(node).blocked().size(); }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaBlockingTest, WhoFindsNothingWaitsAndChangesNothing) {
  pop(1, "l");
  EXPECT_EQ(outcome(1), "waiting");
  EXPECT_EQ(world_.replica(1).last_seq(), Seq());
  EXPECT_EQ(blocked(), 1u);
}

TEST_F(ReplicaBlockingTest, WhoFindsSomethingDoesNotWait) {
  push("l", "x");
  pop(1, "l");
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
  EXPECT_EQ(blocked(), 0u);
}

TEST_F(ReplicaBlockingTest, APushServesWhoWaitsButNoAnswerComesBeforeTheCopy) {
  pop(1, "l");
  world_.ask(1, {"RPUSH", key("l"), "x"});
  EXPECT_EQ(outcome(1), "waiting");
  EXPECT_EQ(world_.replica(1).last_seq(), Seq(2)) << "but it is executed";
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
  EXPECT_EQ(world_.value(2, key("l")), std::nullopt);
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaBlockingTest, FirstComeFirstServed) {
  for (const std::uint64_t n : {5, 3, 9}) pop(n, "l");
  push("l", "a");
  push("l", "b");
  push("l", "c");
  EXPECT_EQ(outcome(5), popped("l", "a"));
  EXPECT_EQ(outcome(3), popped("l", "b"));
  EXPECT_EQ(outcome(9), popped("l", "c"));
}

TEST_F(ReplicaBlockingTest, TheKeyThatCameServesThoughAnotherIsNamedBefore) {
  block(1, {"BLPOP", key("a"), key("b"), "0"});
  block(2, {"BLMPOP", "0", "2", key("a"), key("b"), "LEFT", "COUNT", "5"});
  push("b", "x");
  EXPECT_EQ(outcome(1), popped("b", "x"));
  push("a", "y");
  EXPECT_EQ(outcome(2), "*2\r\n" + bulk(key("a")) + "*1\r\n" + bulk("y"));
}

TEST_F(ReplicaBlockingTest, WhatIsMovedServesTheNext) {
  block(1, {"BLMOVE", key("a"), key("b"), "LEFT", "LEFT", "0"});
  pop(2, "b");
  push("a", "x");
  EXPECT_EQ(outcome(1), bulk("x"));
  EXPECT_EQ(outcome(2), popped("b", "x"));
  EXPECT_TRUE(world_.same_data(1, 2));
}

TEST_F(ReplicaBlockingTest, AValueOfAnotherTypeServesNobody) {
  pop(1, "l");
  world_.ask(1, {"SADD", key("l"), "x"});
  world_.run();
  EXPECT_EQ(outcome(1), "waiting");
  world_.ask(1, {"DEL", key("l")});
  push("l", "x");
  EXPECT_EQ(outcome(1), popped("l", "x"));
}

TEST_F(ReplicaBlockingTest, ADestinationOfAnotherTypeFailsOneAndTheNextIsServed) {
  world_.ask(1, {"SET", key("d"), "text"});
  block(1, {"BRPOPLPUSH", key("l"), key("d"), "0"});
  pop(2, "l");
  push("l", "x");
  EXPECT_TRUE(outcome(1).starts_with("-WRONGTYPE"));
  EXPECT_EQ(outcome(2), popped("l", "x"));
}

TEST_F(ReplicaBlockingTest, AskedAgainItKeepsItsPlace) {
  pop(1, "l");
  pop(2, "l");
  pop(1, "l");
  EXPECT_EQ(blocked(), 2u);
  EXPECT_EQ(outcome(1), "waiting");
  push("l", "x");
  EXPECT_EQ(outcome(1), popped("l", "x"));
  pop(1, "l");  // and once more: the record answers
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
  EXPECT_EQ(blocked(), 1u);
}

TEST_F(ReplicaBlockingTest, WhoeverIsPrimaryNextKnowsWhatWasTaken) {
  pop(1, "l");
  push("l", "x");
  push("l", "y");
  world_.replies.clear();
  world_.configure({2, 3}, World::config(2, 2, {2}, {3}));
  world_.run();
  pop(1, "l", 2);
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
  EXPECT_EQ(length("l", 2), ":1\r\n");
}

TEST_F(ReplicaBlockingTest, WhoResignsSendsOnAndServesNobodyAnyMore) {
  pop(1, "l");
  world_.configure(World::config(2, 2, {2, 1}));
  world_.run();
  EXPECT_EQ(outcome(1), "moved");
  EXPECT_EQ(blocked(), 0u);
  world_.configure(World::config(3, 3, {1, 2}));
  world_.run();
  push("l", "x");
  EXPECT_EQ(length("l"), ":1\r\n");
}

TEST_F(ReplicaBlockingTest, ACancelEndsTheWait) {
  pop(1, "l");
  pop(2, "l");
  cancel(1);
  cancel(2, "error");
  EXPECT_EQ(outcome(1), kNull);
  EXPECT_TRUE(outcome(2).starts_with("-UNBLOCKED "));
  push("l", "x");
  EXPECT_EQ(length("l"), ":1\r\n");
}

TEST_F(ReplicaBlockingTest, ACancelThatComesTooLateGetsTheElement) {
  pop(1, "l");
  push("l", "x");
  cancel(1);
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
}

TEST_F(ReplicaBlockingTest, AfterACancelNoCopyOfTheRequestTakesAnything) {
  cancel(1);
  world_.run();
  EXPECT_EQ(outcome(1), kNull);
  push("l", "x");
  pop(1, "l");
  world_.run();
  EXPECT_EQ(outcome(1), kNull);
  world_.configure({2, 3}, World::config(2, 2, {2}, {3}));
  world_.run();
  pop(1, "l", 2);
  world_.run();
  EXPECT_EQ(outcome(1), kNull);
  EXPECT_EQ(length("l", 2), ":1\r\n");
}

TEST_F(ReplicaBlockingTest, NullNeedsTheLeasesThatAReadNeeds) {
  pop(1, "l");
  world_.around(1).serve_until = world_.now.instant;
  cancel(1);
  EXPECT_EQ(outcome(1), "waiting") << "a backup may have taken over by now";
  world_.around(1).serve_until = Instant::never();
  world_.poke(1);
  EXPECT_EQ(outcome(1), kNull);
}

TEST_F(ReplicaBlockingTest, NullNeedsTheBackupsToHaveThisHistory) {
  pop(1, "l");
  world_.ask(1, {"SET", key("a"), "1"});
  cancel(1);
  EXPECT_EQ(outcome(1), "waiting");
  world_.run();
  EXPECT_EQ(outcome(1), kNull);
}

TEST_F(ReplicaBlockingTest, NothingIsTakenForAGatewayWhoseLinkIsDown) {
  pop(1, "l");
  world_.replica(1).gateway_left({NodeId(100), 1});
  EXPECT_EQ(blocked(), 1u);
  world_.replica(1).gateway_left({NodeId(100), 0});
  EXPECT_EQ(blocked(), 0u);
  push("l", "x");
  EXPECT_EQ(length("l"), ":1\r\n");
  pop(1, "l");
  world_.run();
  EXPECT_EQ(outcome(1), popped("l", "x"));
}

TEST_F(ReplicaBlockingTest, WhoNeverAsksAgainIsForgotten) {
  const auto everybody = [](NodeId) { return true; };
  const Duration age = Duration::seconds(50);
  pop(1, "l");
  world_.pass(Duration::seconds(20));
  pop(2, "l");
  world_.pass(Duration::seconds(6));
  world_.replica(1).sweep(world_.now, age, everybody);
  EXPECT_EQ(blocked(), 1u);
  world_.replica(1).sweep(world_.now, age, [](NodeId) { return false; });
  EXPECT_EQ(blocked(), 0u);
}

TEST_F(ReplicaBlockingTest, ParkedItWaitsForItsTurnToWait) {
  world_.park(1, Epoch(1));
  pop(1, "l");
  EXPECT_EQ(outcome(1), "nothing");
  world_.unpark(1, Epoch(1));
  EXPECT_EQ(outcome(1), "waiting");
}

TEST_F(ReplicaBlockingTest, WhatTheGatewayHasHeardOfIsNotKept) {
  for (std::uint64_t n = 1; n <= 20; ++n) {
    world_.give(1, asked(n, {"BLPOP", key("l"), "0"}, 1, n - 1));
    world_.ask(1, {"RPUSH", key("l"), "x"});
    world_.run();
    world_.floor += 1;
  }
  for (const int node : {1, 2}) EXPECT_LE(world_.replica(node).records().size(), 4u) << node;
}

}  // namespace
}  // namespace borg::replication::testing
