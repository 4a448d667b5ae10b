// SPDX-License-Identifier: Apache-2.0
// Whole workers, joined in memory: a client of any node, writes on two, links that break.
#include "node/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/slot.h"
#include "node/testing/worker_world.h"

namespace borg::node::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kOk = "+OK\r\n";

/// Node 1 is primary of everything, node 2 its backup.
class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
  }
  WorkerWorld world_{2};
};

TEST_F(WorkerTest, AClientOfAnyNodeReadsWhatAnyOtherWrote) {
  Connection& one = world_.connect(1);
  Connection& two = world_.connect(2);
  EXPECT_EQ(world_.ask(one, {"SET", "a", "1"}), kOk);
  EXPECT_EQ(world_.ask(two, {"GET", "a"}), bulk("1"));
  EXPECT_EQ(world_.ask(two, {"SET", "a", "2"}), kOk);
  EXPECT_EQ(world_.ask(one, {"GET", "a"}), bulk("2"));
}

TEST_F(WorkerTest, AWriteIsOnTwoNodesWhenItIsAnswered) {
  Connection& one = world_.connect(1);
  world_.ask(one, {"SET", "a", "1"});
  const PartitionId p = partition_of(slot_of_key("a"));
  for (const int node : {1, 2}) {
    const auto entry = world_.worker(node).replica(p)->store().find(storage::key_ref("a"));
    ASSERT_TRUE(entry) << node;
    EXPECT_EQ(entry->value, "1");
  }
}

TEST_F(WorkerTest, HolesThatDeletedKeysLeaveAreFilledUp) {
  Connection& one = world_.connect(1);
  const std::string value(1000, 'v');
  constexpr int kKeys = 12'000;
  for (int i = 0; i < kKeys; ++i) {
    world_.send(one, {"SET", "k" + std::to_string(i), value});
    if (i % 100 == 99) world_.run();
  }
  for (int i = 0; i < kKeys; ++i) {
    if (i % 4 != 0) world_.send(one, {"DEL", "k" + std::to_string(i)});
    if (i % 100 == 99) world_.run();
  }
  one.take();
  for (const int node : {1, 2}) {
    const storage::Heap& heap = world_.worker(node).heap();
    ASSERT_TRUE(heap.is_full_of_holes()) << heap.hole_bytes() << " of " << heap.used_bytes();
  }
  for (int tick = 0; tick < 100; ++tick) world_.pass(WorkerCore::kTick);
  for (const int node : {1, 2}) {
    const storage::Heap& heap = world_.worker(node).heap();
    EXPECT_LT(heap.hole_bytes(), heap.used_bytes() / 6);
  }
  for (int i = 0; i < kKeys; i += 4 * 97) {
    EXPECT_EQ(world_.ask(one, {"GET", "k" + std::to_string(i)}), bulk(value));
  }
}

TEST_F(WorkerTest, NothingIsAnsweredWhileTheBackupIsCutOff) {
  Connection& one = world_.connect(1);
  world_.cut(1, 2);
  EXPECT_EQ(world_.ask(one, {"SET", "a", "1"}), "");
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(one.take(), kOk);
}

TEST_F(WorkerTest, PipelinedRepliesComeInOrderWhereverTheyComeFrom) {
  for (std::uint16_t p = 0; p < kPartitionCount; p += 2) world_.place(PartitionId(p), {2, 1});
  world_.publish();
  world_.run();
  Connection& one = world_.connect(1);
  std::string input;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    input += command({"SET", "k" + std::to_string(i), std::to_string(i)});
    input += command({"GET", "k" + std::to_string(i)});
    input += command({"ECHO", std::to_string(i)});
    expected += std::string(kOk) + bulk(std::to_string(i)) + bulk(std::to_string(i));
  }
  world_.type(one, input);
  world_.run();
  EXPECT_EQ(one.take(), expected);
}

TEST_F(WorkerTest, BytesMayArriveOneByOne) {
  Connection& two = world_.connect(2);
  for (const char c : command({"SET", "a", "1"}) + command({"GET", "a"})) {
    world_.type(two, std::string(1, c));
  }
  world_.run(1);
  EXPECT_EQ(two.take(), std::string(kOk) + bulk("1"));
}

