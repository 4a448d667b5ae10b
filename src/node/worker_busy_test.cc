// SPDX-License-Identifier: Apache-2.0
// What those see who wait for a worker that takes long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node/testing/worker_world.h"

namespace borg::node::testing {
namespace {

using ::testing::StartsWith;

constexpr std::string_view kOk = "+OK\r\n";

/// Node 1 has all primaries, node 2 all backups.
class WorkerBusyTest : public ::testing::Test {
 protected:
  WorkerBusyTest() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
    world_.to_control.clear();
  }
  /// Nothing arrives anywhere meanwhile.
  void pass(Duration d, int busy_node = 0) {
    for (Duration passed; passed < d; passed = passed + kStep) {
      for (int node = 1; busy_node > 0 && node <= 3; ++node) {
        world_.tell(node, WorkersBusy{NodeId(static_cast<std::uint64_t>(busy_node)), {0}});
      }
      world_.pass(kStep);
    }
  }
  [[nodiscard]] bool any_stalled() const {
    return std::ranges::any_of(world_.to_control, [](const ToControl& message) {
      const auto* stall = std::get_if<PeerStalled>(&message);
      return stall != nullptr && stall->stalled;
    });
  }
  static constexpr Duration kStep = Duration::millis(100);
  static constexpr Duration kBusyMax = Duration::seconds(10);
  WorkerWorld world_{3, 1, [](NodeOptions& o) { o.liveness.busy_max = kBusyMax; }};
};

TEST_F(WorkerBusyTest, ARequestWaitsOnForABusyPrimary) {
  Connection& client = world_.connect(3);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(12), 1);
  EXPECT_EQ(client.take(), "");
  world_.run();
  EXPECT_EQ(client.take(), kOk);
}

TEST_F(WorkerBusyTest, ARequestWaitsOnForABusyBackup) {
  Connection& client = world_.connect(1);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(12), 2);
  EXPECT_EQ(client.take(), "");
  EXPECT_FALSE(any_stalled());
  world_.run();
  EXPECT_EQ(client.take(), kOk);
}

TEST_F(WorkerBusyTest, TheOthersDoNotWaitOn) {
  Connection& client = world_.connect(3);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(6), 3);
  EXPECT_THAT(client.take(), StartsWith("-INDOUBT "));
}

TEST_F(WorkerBusyTest, WhoIsNotBusyAnyMoreHasADeadlinesTimeForTheRest) {
  Connection& client = world_.connect(3);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(6), 1);
  pass(Duration::seconds(3));
  EXPECT_EQ(client.take(), "");
  pass(Duration::seconds(4));
  EXPECT_THAT(client.take(), StartsWith("-INDOUBT "));
}

/// Whoever hangs in the end is replaced within that time.
TEST_F(WorkerBusyTest, WhoWasBusyBeforeTheDeadlineHasAsMuchTime) {
  Connection& client = world_.connect(3);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(4), 1);
  pass(Duration::seconds(4));
  EXPECT_EQ(client.take(), "");
  pass(Duration::seconds(2));
  EXPECT_THAT(client.take(), StartsWith("-INDOUBT "));
}

TEST_F(WorkerBusyTest, NobodyWaitsForEver) {
  Connection& client = world_.connect(3);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(5) + kBusyMax * 2, 1);
  EXPECT_THAT(client.take(), StartsWith("-INDOUBT "));
}

TEST_F(WorkerBusyTest, OneThatWaitsOnDoesNotKeepLaterOnesFromTheirDeadline) {
  const PartitionId elsewhere(77);
  world_.place(elsewhere, {2});
  world_.publish();
  world_.run();
  world_.cut(2, 3);
  Connection& patient = world_.connect(3);
  Connection& other = world_.connect(3);
  world_.send(patient, {"SET", "a", "1"});
  pass(Duration::seconds(6), 1);
  world_.send(other, {"GET", key_of(elsewhere)});
  pass(Duration::seconds(6), 1);
  EXPECT_EQ(patient.take(), "");
  EXPECT_THAT(other.take(), StartsWith("-CLUSTERDOWN "));
}

TEST_F(WorkerBusyTest, ALinkIsStalledWhenNobodyVouchesForItsWorker) {
  Connection& client = world_.connect(1);
  world_.send(client, {"SET", "a", "1"});
  pass(Duration::seconds(2), 2);
  EXPECT_FALSE(any_stalled());
  pass(Duration::seconds(2));
  EXPECT_TRUE(any_stalled());
}

TEST_F(WorkerBusyTest, ACommandThatBlocksIsNotInDoubtWhileItsPrimaryIsBusy) {
  Connection& client = world_.connect(3);
  world_.send(client, {"BLPOP", "q", "0"});
  world_.run();
  pass(Duration::seconds(15), 1);
  EXPECT_EQ(client.take(), "");
  world_.run();
  Connection& pusher = world_.connect(1);
  EXPECT_EQ(world_.ask(pusher, {"RPUSH", "q", "x"}), ":1\r\n");
  EXPECT_EQ(client.take(), "*2\r\n" + bulk("q") + bulk("x"));
}

/// A turn in which a read is answered at once, and something else takes long.
class LongTurnTest : public WorkerBusyTest {
 protected:
  void read_in_a_long_turn(const std::function<void()>& meanwhile) {
    WorkerCore& core = world_.worker(1);
    world_.lease(1, 2).set(world_.now.instant + Duration::seconds(1));
    core.begin_turn(world_.now);
    const std::string read = command({"GET", "a"});
    ASSERT_EQ(core.on_client_data(*client_.client, read), read.size());
    world_.now.instant = world_.now.instant + Duration::seconds(3);
    meanwhile();
    core.end_turn();
    core.confirm_replies(world_.now);
  }
  [[nodiscard]] bool is_good() const {
    return world_.now.instant < client_.client->output_valid_until;
  }
  Connection& client_ = world_.connect(1);
};

TEST_F(LongTurnTest, AReplyIsGoodIfTheLeaseWasRenewedMeanwhile) {
  read_in_a_long_turn([&] { world_.lease(1, 2).set(world_.now.instant + Duration::seconds(1)); });
  EXPECT_TRUE(is_good());
}

TEST_F(LongTurnTest, AReplyIsNotGoodIfTheLeaseHasEnded) {
  read_in_a_long_turn([] {});
  EXPECT_FALSE(is_good());
}

TEST_F(LongTurnTest, AReplyIsNotGoodIfAnotherIsPrimaryByNow) {
  read_in_a_long_turn([&] {
    world_.lease(1, 2).set(world_.now.instant + Duration::seconds(1));
    world_.place({2, 1});
    auto view = std::make_shared<NodeView>(*world_.worker(1).view());
    view->cluster = std::make_shared<const membership::ClusterView>(world_.view);
    world_.worker(1).on_control(std::shared_ptr<const NodeView>(view));
  });
  EXPECT_FALSE(is_good());
}

}  // namespace
}  // namespace borg::node::testing
