// SPDX-License-Identifier: Apache-2.0
#include "node/split_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "node/testing/worker_world.h"

namespace borg::node {
namespace {

using testing::bulk;
using testing::Connection;
using ::testing::StartsWith;
using testing::WorkerWorld;

TEST(RawElements, AreTheBytesOfEachElement) {
  const RawElements raw = raw_elements("*4\r\n$1\r\na\r\n$-1\r\n:42\r\n_\r\n");
  ASSERT_TRUE(raw.ok);
  EXPECT_EQ(raw.elements,
            (std::vector<std::string_view>{"$1\r\na\r\n", "$-1\r\n", ":42\r\n", "_\r\n"}));
}

TEST(RawElements, MayHoldLineEnds) {
  const RawElements raw = raw_elements("*1\r\n$4\r\n\r\n\r\n\r\n");
  ASSERT_TRUE(raw.ok);
  EXPECT_EQ(raw.elements[0], "$4\r\n\r\n\r\n\r\n");
}

TEST(RawElements, AnEmptyArrayHasNone) {
  EXPECT_TRUE(raw_elements("*0\r\n").ok);
  EXPECT_TRUE(raw_elements("~0\r\n").ok);
}

TEST(RawElements, AnythingElseIsNotOk) {
  for (const char* reply : {"", "+OK\r\n", "*", "*1", "*1\r\n", "*x\r\n", "*1\r\n$5\r\nab\r\n",
                            "*1\r\n*0\r\n", "*0\r\n:1\r\n", "*1\r\n$-1", "*1\r\n$1\r\na"}) {
    EXPECT_FALSE(raw_elements(reply).ok) << reply;
  }
}

RC_GTEST_PROP(RawElements, NeverCrash, (std::string bytes)) {
  (void)raw_elements("*2\r\n" + bytes);
  std::string reply = "*2\r\n$3\r\nabc\r\n:77\r\n";
  reply[*rc::gen::inRange<std::size_t>(0, reply.size())] = *rc::gen::arbitrary<char>();
  const RawElements raw = raw_elements(reply);
  std::size_t size = 0;
  for (const std::string_view element : raw.elements) size += element.size();
  RC_ASSERT(size <= reply.size());
}

/// Two nodes, each primary of every other partition: keys k0, k1, k2 … are on both.
class SplitCommandTest : public ::testing::Test {
 protected:
  SplitCommandTest() {
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      world_.place(PartitionId(p), {1 + p % 2, 2 - p % 2});
    }
    world_.publish();
    world_.run();
  }
  std::string ask(std::vector<std::string> args) { return world_.ask(client_, args); }
  WorkerWorld world_{2, 2};
  Connection& client_{world_.connect(1, 1)};
};

TEST_F(SplitCommandTest, ValuesComeInTheOrderOfTheKeys) {
  EXPECT_EQ(ask({"MSET", "k0", "v0", "k1", "v1", "k2", "v2", "k3", "v3"}), "+OK\r\n");
  EXPECT_EQ(ask({"MGET", "k3", "none", "k1", "k3", "k0"}),
            "*5\r\n" + bulk("v3") + "$-1\r\n" + bulk("v1") + bulk("v3") + bulk("v0"));
}

TEST_F(SplitCommandTest, CountsAreAdded) {
  ask({"MSET", "k0", "v", "k1", "v", "k2", "v"});
  EXPECT_EQ(ask({"EXISTS", "k0", "k1", "k2", "k2", "none"}), ":4\r\n");
  EXPECT_EQ(ask({"DBSIZE"}), ":3\r\n");
  EXPECT_EQ(ask({"DEL", "k0", "k1", "none"}), ":2\r\n");
  EXPECT_EQ(ask({"DBSIZE"}), ":1\r\n");
}

TEST_F(SplitCommandTest, FlushallReachesEveryPartition) {
  for (int i = 0; i < 50; ++i) ask({"SET", "k" + std::to_string(i), "v"});
  EXPECT_EQ(ask({"FLUSHALL"}), "+OK\r\n");
  EXPECT_EQ(ask({"DBSIZE"}), ":0\r\n");
}

TEST_F(SplitCommandTest, KeysAreJoined) {
  ask({"MSET", "k0", "v", "k1", "v", "other", "v"});
  const std::string reply = ask({"KEYS", "k?"});
  EXPECT_THAT(reply, StartsWith("*2\r\n"));
  EXPECT_NE(reply.find(bulk("k0")), std::string::npos);
  EXPECT_NE(reply.find(bulk("k1")), std::string::npos);
}

TEST_F(SplitCommandTest, AnErrorOfAnyPartIsTheAnswer) {
  world_.live_nodes = 1;
  world_.publish();
  EXPECT_THAT(ask({"MSET", "k0", "v", "k1", "v", "k2", "v"}), StartsWith("-NOREPLICAS "));
}

TEST_F(SplitCommandTest, AWrongNumberOfArgumentsIsSeenBeforeAnythingIsWritten) {
  EXPECT_THAT(ask({"MSET", "k0", "v", "k1"}), StartsWith("-ERR wrong number"));
  EXPECT_EQ(ask({"DBSIZE"}), ":0\r\n");
}

TEST_F(SplitCommandTest, LaterCommandsAreAnsweredBehindIt) {
  world_.type(client_, testing::command({"MSET", "k0", "a", "k1", "b", "k2", "c"}) +
                           testing::command({"PING"}) + testing::command({"GET", "k1"}));
  world_.run();
  EXPECT_EQ(client_.take(), "+OK\r\n+PONG\r\n" + bulk("b"));
}

TEST_F(SplitCommandTest, AClientThatLeavesMeanwhileDoesNoHarm) {
  world_.send(client_, {"MGET", "k0", "k1", "k2", "k3"});
  world_.close(client_);
  world_.run();
  Connection& next = world_.connect(1, 1);
  EXPECT_EQ(world_.ask(next, {"PING"}), "+PONG\r\n");
}

TEST_F(SplitCommandTest, InResp3NullsAreResp3Nulls) {
  EXPECT_THAT(ask({"HELLO", "3"}), StartsWith("%7\r\n"));
  EXPECT_EQ(ask({"MGET", "a", "b", "c"}), "*3\r\n_\r\n_\r\n_\r\n");
}

}  // namespace
}  // namespace borg::node