TEST_F(WorkerTest, AForwardedWriteHappensOnceHoweverOftenTheLinkBreaks) {
  Connection& two = world_.connect(2);
  for (int i = 1; i <= 20; ++i) {
    world_.send(two, {"INCR", "n"});
    // The request, or its execution, or its answer is lost; the next one is on its way already.
    if (i % 2 == 0) world_.turn(world_.worker(1), [] {});
    world_.cut(1, 2);
    world_.heal(1, 2);
  }
  world_.run();
  EXPECT_EQ(world_.ask(two, {"GET", "n"}), bulk("20"));
}

TEST_F(WorkerTest, RepliesAfterABreakComeOnceAndInOrder) {
  Connection& two = world_.connect(2);
  std::string expected;
  for (int i = 1; i <= 10; ++i) {
    world_.send(two, {"INCR", "n"});
    expected += ":" + std::to_string(i) + "\r\n";
  }
  world_.cut(1, 2);
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(two.take(), expected);
}

TEST_F(WorkerTest, CommandsThatWaitForALinkAreNotOvertakenByOneOfTheTurnInWhichItComes) {
  Connection& two = world_.connect(2);
  world_.cut(1, 2);
  world_.send(two, {"SET", "a", "first"});
  world_.heal(2, 1, [&](WorkerCore& worker) {
    worker.on_client_data(*two.client, command({"SET", "a", "second"}));
  });
  world_.run();
  EXPECT_EQ(two.take(), std::string(kOk) + std::string(kOk));
  EXPECT_EQ(world_.ask(two, {"GET", "a"}), bulk("second"));
}

TEST_F(WorkerTest, CommandsThatWaitForAPrimaryAreNotOvertakenByOneOfTheTurnInWhichItChanges) {
  world_.view.settings->min_copies = 1;
  Connection& two = world_.connect(2);
  world_.cut(1, 2);
  world_.send(two, {"SET", "a", "first"});
  world_.place({2});
  world_.live_nodes = 1;
  auto view = std::make_shared<NodeView>();
  view->cluster = std::make_shared<const membership::ClusterView>(world_.view);
  const auto sole = std::make_shared<membership::PeerLease>();
  sole->set(Instant::never());
  view->sole = sole;
  world_.turn(world_.worker(2), [&] {
    world_.worker(2).on_control(std::shared_ptr<const NodeView>(view));
    world_.worker(2).on_client_data(*two.client, command({"SET", "a", "second"}));
  });
  world_.run();
  EXPECT_EQ(two.take(), std::string(kOk) + std::string(kOk));
  EXPECT_EQ(world_.ask(two, {"GET", "a"}), bulk("second"));
}

TEST_F(WorkerTest, AfterAFailureAClientOfAnotherNodeSeesNoError) {
  WorkerWorld world(3);
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& three = world.connect(3);
  ASSERT_EQ(world.ask(three, {"INCR", "n"}), ":1\r\n");
  world.cut(1, 3);
  world.cut(1, 2);
  EXPECT_EQ(world.ask(three, {"INCR", "n"}), "") << "its primary is dead";
  world.place({2}, {3});
  world.publish_to(2);
  world.publish_to(3);
  world.run();
  EXPECT_EQ(three.take(), ":2\r\n");
}

TEST_F(WorkerTest, AWriteWhoseAnswerDiedWithThePrimaryHappensOnce) {
  WorkerWorld world(3);
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& three = world.connect(3);
  world.ask(three, {"SET", "n", "10"});
  world.cut(1, 3);
  world.heal(1, 3);
  world.run();
  world.send(three, {"INCR", "n"});
  // The request reaches node 1 and the operation node 2, then node 1 dies.
  world.deliver_once(3, 1);
  world.deliver_once(1, 2);
  world.cut(1, 2);
  world.cut(1, 3);
  world.place({2}, {3});
  world.publish_to(2);
  world.publish_to(3);
  world.run();
  EXPECT_EQ(three.take(), ":11\r\n");
  EXPECT_EQ(world.ask(three, {"GET", "n"}), bulk("11"));
}

TEST_F(WorkerTest, AGatewayWithAnOldViewIsToldWhoIsPrimary) {
  world_.place({2, 1});
  world_.publish_to(2);
  world_.run();
  Connection& one = world_.connect(1);
  EXPECT_EQ(world_.ask(one, {"SET", "a", "1"}), kOk);
  EXPECT_EQ(world_.ask(one, {"GET", "a"}), bulk("1"));
}

