// SPDX-License-Identifier: Apache-2.0
// What a worker does with bytes that nobody vouches for, and with clients that do not read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/slot.h"
#include "node/testing/worker_world.h"

namespace borg::node::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr wire::Endpoint kPeer{NodeId(2), 0};

template <class Message>
std::string frame(const Message& m) {
  ByteBuffer buffer;
  wire::encode(buffer, m);
  return std::string(buffer.view());
}

/// One of every frame that a worker takes, as a well-meaning peer could send it.
std::vector<std::string> all_frames(const PartitionConfig& config) {
  const PartitionId p(5);
  const std::vector<std::string_view> args{"SET", "k", "v"};
  ByteBuffer operation;
  wire::encode(operation, wire::Operation{.partition = p, .term = config.term, .seq = Seq(1)},
               args);
  return {frame(wire::Request{.partition = p, .seq = 1, .term = config.term, .args = args}),
          frame(wire::Reply{.seq = 1, .partition = p, .bytes = "+OK\r\n"}),
          frame(wire::TermStart{.partition = p, .config = config}),
          std::string(operation.view()),
          frame(wire::Operation{.partition = p,
                                .term = config.term,
                                .seq = Seq(1),
                                .kind = wire::OperationKind::kState,
                                .body = "\x00\x01k\x01v"}),
          frame(wire::SyncStart{.partition = p, .config = config, .sync = 1}),
          frame(wire::SyncChunk{.partition = p, .term = config.term, .sync = 1, .entries = "x"}),
          frame(wire::SyncEnd{.partition = p, .term = config.term, .sync = 1, .seq = Seq(1)}),
          frame(wire::Ack{.count = 0}),
          frame(wire::Nack{.partition = p, .term = config.term, .config = config})};
}

class WorkerProtocolTest : public ::testing::Test {
 protected:
  WorkerProtocolTest() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
  }
  bool receive(std::string_view bytes) { return world_.receive(1, 0, kPeer, bytes); }
  WorkerWorld world_{2};
};

TEST_F(WorkerProtocolTest, FramesOfAControlLinkAreRefused) {
  EXPECT_FALSE(receive(frame(wire::Heartbeat{})));
  EXPECT_FALSE(receive(frame(wire::Hello{.cluster = "borg"})));
  EXPECT_FALSE(receive(std::string("\x01\x00\x00\x00\xee", 5)));
  EXPECT_FALSE(receive(std::string("\x00\x00\x00\x00", 4)));
  EXPECT_FALSE(receive("\xff\xff\xff\xff\x0a"));
}

