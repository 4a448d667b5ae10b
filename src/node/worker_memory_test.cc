// SPDX-License-Identifier: Apache-2.0
#include "node/worker_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "node/testing/worker_world.h"

namespace borg::node {
namespace {

using testing::bulk;
using testing::Connection;
using testing::key_of;
using ::testing::StartsWith;
using testing::WorkerWorld;
using wire::MemoryLevel;

constexpr NodeId kOther(7);

PartitionConfig held_by(NodeId backup, NodeId syncing = {}) {
  PartitionConfig config;
  config.in_sync.push_back(NodeId(1));
  config.in_sync.push_back(backup);
  if (syncing != NodeId()) config.syncing.push_back(syncing);
  return config;
}

TEST(WorkerMemory, HasNoPlaceWhereAnyHolderHasNone) {
  WorkerMemory memory(WorkerIndex(0), 1);
  EXPECT_FALSE(memory.is_out(held_by(kOther), 1 << 30, 1 << 30)) << "there is no limit";
  EXPECT_TRUE(memory.hear(kOther, {.version = 1, .level = MemoryLevel::kFull}));
  EXPECT_TRUE(memory.is_out(held_by(kOther), 0, 0));
  EXPECT_TRUE(memory.is_out(held_by(NodeId(2), kOther), 0, 0));
  EXPECT_FALSE(memory.is_out(held_by(NodeId(2)), 0, 0));
  EXPECT_FALSE(memory.is_closed(kOther));
}

TEST(WorkerMemory, WhatIsLargeNeedsRoomAtEveryHolder) {
  WorkerMemory memory(WorkerIndex(0), 1);
  EXPECT_FALSE(memory.hear(kOther, {.room = 1000})) << "its level is no news";
  EXPECT_FALSE(memory.is_out(held_by(kOther), 0, 0));
  EXPECT_FALSE(memory.is_out(held_by(kOther), 0, 1000));
  EXPECT_TRUE(memory.is_out(held_by(kOther), 0, 1001));
  EXPECT_TRUE(memory.is_out(held_by(NodeId(2), kOther), 0, 1001));
  EXPECT_FALSE(memory.is_out(held_by(NodeId(2)), 0, 1001));
  memory.note_taken(held_by(kOther), 600);
  EXPECT_TRUE(memory.is_out(held_by(kOther), 0, 401));
  EXPECT_FALSE(memory.hear(kOther, {.room = 900}));
  EXPECT_TRUE(memory.is_out(held_by(kOther), 0, 401)) << "it may have said so before it came";
  EXPECT_FALSE(memory.is_out(held_by(kOther), 0, 300));
  EXPECT_FALSE(memory.hear(kOther, {.room = 400}));
  EXPECT_FALSE(memory.is_out(held_by(kOther), 0, 400));
}

TEST(WorkerMemory, BelievesTheNewestWord) {
  WorkerMemory memory(WorkerIndex(0), 1);
  EXPECT_TRUE(memory.hear(kOther, {.version = 3, .level = MemoryLevel::kClosed}));
  EXPECT_FALSE(memory.hear(kOther, {.version = 2, .level = MemoryLevel::kRoom}));
  EXPECT_TRUE(memory.is_closed(kOther));
  EXPECT_TRUE(memory.hear(kOther, {.version = 4, .level = MemoryLevel::kRoom}));
  EXPECT_FALSE(memory.is_closed(kOther));
  EXPECT_FALSE(memory.is_out(held_by(kOther), 0, 0));
}

TEST(WorkerMemory, SharesTheLimitWithTheOtherWorkers) {
  const auto node = std::make_shared<NodeMemory>(2);
  WorkerMemory one(WorkerIndex(0), 2);
  WorkerMemory two(WorkerIndex(1), 2);
  for (WorkerMemory* const each : {&one, &two}) {
    each->join(node);
    each->set_limit(1000);
  }
  const std::uint64_t mark = NodeMemory::full_mark(1000);
  one.note_all({.data = 400, .records = 100, .replication = 50, .clients = 25}, {});
  two.note_all({.data = 10}, {});
  two.begin_turn(10);
  EXPECT_EQ(node->used(), 585u);
  EXPECT_FALSE(two.is_out(held_by(kOther), 10 + mark - 585, 0));
  EXPECT_TRUE(two.is_out(held_by(kOther), 11 + mark - 585, 0)) << "in the middle of its turn";
  EXPECT_FALSE(two.is_out(held_by(kOther), 10, mark - 585));
  EXPECT_TRUE(two.is_out(held_by(kOther), 10, mark - 584)) << "it is not there yet";
  one.note_stored(900);
  two.begin_turn(10);
  EXPECT_TRUE(two.is_out(held_by(kOther), 10, 0));
}

TEST(WorkerMemory, ThatEndsHoldsNothing) {
  const auto node = std::make_shared<NodeMemory>(1);
  {
    WorkerMemory memory(WorkerIndex(0), 1);
    memory.note_all({.data = 400}, {});
    memory.join(node);
    EXPECT_EQ(node->used(), 400u);
  }
  EXPECT_EQ(node->used(), 0u);
}

// ---- a worker with it ----

class FullNodes : public ::testing::Test {
 protected:
  FullNodes() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
  }
  void limit(int node, std::int64_t bytes) {
    Settings settings;
    settings.memory_bytes_max = bytes;
    world_.tell(node, std::make_shared<const Settings>(settings));
    world_.pass(WorkerCore::kTick);
    world_.run();
  }

