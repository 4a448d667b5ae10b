// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/slot.h"
#include "commands/command.h"
#include "commands/fake_cluster.h"

namespace borg::commands {
namespace {

using testing::FakeCluster;
using List = std::vector<std::string_view>;

/// One partition, that of the hash tag {a}; keys are named so that they fall into it.
class InternalCommands : public ::testing::Test {
 protected:
  std::string run(const List& args) { return cluster_.run_part(*resolve(args), partition_, args); }
  resp::Value value_of(const List& args) {
    const std::string reply = run(args);
    const auto result = resp::parse_reply(reply);
    EXPECT_TRUE(result.reply) << reply;
    return result.reply ? result.reply->value : resp::Value();
  }
  void put(int count, std::string_view expiry_ms = "") {
    for (int i = 0; i < count; ++i) {
      const std::string key = "{a}" + std::to_string(i);
      List args{"set", key, "v"};
      if (!expiry_ms.empty()) args.insert(args.end(), {"px", expiry_ms});
      EXPECT_EQ(run(args), "+OK\r\n");
    }
  }

  SlotId slot_ = slot_of_key("a");
  PartitionId partition_ = partition_of(slot_);
  std::string slot_text_ = std::to_string(slot_.value());
  FakeCluster cluster_;
};

TEST_F(InternalCommands, CountExpiredKeysToo) {
  EXPECT_EQ(run({"_count"}), ":0\r\n");
  put(3, "10");
  cluster_.now_ms += 20;
  EXPECT_EQ(run({"_count"}), ":3\r\n");
  EXPECT_EQ(run({"_slotcount", slot_text_}), ":3\r\n");
  EXPECT_TRUE(run({"_slotcounts"}).starts_with("*16\r\n:"));
  EXPECT_NE(run({"_slotcounts"}).find(":3\r\n"), std::string::npos);
}

TEST_F(InternalCommands, ExpireOnlyWhatIsExpired) {
  put(2, "10");
  run({"set", "{a}live", "v", "px", "100"});
  run({"set", "{a}forever", "v"});
  EXPECT_EQ(run({"_expire", "{a}0", "{a}live"}), ":0\r\n");
  cluster_.now_ms += 20;
  EXPECT_EQ(run({"_expire", "{a}0", "{a}1", "{a}0", "{a}live", "{a}forever", "{a}none"}), ":2\r\n");
  EXPECT_EQ(run({"_count"}), ":2\r\n");
}

TEST_F(InternalCommands, ReadsReportWhatIsExpired) {
  put(1, "10");
  EXPECT_EQ(run({"get", "{a}0"}), "$1\r\nv\r\n");
  EXPECT_FALSE(cluster_.met_expired());
  cluster_.now_ms += 20;
  EXPECT_EQ(run({"get", "{a}0"}), "$-1\r\n");
  EXPECT_TRUE(cluster_.met_expired());
  EXPECT_EQ(run({"_count"}), ":1\r\n");
}

TEST_F(InternalCommands, ScanEveryKeyInSteps) {
  put(300);
  std::set<std::string> found;
  std::string slot = std::to_string(first_slot(partition_).value());
  std::string position = "0";
  int steps = 0;
  while (slot != "-1") {
    const resp::Value reply = value_of({"_scan", slot, position, "10"});
    ASSERT_EQ(reply.elements.size(), 3u);
    slot = std::to_string(reply.elements[0].integer);
    position = std::to_string(reply.elements[1].integer);
    for (const resp::Value& key : reply.elements[2].elements) found.insert(key.text);
    ASSERT_LT(++steps, 300);
  }
  EXPECT_EQ(found.size(), 300u);
  EXPECT_GT(steps, 3);
}

TEST_F(InternalCommands, ScanFiltersAndSkipsExpired) {
  put(20);
  run({"set", "{a}gone", "v", "px", "10"});
  cluster_.now_ms += 20;
  const auto keys = [&](const List& options) {
    List args{"_scan", slot_text_, "0", "1000"};
    args.insert(args.end(), options.begin(), options.end());
    return value_of(args).elements.at(2).elements.size();
  };
  EXPECT_EQ(keys({}), 20u);
  EXPECT_EQ(keys({"MATCH", "*1?"}), 10u);
  EXPECT_EQ(keys({"type", "STRING"}), 20u);
  EXPECT_EQ(keys({"TYPE", "list", "MATCH", "*"}), 0u);
  EXPECT_EQ(run({"_scan", slot_text_, "0", "1", "FOO", "x"}), "-ERR syntax error\r\n");
  EXPECT_EQ(run({"_scan", slot_text_, "0", "1", "MATCH"}), "-ERR syntax error\r\n");
}

TEST_F(InternalCommands, RefuseSlotsOfOtherPartitions) {
  const std::string other =
      std::to_string((first_slot(partition_).value() + kSlotsPerPartition) % kSlotCount);
  for (const std::string_view slot : {std::string_view(other), std::string_view("-1"),
                                      std::string_view("16384"), std::string_view("a")}) {
    EXPECT_EQ(run({"_slotcount", slot}), "-ERR slot is not of this partition\r\n") << slot;
    EXPECT_EQ(run({"_slotkeys", slot, "1"}), "-ERR slot is not of this partition\r\n") << slot;
    EXPECT_EQ(run({"_scan", slot, "0", "1"}), "-ERR slot is not of this partition\r\n") << slot;
  }
  EXPECT_TRUE(run({"_slotkeys", slot_text_, "-1"}).starts_with("-ERR value is not"));
  EXPECT_TRUE(run({"_scan", slot_text_, "-1", "1"}).starts_with("-ERR value is not"));
}

TEST_F(InternalCommands, GiveAsManyKeysOfASlotAsAsked) {
  put(50);
  EXPECT_EQ(value_of({"_slotkeys", slot_text_, "0"}).elements.size(), 0u);
  EXPECT_EQ(value_of({"_slotkeys", slot_text_, "7"}).elements.size(), 7u);
  EXPECT_EQ(value_of({"_slotkeys", slot_text_, "1000"}).elements.size(), 50u);
  EXPECT_EQ(value_of({"_slotkeys", slot_text_, "9223372036854775807"}).elements.size(), 50u);
}

TEST_F(InternalCommands, DrawOnlyLiveKeys) {
  EXPECT_EQ(run({"_randomkey"}), "$-1\r\n");
  put(200, "10");
  cluster_.now_ms += 20;
  EXPECT_EQ(run({"_randomkey"}), "$-1\r\n");
  run({"set", "{a}live", "v"});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run({"_randomkey"}), "$7\r\n{a}live\r\n");
}

}  // namespace
}  // namespace borg::commands
