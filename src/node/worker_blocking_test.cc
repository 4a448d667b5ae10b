// SPDX-License-Identifier: Apache-2.0
// Commands that block, of clients at one node for a primary at another.
#include <gtest/gtest.h>

#include "node/testing/worker_world.h"

namespace borg::node::testing {
namespace {

const std::string kNull = "*-1\r\n";

std::string popped(std::string_view name, std::string_view element) {
  return "*2\r\n" + bulk(name) + bulk(element);
}

class WorkerBlockingTest : public ::testing::Test {
 protected:
  WorkerBlockingTest() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
  }
  /// A client of this node whose command has arrived at the primary.
  Connection& blocked(int node, const std::vector<std::string>& args) {
    Connection& client = world_.connect(node);
    world_.send(client, args);
    world_.run();
    EXPECT_EQ(client.take(), "");
    return client;
  }
  Connection& waits(int node, const std::string& timeout = "0") {
    return blocked(node, {"BLPOP", "l", timeout});
  }
  void push(std::string_view element) {
    world_.ask(producer_, {"RPUSH", "l", std::string(element)});
    world_.run();
  }
  std::string length() { return world_.ask(producer_, {"LLEN", "l"}); }
  void fail_over() {
    world_.cut(1, 2);
    world_.cut(1, 3);
    world_.place({2}, {3});
    world_.publish_to(2);
    world_.publish_to(3);
    world_.run();
  }
  std::size_t blocked_clients(int node) { return world_.worker(node).stats().blocked_clients; }
  WorkerWorld world_{3};
  Connection& producer_ = world_.connect(2);
};

TEST_F(WorkerBlockingTest, AClientOfAnyNodeIsServed) {
  for (const int node : {1, 2, 3}) {
    Connection& client = waits(node);
    EXPECT_EQ(blocked_clients(node), 1u);
    push("x");
    EXPECT_EQ(client.take(), popped("l", "x"));
    EXPECT_EQ(blocked_clients(node), 0u);
  }
  EXPECT_EQ(length(), ":0\r\n");
}

TEST_F(WorkerBlockingTest, WhatTheClientSendsBehindWaits) {
  Connection& client = waits(3);
  world_.send(client, {"INCR", "n"});
  world_.pass(Duration::seconds(1));
  world_.run();
  EXPECT_EQ(world_.ask(producer_, {"GET", "n"}), "$-1\r\n");
  push("x");
  world_.run();
  EXPECT_EQ(client.take(), popped("l", "x") + ":1\r\n");
}

TEST_F(WorkerBlockingTest, ItWaitsForHours) {
  Connection& client = waits(3);
  Connection& near = waits(1);
  for (int i = 0; i < 4000; ++i) {
    world_.pass(Duration::seconds(2));
    world_.run();
  }
  EXPECT_EQ(client.take() + near.take(), "");
  push("x");
  push("y");
  EXPECT_EQ(client.take(), popped("l", "x"));
  EXPECT_EQ(near.take(), popped("l", "y"));
}

TEST_F(WorkerBlockingTest, TheTimeOutIsKept) {
  for (const int node : {1, 3}) {
    Connection& client = waits(node, "0.5");
    world_.pass(Duration::millis(490));
    world_.run();
    EXPECT_EQ(client.take(), "");
    world_.pass(Duration::millis(20));
    world_.run();
    EXPECT_EQ(client.take(), kNull);
  }
  push("x");
  EXPECT_EQ(length(), ":1\r\n");
}

TEST_F(WorkerBlockingTest, NothingIsTakenForWhoHasLeft) {
  for (const int node : {1, 3}) {
    world_.close(waits(node));
    world_.run();
  }
  push("x");
  EXPECT_EQ(length(), ":1\r\n");
}

TEST_F(WorkerBlockingTest, ALinkThatBreaksIsNotSeen) {
  Connection& client = waits(3, "30");
  for (int i = 0; i < 5; ++i) {
    world_.cut(1, 3);
    world_.heal(1, 3);
    world_.run();
  }
  push("x");
  EXPECT_EQ(client.take(), popped("l", "x"));
  EXPECT_EQ(length(), ":0\r\n");
}

TEST_F(WorkerBlockingTest, AnElementIsTakenOnceThoughItsAnswerIsLost) {
  Connection& client = waits(3);
  world_.send(producer_, {"RPUSH", "l", "x"});
  world_.deliver_once(2, 1);
  world_.deliver_once(1, 2);
  world_.deliver_once(2, 1);  // the backup has it: the answer is on its way to node 3
  world_.cut(1, 3);
  world_.heal(1, 3);
  world_.run();
  EXPECT_EQ(client.take(), popped("l", "x"));
  EXPECT_EQ(length(), ":0\r\n");
}

TEST_F(WorkerBlockingTest, AnotherPrimaryServesIt) {
  Connection& client = waits(3);
  fail_over();
  EXPECT_EQ(client.take(), "");
  push("x");
  EXPECT_EQ(client.take(), popped("l", "x"));
}

TEST_F(WorkerBlockingTest, ATimeOutDuringAFailoverIsNull) {
  Connection& client = waits(3, "1");
  world_.cut(1, 3);
  world_.cut(1, 2);
  world_.pass(Duration::millis(1100));
  world_.run();
  EXPECT_EQ(client.take(), "") << "it may have been executed";
  fail_over();
  EXPECT_EQ(client.take(), kNull);
  push("x");
  EXPECT_EQ(length(), ":1\r\n");
}

TEST_F(WorkerBlockingTest, WhatNobodyConfirmsIsInDoubt) {
  Connection& client = waits(3);
  world_.cut(1, 3);
  for (int i = 0; i < 12; ++i) {
    world_.pass(Duration::seconds(1));
    world_.run();
  }
  EXPECT_TRUE(client.take().starts_with("-INDOUBT "));
}

TEST_F(WorkerBlockingTest, AGatewayThatStoodStillForMinutesAsksForNothingAgain) {
  Connection& client = waits(3);
  world_.cut(1, 3);
  push("x");  // there is nobody who could be served any more
  world_.now.instant = world_.now.instant + Duration::seconds(600);
  world_.heal(1, 3);
  world_.run();
  EXPECT_EQ(client.take(), "");
  world_.pass(Duration::millis(20));
  world_.run();
  EXPECT_TRUE(client.take().starts_with("-INDOUBT "));
  EXPECT_EQ(length(), ":1\r\n");
}

TEST_F(WorkerBlockingTest, WithoutAPrimaryInTimeNothingHappened) {
  world_.cut(1, 3);
  Connection& client = waits(3);
  Connection& impatient = waits(3, "2");
  world_.pass(Duration::seconds(2));
  world_.run();
  EXPECT_EQ(impatient.take(), kNull);
  world_.pass(Duration::seconds(4));
  world_.run();
  EXPECT_TRUE(client.take().starts_with("-CLUSTERDOWN "));
}

TEST_F(WorkerBlockingTest, SomebodyElseEndsTheWait) {
  Connection& client = waits(3);
  Connection& other = world_.connect(3);
  const std::string id = std::to_string(client.client->id().value());
  EXPECT_EQ(world_.ask(other, {"CLIENT", "UNBLOCK", id, "ERROR"}), ":1\r\n");
  EXPECT_TRUE(client.take().starts_with("-UNBLOCKED "));
  EXPECT_EQ(world_.ask(other, {"CLIENT", "UNBLOCK", id}), ":0\r\n");
  world_.send(client, {"BLPOP", "l", "0"});
  world_.run();
  EXPECT_EQ(world_.ask(other, {"CLIENT", "UNBLOCK", id}), ":1\r\n");
  EXPECT_EQ(client.take(), kNull);
  EXPECT_EQ(world_.ask(other, {"CLIENT", "UNBLOCK", "12345"}), ":0\r\n");
}

TEST_F(WorkerBlockingTest, AWorkerWithABlockedClientIsCalmUntilItsTimeComesNear) {
  waits(1, "60");
  world_.pass(Duration::millis(20));
  world_.run();
  const auto is_calm = [&] { return world_.worker(1).is_calm(); };
  EXPECT_TRUE(is_calm());
  world_.pass(Duration::millis(4800));
  EXPECT_FALSE(is_calm()) << "it asks again";
}

}  // namespace
}  // namespace borg::node::testing