TEST_F(WorkerTest, AHandOverIsInvisible) {
  Connection& one = world_.connect(1);
  Connection& two = world_.connect(2);
  world_.ask(one, {"SET", "n", "0"});
  const PartitionId p = partition_of(slot_of_key("n"));
  world_.tell(1, Park{p, world_.view.partition(p).epoch});
  world_.send(one, {"INCR", "n"});
  world_.send(two, {"INCR", "n"});
  world_.run();
  EXPECT_EQ(one.output + two.output, "");
  world_.place(p, {2, 1});
  world_.publish_to(2);
  world_.run();
  world_.publish_to(1);
  world_.run();
  EXPECT_THAT(one.take() + two.take(), ::testing::AnyOf(":1\r\n:2\r\n", ":2\r\n:1\r\n"));
}

TEST_F(WorkerTest, AMemberThatTheViewLearnsOfAfterItsLinkStandsIsUsed) {
  membership::MemberRecord two = world_.view.members[1];
  world_.view.members.pop_back();
  world_.publish_to(1);
  world_.cut(1, 2);
  world_.heal(1, 2);
  world_.place({2, 1});
  world_.publish_to(1);  // whose primary is somebody that this view does not know
  Connection& one = world_.connect(1);
  world_.send(one, {"SET", "a", "1"});
  world_.view.members.push_back(two);
  world_.publish();
  world_.run();
  EXPECT_EQ(one.take(), kOk);
}

TEST_F(WorkerTest, ReadsStopWhenTheLeaseEnds) {
  Connection& one = world_.connect(1);
  world_.lease(1, 2).set(world_.now.instant);
  EXPECT_EQ(world_.ask(one, {"GET", "a"}), "");
  world_.lease(1, 2).set(Instant::never());
  world_.pass(WorkerCore::kTick);
  EXPECT_EQ(one.take(), "$-1\r\n");
}

TEST_F(WorkerTest, WithoutAPrimaryInTimeTheClientIsTold) {
  Connection& two = world_.connect(2);
  world_.cut(1, 2);
  world_.send(two, {"SET", "a", "1"});
  world_.send(two, {"GET", "a"});
  world_.pass(Duration::seconds(4));
  EXPECT_EQ(two.output, "");
  world_.pass(Duration::seconds(1));
  EXPECT_THAT(two.take(), StartsWith("-CLUSTERDOWN "));
}

TEST_F(WorkerTest, AWriteThatWasSentAndNeverAnsweredIsInDoubt) {
  Connection& two = world_.connect(2);
  world_.send(two, {"SET", "a", "1"});
  world_.cut(1, 2);
  world_.pass(Duration::seconds(5));
  EXPECT_THAT(two.take(), StartsWith("-INDOUBT "));
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(world_.ask(two, {"GET", "a"}), "$-1\r\n") << "given up, it is not sent again";
}

TEST_F(WorkerTest, RequestsOfAllKindsMayComeInOnePiece) {
  Connection& one = world_.connect(1);
  std::string input;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    input += "set \"a " + n + "\" 'b " + n + "'\r\n\r\nget \"a " + n + "\"\r\n";
    expected += std::string(kOk) + bulk("b " + n);
    input += command({"STRLEN", "a " + n}) + command({"PING"});
    expected += ":" + std::to_string(2 + n.size()) + "\r\n+PONG\r\n";
  }
  world_.type(one, input + "*1\r\n$4\r\nPI");
  world_.run();
  world_.type(one, "NG\r\n");
  EXPECT_EQ(one.take(), expected + "+PONG\r\n");
}

TEST_F(WorkerTest, NothingBehindQuitIsExecuted) {
  Connection& one = world_.connect(1);
  world_.type(one, command({"QUIT"}) + command({"SET", "a", "1"}) + "*1\r\n$");
  EXPECT_EQ(one.take(), kOk);
  EXPECT_TRUE(one.closed);
  EXPECT_EQ(world_.ask(world_.connect(1), {"GET", "a"}), "$-1\r\n");
}

TEST_F(WorkerTest, WhatPrecedesAMalformedRequestIsAnswered) {
  Connection& one = world_.connect(1);
  world_.type(one, command({"PING"}) + command({"PING"}) + "*1\r\n:1\r\n");
  EXPECT_THAT(one.take(), StartsWith("+PONG\r\n+PONG\r\n-ERR Protocol error"));
  EXPECT_TRUE(one.closed);
}