  WorkerWorld world_{3, 1};
  Connection& one_ = world_.connect(1);
  Connection& three_ = world_.connect(3);
};

TEST_F(FullNodes, AFullBackupRefusesWritesAtThePrimary) {
  EXPECT_EQ(world_.ask(one_, {"SET", "a", "1"}), "+OK\r\n");
  limit(2, 1);
  for (Connection* const each : {&one_, &three_}) {
    EXPECT_THAT(world_.ask(*each, {"SET", "a", "2"}), StartsWith("-OOM "));
    EXPECT_EQ(world_.ask(*each, {"GET", "a"}), bulk("1"));
    world_.ask(*each, {"MULTI"});
    EXPECT_THAT(world_.ask(*each, {"SET", "a", "2"}), StartsWith("-OOM "));
    world_.ask(*each, {"DISCARD"});
  }
  EXPECT_EQ(world_.ask(one_, {"DEL", "a"}), ":1\r\n");
  limit(2, 0);
  EXPECT_EQ(world_.ask(three_, {"SET", "a", "2"}), "+OK\r\n");
}

TEST_F(FullNodes, AFullNodeThatHoldsNothingOfItRefusesNothing) {
  limit(3, 1);
  EXPECT_EQ(world_.ask(one_, {"SET", "a", "1"}), "+OK\r\n");
  EXPECT_EQ(world_.ask(three_, {"SET", "a", "1"}), "+OK\r\n");
}

TEST_F(FullNodes, ALinkThatIsNewHearsOfIt) {
  world_.cut(1, 2);
  limit(2, 1);
  EXPECT_EQ(world_.ask(three_, {"DEL", "a"}), "") << "it waits for the backup";
  world_.heal(1, 2);
  world_.run();
  EXPECT_EQ(three_.take(), ":0\r\n");
  EXPECT_THAT(world_.ask(one_, {"SET", "a", "1"}), StartsWith("-OOM "));
}

TEST_F(FullNodes, ACopyWaitsForMemoryAndWritesThatFreeSomeDoNot) {
  const PartitionId partition(0);
  const std::string key = key_of(partition);
  EXPECT_EQ(world_.ask(one_, {"SET", key, "1"}), "+OK\r\n");
  EXPECT_EQ(world_.ask(one_, {"SET", key + "2", "1"}), "+OK\r\n");
  world_.place(PartitionId(1), {1, 2}, {3});
  world_.publish();
  world_.run();
  limit(3, 1);
  world_.place({1}, {3});
  world_.publish();
  world_.run();
  const auto& copy = *world_.worker(3).replica(partition);
  EXPECT_FALSE(copy.complete());
  EXPECT_EQ(copy.store().keys(), 0u);
  EXPECT_THAT(world_.ask(one_, {"SET", key, "2"}), StartsWith("-OOM "));
  EXPECT_EQ(world_.ask(one_, {"DEL", key + "2"}), ":1\r\n");
  EXPECT_EQ(world_.ask(one_, {"GET", key}), bulk("1"));
  limit(3, 0);
  EXPECT_TRUE(copy.complete());
  EXPECT_EQ(copy.store().keys(), 1u);
  EXPECT_EQ(world_.ask(one_, {"SET", key, "2"}), "+OK\r\n");
}

TEST_F(FullNodes, CountAllThatTheyHold) {
  const std::string value(100'000, 'x');
  world_.ask(one_, {"SET", "a", value});
  const Stats before = world_.worker(1).stats();
  EXPECT_GT(before.memory_bytes, value.size());
  world_.type(three_, testing::command({"MULTI"}) + testing::command({"SET", "a", value}) +
                          "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000\r\n" + value.substr(0, 50'000));
  const Stats queued = world_.worker(3).stats();
  EXPECT_GT(queued.client_bytes, 150'000u) << "a queued command, and one that is not whole";
  world_.cut(1, 2);
  world_.send(one_, {"SET", "a", value});
  world_.run();
  EXPECT_GT(world_.worker(1).stats().replication_bytes, value.size()) << "not acknowledged";
}

}  // namespace
}  // namespace borg::node
