// SPDX-License-Identifier: Apache-2.0
#include "node/slot_stats_command.h"

#include <gtest/gtest.h>

#include "base/slot.h"
#include "node/testing/worker_world.h"

namespace borg::node {
namespace {

using testing::bulk;
using testing::Connection;
using testing::key_of;
using testing::WorkerWorld;

/// Two nodes, each primary of every other partition; the client is at the one with the even ones.
class SlotStatsTest : public ::testing::Test {
 protected:
  SlotStatsTest() {
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      world_.place(PartitionId(p), {1 + p % 2, 2 - p % 2});
    }
    world_.publish();
    world_.run();
    for (const char* name : {"a", "b", "c"}) put(PartitionId(2), name);
    put(PartitionId(1), "d");
    put(PartitionId(4), "e");
  }

  void put(PartitionId partition, const char* name) {
    EXPECT_EQ(ask({"SET", key_of(partition, name), "v"}), "+OK\r\n");
  }
  std::string ask(std::vector<std::string> args) { return world_.ask(client_, args); }
  static std::uint16_t slot_of(std::uint16_t partition) {
    return slot_of_key(key_of(PartitionId(partition))).value();
  }
  static std::string stats(std::uint16_t slot, int keys) {
    return "*2\r\n:" + std::to_string(slot) + "\r\n*2\r\n" + bulk("key-count") + ":" +
           std::to_string(keys) + "\r\n";
  }

  WorkerWorld world_{2, 2};
  Connection& client_{world_.connect(1, 1)};
};

TEST_F(SlotStatsTest, CountTheKeysOfTheNodesOwnSlots) {
  const std::string slot = std::to_string(slot_of(2));
  EXPECT_EQ(ask({"CLUSTER", "SLOT-STATS", "SLOTSRANGE", slot, slot}),
            "*1\r\n" + stats(slot_of(2), 3));
  const std::string others = std::to_string(slot_of(1));
  EXPECT_EQ(ask({"CLUSTER", "SLOT-STATS", "SLOTSRANGE", others, others}), "*0\r\n");
}

TEST_F(SlotStatsTest, ARangeLeavesOutTheSlotsOfOthers) {
  const std::string reply = ask({"CLUSTER", "SLOT-STATS", "slotsrange", "30", "50"});
  EXPECT_TRUE(reply.starts_with("*16\r\n*2\r\n:32\r\n")) << reply;
  EXPECT_EQ(reply.find(":30\r\n"), std::string::npos);
  EXPECT_EQ(reply.find(":48\r\n"), std::string::npos);
}

TEST_F(SlotStatsTest, AreOrderedByTheNumberOfKeys) {
  EXPECT_EQ(ask({"CLUSTER", "SLOT-STATS", "ORDERBY", "key-count", "LIMIT", "2"}),
            "*2\r\n" + stats(slot_of(2), 3) + stats(slot_of(4), 1));
  const std::string fewest =
      ask({"CLUSTER", "SLOT-STATS", "ORDERBY", "KEY-COUNT", "ASC", "LIMIT", "1"});
  EXPECT_EQ(fewest, "*1\r\n" + stats(0, 0));
}

TEST_F(SlotStatsTest, AreAMapInResp3) {
  ask({"HELLO", "3"});
  EXPECT_EQ(
      ask({"CLUSTER", "SLOT-STATS", "ORDERBY", "key-count", "LIMIT", "1"}),
      "*1\r\n*2\r\n:" + std::to_string(slot_of(2)) + "\r\n%1\r\n" + bulk("key-count") + ":3\r\n");
}

TEST_F(SlotStatsTest, AreRefusedWithinATransaction) {
  ask({"MULTI"});
  EXPECT_TRUE(ask({"CLUSTER", "SLOT-STATS", "SLOTSRANGE", "0", "1"}).starts_with("-CROSSSLOT"));
}

}  // namespace
}  // namespace borg::node