TEST_F(WorkerProtocolTest, AnAckOfMoreThanWasSentIsRefused) {
  EXPECT_FALSE(receive(frame(wire::Ack{.count = 1'000'000'000})));
  EXPECT_FALSE(receive(frame(wire::Ack{.count = UINT64_MAX})));
}

TEST_F(WorkerProtocolTest, APartitionThatIsNotThisWorkersIsRefused) {
  WorkerWorld world(2, 2);
  world.place({1, 2});
  world.publish();
  world.run();
  const std::vector<std::string_view> args{"GET", "k"};
  const auto request = [&](std::uint16_t p) {
    return frame(wire::Request{.partition = PartitionId(p), .term = Epoch(1), .args = args});
  };
  EXPECT_TRUE(world.receive(1, 0, kPeer, request(4)));
  EXPECT_FALSE(world.receive(1, 0, kPeer, request(5)));
  EXPECT_FALSE(world.receive(1, 1, kPeer, request(4)));
  EXPECT_FALSE(world.receive(1, 0, kPeer, request(1024)));
}

TEST_F(WorkerProtocolTest, ARequestWithoutArgumentsIsRefused) {
  EXPECT_FALSE(receive(frame(wire::Request{.partition = PartitionId(5), .term = Epoch(1)})));
}

TEST_F(WorkerProtocolTest, ACommandThatIsNotThePartitionsIsAnsweredAndHarmless) {
  for (const std::vector<std::string_view>& args :
       {std::vector<std::string_view>{"NOSUCH"}, {"PING"}, {"GET"}, {"BORG", "LEAVE", "a"}}) {
    EXPECT_TRUE(
        receive(frame(wire::Request{.partition = PartitionId(5), .term = Epoch(1), .args = args})));
  }
}

TEST_F(WorkerProtocolTest, DataOfALinkThatIsDownIsIgnored) {
  world_.cut(1, 2);
  EXPECT_TRUE(receive("\xff\xff\xff\xff\xff"));
}

TEST_F(WorkerProtocolTest, AnswersToNothingAreIgnored) {
  EXPECT_TRUE(receive(frame(wire::Reply{.seq = 999, .partition = PartitionId(5)})));
  EXPECT_TRUE(receive(frame(wire::Reply{.seq = 0,
                                        .partition = PartitionId(5),
                                        .status = wire::ReplyStatus::kMoved,
                                        .bytes = "junk"})));
}

/// A peer that says anything at all: the worker goes on, or breaks the link, and serves others.
RC_GTEST_PROP(WorkerProtocol, DamagedFramesNeverCrash, ()) {
  static WorkerWorld* const world = [] {
    auto* fresh = new WorkerWorld(3);
    fresh->place({1, 3}, {2});
    fresh->publish();
    fresh->run();
    return fresh;
  }();
  const int target = *rc::gen::elementOf(std::vector<int>{1, 3});
  PartitionConfig config = world->view.partition(PartitionId(5));
  std::string bytes;
  const int frames = *rc::gen::inRange(1, 5);
  for (int i = 0; i < frames; ++i) bytes += *rc::gen::elementOf(all_frames(config));
  const int damages = *rc::gen::inRange(0, 4);
  for (int i = 0; i < damages; ++i) {
    bytes[*rc::gen::inRange<std::size_t>(4, bytes.size())] = *rc::gen::arbitrary<char>();
  }
  if (!world->receive(target, 0, kPeer, bytes)) {
    world->cut(target, 2);
    world->heal(target, 2);
  }
  RC_SUCCEED("");
}

// ---- clients ----

TEST_F(WorkerProtocolTest, AClientThatDoesNotSpeakTheProtocolIsToldAndClosed) {
  Connection& client = world_.connect(1);
  world_.type(client, command({"PING"}) + "*1\r\n!bad\r\n" + command({"PING"}));
  world_.run();
  EXPECT_THAT(client.output, StartsWith("+PONG\r\n-ERR Protocol error"));
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(client.output.find("PONG", 6), std::string::npos) << "what follows is not executed";
}

TEST_F(WorkerProtocolTest, AProtocolErrorIsSaidBehindTheAnswersThatAreDue) {
  Connection& client = world_.connect(1);
  world_.type(client, command({"SET", "a", "1"}) + "*x\r\n");
  world_.run();
  EXPECT_THAT(client.output, StartsWith("+OK\r\n-ERR Protocol error"));
}

TEST_F(WorkerProtocolTest, QuitIsAnsweredAndClosesTheConnection) {
  Connection& client = world_.connect(1);
  world_.type(client, command({"QUIT"}) + command({"PING"}));
  EXPECT_EQ(client.output, "+OK\r\n");
  EXPECT_TRUE(client.closed);
}

TEST_F(WorkerProtocolTest, ClientReplyOffAndSkipSilence) {
  Connection& client = world_.connect(1);
  world_.type(client, command({"CLIENT", "REPLY", "SKIP"}) + command({"SET", "a", "1"}) +
                          command({"GET", "a"}));
  world_.run();
  EXPECT_EQ(client.take(), bulk("1"));
  world_.type(client, command({"CLIENT", "REPLY", "OFF"}) + command({"SET", "a", "2"}) +
                          command({"PING"}) + command({"CLIENT", "REPLY", "ON"}) +
                          command({"GET", "a"}));
  world_.run();
  EXPECT_EQ(client.take(), "+OK\r\n" + bulk("2"));
}

TEST_F(WorkerProtocolTest, InternalCommandsAreUnknownToClients) {
  Connection& client = world_.connect(1);
  for (const char* name : {"_count", "_expire", "_scan", "_clients"}) {
    EXPECT_THAT(world_.ask(client, {name, "x", "y", "z"}), StartsWith("-ERR unknown command"));
  }
}

TEST(WorkerBackpressure, AClientWithTooManyCommandsUnderWayWaits) {
  WorkerWorld world(2, 1, [](NodeOptions& options) { options.client_pending_max = 4; });
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& client = world.connect(2);
  std::string input;
  std::string expected;
  for (int i = 1; i <= 50; ++i) {
    input += command({"INCR", "n"});
    expected += ":" + std::to_string(i) + "\r\n";
  }
  world.type(client, input);
  EXPECT_FALSE(world.worker(2).wants_input(*client.client));
  EXPECT_EQ(client.unread.size(), input.size() / 50 * 46);
  world.run();
  EXPECT_EQ(client.take(), expected);
  EXPECT_TRUE(world.worker(2).wants_input(*client.client));
}

TEST(WorkerBackpressure, AClientThatLeavesWhileItWaitsIsForgotten) {
  WorkerWorld world(2, 1, [](NodeOptions& options) { options.client_pending_max = 2; });
  world.place({1, 2});
  world.publish();
  world.run();
  Connection& client = world.connect(2);
  std::string input;
  for (int i = 1; i <= 10; ++i) input += command({"INCR", "n"});
  world.type(client, input);
  world.close(client);
  world.run();
  EXPECT_EQ(world.worker(2).stats().clients, 0u);
  Connection& next = world.connect(2);
  EXPECT_EQ(world.ask(next, {"GET", "n"}), bulk("2"));
}

}  // namespace
}  // namespace borg::node::testing
