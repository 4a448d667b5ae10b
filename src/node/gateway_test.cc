// SPDX-License-Identifier: Apache-2.0
#include "node/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/slot.h"
#include "node/gateway_commands.h"
#include "node/pubsub.h"

namespace borg::node {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using wire::ReplyStatus;

constexpr wire::Endpoint kSelf{NodeId(1), 0};
constexpr NodeId kOther(2);

/// A worker whose links and replicas are the test's.
class FakeHost final : public GatewayHost {
 public:
  [[nodiscard]] Now now() const override { return time; }
  [[nodiscard]] const wire::Endpoint& self() const override { return kSelf; }
  [[nodiscard]] const NodeView* view() const override { return nullptr; }
  [[nodiscard]] const PartitionConfig& config(PartitionId p) const override {
    return configs[p.value()];
  }
  [[nodiscard]] wire::Endpoint holder(NodeId node, PartitionId) const override { return {node, 0}; }
  ByteBuffer* output_to(const wire::Endpoint& to) override {
    return up[to.node] ? &output[to.node] : nullptr;
  }
  void request_here(PartitionId partition,
                    const replication::Replica::RequestView& request) override {
    here.push_back(request.origin);
    if (answer_here) answer_here(partition, request);
  }
  bool learn(PartitionId partition, const PartitionConfig& config) override {
    if (config.epoch <= configs[partition.value()].epoch) return false;
    configs[partition.value()] = config;
    gateway->route_changed(partition);
    return true;
  }
  void to_control(ToControl message) override { control.push_back(std::move(message)); }
  void client_has_output(Client&) override {}
  void client_left(Client&) override { ++left; }
  void set_monitor(Client&, bool) override {}
  void client_may_go_on(Client&) override {}
  [[nodiscard]] bool is_blocked_here(PartitionId, std::uint64_t) override { return false; }
  [[nodiscard]] bool is_anybody_busy() const override { return busy != NodeId(); }
  [[nodiscard]] bool is_busy(const wire::Endpoint& worker) const override {
    return busy == worker.node;
  }
  void answer(const wire::Origin&, PartitionId, std::string_view) override {}
  [[nodiscard]] const Settings& settings() const override { return current_settings; }
  [[nodiscard]] std::uint16_t workers() const override { return 1; }
  [[nodiscard]] bool out_of_memory(PartitionId) const override { return false; }
  std::uint64_t draw_random() override { return 4; }
  [[nodiscard]] PubSub& pubsub() override { return *pubsub_here; }
  void begin_steps() override {}
  void note_step(const Client&, const commands::CommandSpec&, commands::Args) override {}

  /// The requests that were written to a node since the last call: number and floor.
  struct Sent {
    std::uint64_t seq;
    std::uint64_t floor;
    Epoch term;
    std::string command;
    friend bool operator==(const Sent&, const Sent&) = default;
  };
  std::vector<Sent> sent(NodeId to) {
    std::vector<Sent> requests;
    ByteBuffer& buffer = output[to];
    while (!buffer.empty()) {
      wire::Frame frame{};
      std::size_t wanted = 0;
      EXPECT_EQ(wire::read_frame(buffer.view(), wire::kFrameBytesMax, frame, wanted),
                wire::FrameStatus::kFrame);
      wire::Request request;
      wire::Args args;
      EXPECT_TRUE(wire::decode(frame.payload, request, args));
      std::string command;
      for (const std::string_view arg : args) command += std::string(arg) + " ";
      requests.push_back({request.seq, request.floor, request.term, command});
      buffer.consume(frame.consumed);
    }
    return requests;
  }