TEST(WorkerLimits, WhatIsBeyondThemIsExecutedOnceAndInOrder) {
  WorkerWorld world(2, 1, [](NodeOptions& options) { options.client_pending_max = 3; });
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& two = world.connect(2);
  std::string input;
  std::string expected;
  for (int i = 1; i <= 50; ++i) {
    input += command({"INCR", "n"});
    expected += ":" + std::to_string(i) + "\r\n";
  }
  const std::string last = command({"INCR", "n"});
  world.type(two, input + last.substr(0, 9));
  world.run();
  world.type(two, last.substr(9));
  world.run();
  EXPECT_EQ(two.take(), expected + ":51\r\n");
}

TEST(WorkerLimits, AClientThatSentTooMuchGoesOnThoughAllOfItWasTaken) {
  WorkerWorld world(2, 1, [](NodeOptions& options) { options.client_pending_max = 2; });
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& two = world.connect(2);
  world.type(two, command({"SET", "a", "1"}) + command({"SET", "b", "2"}));
  EXPECT_FALSE(two.worker->wants_input(*two.client));
  EXPECT_EQ(two.unread, "") << "so nothing but being resumed makes the server read again";
  world.run();
  EXPECT_TRUE(two.worker->wants_input(*two.client));
  EXPECT_EQ(world.clients_resumed, 1U);
}

TEST_F(WorkerTest, WithTooFewNodesWritesAreRefusedByAllGateways) {
  world_.live_nodes = 1;
  world_.publish();
  world_.run();
  for (const int node : {1, 2}) {
    Connection& connection = world_.connect(node);
    EXPECT_THAT(world_.ask(connection, {"SET", "a", "1"}), StartsWith("-NOREPLICAS "));
    EXPECT_EQ(world_.ask(connection, {"GET", "a"}), "$-1\r\n");
  }
}

TEST(Worker, ASnapshotForWhichCommandsWaitComesFirst) {
  WorkerWorld world(2, 1, [](NodeOptions& o) { o.sync_window_bytes = 1; });
  world.place({1, 2});
  world.publish();
  Connection& client = world.connect(1);
  constexpr std::uint16_t kOthers = 20;
  const auto other_key = [](std::uint16_t p) { return key_of(PartitionId(p)); };
  for (std::uint16_t p = 0; p < kOthers; ++p) world.ask(client, {"SET", other_key(p), "v"});
  world.place({1});
  world.publish();
  world.place({1}, {2});
  world.publish();
  // Too large to be sent ahead.
  const std::string key = key_of(PartitionId(kPartitionCount - 1));
  world.type(client, command({"SETRANGE", key, std::to_string(300 * 1024), "x"}));
  const auto complete = [&] {
    std::uint16_t n = 0;
    for (std::uint16_t p = 0; p < kOthers; ++p) {
      const auto* replica = world.worker(2).replica(PartitionId(p));
      n += replica != nullptr && replica->last_seq() > Seq() && replica->complete() ? 1 : 0;
    }
    return n;
  };
  std::string reply;
  for (int i = 0; i < 10'000 && reply.empty(); ++i) {
    world.deliver_once(1, 2);
    world.deliver_once(2, 1);
    reply = client.take();
  }
  EXPECT_EQ(reply, ":" + std::to_string(300 * 1024 + 1) + "\r\n");
  EXPECT_LT(complete(), kOthers / 2);
  for (int i = 0; i < 100 && complete() < kOthers; ++i) {
    world.pass(Duration::millis(50));
    world.run();
  }
  EXPECT_EQ(complete(), kOthers);
}

TEST_F(WorkerTest, LostSlotsSaySo) {
  for (auto& record : world_.view.members) {
    record.member.state = coordination::MemberState::kDown;
    record.has_session = false;
  }
  Connection& one = world_.connect(1);
  world_.cut(1, 2);
  world_.send(one, {"SET", "a", "1"});
  world_.publish_to(1);
  EXPECT_THAT(one.take(), StartsWith("-INDOUBT ")) << "whoever is given up may live, and have it";
  EXPECT_THAT(world_.ask(one, {"SET", "a", "2"}), StartsWith("-DATALOSS "));
  EXPECT_THAT(world_.ask(one, {"GET", "b"}), StartsWith("-DATALOSS "));
}

}  // namespace
}  // namespace borg::node::testing