  Settings current_settings;
  Now time{Instant::at_nanos(1'000'000'000), WallTime{1'700'000'000'000}};
  std::vector<PartitionConfig> configs{kPartitionCount};
  std::map<NodeId, bool> up;
  std::map<NodeId, ByteBuffer> output;
  std::vector<wire::Origin> here;
  std::function<void(PartitionId, const replication::Replica::RequestView&)> answer_here;
  std::vector<ToControl> control;
  Gateway* gateway = nullptr;
  PubSub* pubsub_here = nullptr;
  NodeId busy;  // its workers
  int left = 0;
};

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() {
    host_.gateway = &gateway_;
    host_.pubsub_here = &pubsub_;
    host_.up = {{NodeId(2), true}, {NodeId(3), true}};
    for (PartitionConfig& config : host_.configs) config = primary_is(kOther, 1);
  }
  static PartitionConfig primary_is(NodeId node, std::uint64_t epoch) {
    return {.epoch = Epoch(epoch), .term = Epoch(epoch), .in_sync = {node}, .syncing = {}};
  }
  void execute(const std::vector<std::string_view>& args) { gateway_.execute(client_, args); }
  void reply(std::uint64_t seq, std::string_view bytes, std::string_view key = "k") {
    gateway_.on_reply(seq, partition(key), ReplyStatus::kDone, bytes, Instant::never());
  }
  void moved(std::uint64_t seq, const PartitionConfig& config) {
    ByteBuffer bytes;
    Encoder encoder(bytes);
    wire::encode_config(encoder, config);
    gateway_.on_reply(seq, partition("k"), ReplyStatus::kMoved, bytes.view(), Instant::never());
  }
  static PartitionId partition(std::string_view key) { return partition_of(slot_of_key(key)); }
  std::string output() {
    const std::string text(client_.output.view());
    client_.output.clear();
    return text;
  }
  void pass(Duration d) {
    host_.time.instant = host_.time.instant + d;
    gateway_.tick();
    gateway_.end_turn();
  }
  using Sent = FakeHost::Sent;
  NodeOptions options_;
  FakeHost host_;
  Gateway gateway_{host_, options_};
  PubSub pubsub_{host_, gateway_, options_};
  Client client_{ConnectionId(1), "1.2.3.4:5", "1.2.3.4:6", Instant()};
};

TEST(GatewayCommands, EveryRowOfTheTableHasItsCode) {
  EXPECT_TRUE(gateway_commands_are_complete());
}

TEST_F(GatewayTest, SendsACommandToThePrimaryOfItsKey) {
  execute({"SET", "k", "1"});
  EXPECT_EQ(host_.sent(kOther), (std::vector<Sent>{{1, 1, Epoch(1), "SET k 1 "}}));
  reply(1, "+OK\r\n");
  EXPECT_EQ(output(), "+OK\r\n");
  EXPECT_EQ(gateway_.pending(), 0u);
}

TEST_F(GatewayTest, TheFloorRisesWithTheOldestUnansweredRequest) {
  for (int i = 0; i < 3; ++i) execute({"INCR", "k"});
  EXPECT_EQ(gateway_.floor(), 1u);
  reply(2, ":2\r\n");
  EXPECT_EQ(gateway_.floor(), 1u);
  reply(1, ":1\r\n");
  EXPECT_EQ(gateway_.floor(), 3u);
  host_.sent(kOther);
  execute({"INCR", "k"});
  EXPECT_EQ(host_.sent(kOther)[0].floor, 3u);
  reply(3, ":3\r\n");
  reply(4, ":4\r\n");
  EXPECT_EQ(gateway_.floor(), 5u);
  EXPECT_EQ(output(), ":1\r\n:2\r\n:3\r\n:4\r\n");
}

TEST_F(GatewayTest, WhatIsTooLargeForAFrameIsRefusedInItsPlace) {
  const std::string large(100'000'000, 'x');
  execute({"GET", "k"});
  execute({"MSET", "{k}1", large, "{k}2", large, "{k}3", large, "{k}4", large, "{k}5", large,
           "{k}6", large, "{k}7", large});
  EXPECT_EQ(host_.sent(kOther).size(), 1u);
  EXPECT_EQ(gateway_.pending(), 1u);
  reply(1, "$1\r\nv\r\n");
  EXPECT_THAT(output(), StartsWith("$1\r\nv\r\n-ERR too large"));
}

TEST_F(GatewayTest, AnAnswerCountsOnce) {
  execute({"INCR", "k"});
  reply(1, ":1\r\n");
  reply(1, ":2\r\n");
  reply(77, ":3\r\n");
  reply(0, ":4\r\n");
  EXPECT_EQ(output(), ":1\r\n");
}

TEST_F(GatewayTest, AnAnswerForAnotherPartitionIsNoAnswer) {
  execute({"INCR", "k"});
  ASSERT_NE(partition("k"), partition("other"));
  reply(1, ":9\r\n", "other");
  EXPECT_EQ(output(), "");
}

TEST_F(GatewayTest, SendsAgainUnderTheSameNumbersInOrder) {
  execute({"SET", "k", "1"});
  execute({"SET", "elsewhere", "1"});
  execute({"SET", "k", "2"});
  host_.sent(kOther);
  gateway_.route_changed(partition("k"));
  EXPECT_TRUE(host_.sent(kOther).empty()) << "at the end of the turn";
  gateway_.end_turn();
  const auto sent = host_.sent(kOther);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].seq, 1u);
  EXPECT_EQ(sent[1].seq, 3u);
}

TEST_F(GatewayTest, GoesToTheNewPrimaryThatAReplyNames) {
  execute({"SET", "k", "1"});
  host_.sent(kOther);
  moved(1, primary_is(NodeId(3), 2));
  gateway_.end_turn();
  EXPECT_EQ(host_.sent(NodeId(3)), (std::vector<Sent>{{1, 1, Epoch(2), "SET k 1 "}}));
  reply(1, "+OK\r\n");
  EXPECT_EQ(output(), "+OK\r\n");
}

TEST_F(GatewayTest, WithoutNewsItTriesAgainAtTheNextTick) {
  execute({"SET", "k", "1"});
  host_.sent(kOther);
  moved(1, primary_is(kOther, 1));
  gateway_.end_turn();
  EXPECT_TRUE(host_.sent(kOther).empty()) << "it would go to and fro without end";
  execute({"SET", "k", "2"});
  EXPECT_TRUE(host_.sent(kOther).empty()) << "behind the first";
  pass(Duration::millis(20));
  const auto sent = host_.sent(kOther);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].command, "SET k 1 ");
  EXPECT_EQ(sent[1].command, "SET k 2 ");
}

TEST_F(GatewayTest, AMovedReplyThatCannotBeReadIsTriedAgain) {
  execute({"SET", "k", "1"});
  host_.sent(kOther);
  gateway_.on_reply(1, partition("k"), ReplyStatus::kMoved, "junk", Instant::never());
  pass(Duration::millis(20));
  EXPECT_EQ(host_.sent(kOther).size(), 1u);
}

TEST_F(GatewayTest, AWriteThatWasNeverSentIsCertainlyNotWritten) {
  host_.up[kOther] = false;
  execute({"SET", "k", "1"});
  pass(options_.request_deadline);
  EXPECT_EQ(output(), kNotWritten);
  EXPECT_EQ(gateway_.pending(), 0u);
}

TEST_F(GatewayTest, AWriteThatWasSentIsInDoubtAndAReadIsNot) {
  execute({"SET", "k", "1"});
  execute({"GET", "k"});
  pass(options_.request_deadline);
  const std::string text = output();
  EXPECT_THAT(text, StartsWith("-INDOUBT "));
  EXPECT_THAT(text, HasSubstr("\r\n-CLUSTERDOWN No primary could serve the slot in time\r\n"))
      << "nothing is said of writing";
}

TEST_F(GatewayTest, ANodeThatStoodStillSendsNothingAgainThatIsOverdue) {
  execute({"INCR", "k"});
  host_.sent(kOther);
  host_.time.instant = host_.time.instant + options_.request_deadline;
  execute({"INCR", "k"});
  host_.sent(kOther);
  moved(1, primary_is(NodeId(3), 2));
  gateway_.end_turn();
  const auto sent = host_.sent(NodeId(3));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].seq, 2u);
  pass(Duration::millis(20));
  EXPECT_THAT(output(), StartsWith("-INDOUBT "));
}

TEST_F(GatewayTest, WhatWasGivenUpIsBelowTheFloor) {
  execute({"SET", "k", "1"});
  pass(options_.request_deadline);
  host_.sent(kOther);
  execute({"SET", "k", "2"});
  EXPECT_EQ(host_.sent(kOther)[0].floor, 2u);
}

TEST_F(GatewayTest, AReplicaOfThisWorkerAnswersOnTheSpot) {
  host_.configs.assign(kPartitionCount, primary_is(kSelf.node, 1));
  host_.answer_here = [&](PartitionId p, const auto& request) {
    gateway_.on_reply(request.origin.seq, p, ReplyStatus::kDone, "+OK\r\n", Instant::at_nanos(9));
  };
  execute({"SET", "k", "1"});
  EXPECT_EQ(output(), "+OK\r\n");
  EXPECT_EQ(client_.output_valid_until, Instant::at_nanos(9));
  EXPECT_EQ(gateway_.pending(), 0u);
  EXPECT_EQ(host_.here[0].seq, 1u);
  EXPECT_EQ(gateway_.floor(), 2u);
}

TEST_F(GatewayTest, AReplicaOfThisWorkerMayAnswerLater) {
  host_.configs.assign(kPartitionCount, primary_is(kSelf.node, 1));
  execute({"SET", "k", "1"});
  execute({"PING"});
  EXPECT_EQ(output(), "");
  reply(1, "+OK\r\n");
  EXPECT_EQ(output(), "+OK\r\n+PONG\r\n");
}

TEST_F(GatewayTest, AReplicaOfThisWorkerMayHaveMovedOn) {
  host_.configs.assign(kPartitionCount, primary_is(kSelf.node, 1));
  host_.answer_here = [&](PartitionId p, const auto& request) {
    ByteBuffer bytes;
    Encoder encoder(bytes);
    wire::encode_config(encoder, primary_is(kOther, 2));
    gateway_.on_reply(request.origin.seq, p, ReplyStatus::kMoved, bytes.view(), Instant::never());
  };
  execute({"SET", "k", "1"});
  gateway_.end_turn();
  pass(Duration::millis(20));
  const auto sent = host_.sent(kOther);
  ASSERT_GE(sent.size(), 1u);
  EXPECT_EQ(sent[0].seq, 1u);
}

// ---- commands that are not the partitions' ----

TEST_F(GatewayTest, AsksTheControlThreadAndAnswersInOrder) {
  execute({"BORG", "INFO"});
  execute({"PING"});
  ASSERT_EQ(host_.control.size(), 1u);
  const auto& request = std::get<AdminRequest>(host_.control[0]);
  EXPECT_EQ(request.args, (std::vector<std::string>{"BORG", "INFO"}));
  EXPECT_EQ(output(), "");
  gateway_.on_admin_reply({.token = request.token, .reply = "+done\r\n"});
  gateway_.on_admin_reply({.token = request.token, .reply = "+again\r\n"});
  EXPECT_EQ(output(), "+done\r\n+PONG\r\n");
}

TEST_F(GatewayTest, AControlThreadThatDoesNotAnswerIsGivenUp) {
  execute({"BORG", "INFO"});
  pass(options_.request_deadline * 2);
  EXPECT_EQ(output(), kNoWord);
}

TEST_F(GatewayTest, UnknownCommandsAreAnsweredInOrderToo) {
  execute({"GET", "k"});
  execute({"NOSUCH"});
  execute({"GET"});
  EXPECT_EQ(output(), "");
  reply(1, "$-1\r\n");
  const std::string text = output();
  EXPECT_THAT(text, StartsWith("$-1\r\n-ERR unknown command 'NOSUCH'"));
  EXPECT_THAT(text, HasSubstr("-ERR wrong number of arguments for 'get' command\r\n"));
}

TEST_F(GatewayTest, AClientThatLeftIsForgottenWhenItsLastAnswerCame) {
  execute({"GET", "k"});
  execute({"BORG", "INFO"});
  gateway_.disconnect(client_);
  EXPECT_EQ(host_.left, 0);
  reply(1, "$-1\r\n");
  EXPECT_EQ(host_.left, 0);
  gateway_.on_admin_reply({.token = std::get<AdminRequest>(host_.control[0]).token, .reply = "+x"});
  EXPECT_EQ(host_.left, 1);
}

}  // namespace
}  // namespace borg::node
