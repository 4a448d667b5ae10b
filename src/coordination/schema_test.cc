// SPDX-License-Identifier: Apache-2.0
#include "coordination/schema.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace borg::coordination {
namespace {

Member sample_member() {
  return {.id = NodeId(0xabc),
          .name = "node-1.a_b",
          .host = "127.0.0.1",
          .port = 7001,
          .bus_port = 17001,
          .http_port = 8001,
          .workers = 4,
          .weight = 250,
          .zone = "z1",
          .state = MemberState::kLeaving,
          .order = Order::kLeave};
}

PartitionConfig sample_config() {
  return {.epoch = Epoch(9),
          .term = Epoch(7),
          .in_sync = {NodeId(1), NodeId(~0ULL)},
          .syncing = {NodeId(3)}};
}

Target sample_target() {
  Target target{.version = 5, .nodes = {NodeId(4), NodeId(7), NodeId(9)}, .replicas = {}};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const std::size_t first = p % 3;
    target.replicas.push_back({target.nodes[first], target.nodes[(first + 1) % 3]});
  }
  return target;
}

TEST(Schema, KeysOfPartitionsAreDistinct) {
  std::set<std::string> keys;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) keys.insert(partition_key(PartitionId(p)));
  EXPECT_EQ(keys.size(), kPartitionCount);
}

TEST(Schema, NodeIdIsSixteenHexadecimalDigits) {
  EXPECT_EQ(to_text(NodeId(0xabc)), "0000000000000abc");
  EXPECT_EQ(member_key(NodeId(0xabc)), "members/0000000000000abc");
  EXPECT_EQ(session_key(NodeId(0xabc)), "sessions/0000000000000abc");
  EXPECT_EQ(name_key("a"), "names/a");
}

RC_GTEST_PROP(Schema, NodeIdReadsBack, (std::uint64_t value)) {
  RC_ASSERT(node_id_from_text(to_text(NodeId(value))) == NodeId(value));
}

TEST(Schema, NodeIdOfAnotherFormIsRefused) {
  for (const char* text : {"", "abc", "0000000000000abg", "00000000000000abc", "-000000000000abc",
                           "+000000000000abc", "0x00000000000abc", " 00000000000abc "}) {
    EXPECT_FALSE(node_id_from_text(text)) << text;
  }
}

TEST(Schema, SettingsReadBack) {
  const Settings settings{.copies = 3,
                          .min_copies = 2,
                          .scatter_width = 8,
                          .placement_version = 4,
                          .on_loss_empty = true};
  EXPECT_EQ(settings_from_text(to_text(settings)), settings);
  EXPECT_EQ(settings_from_text(to_text(Settings{})), Settings{});
}

TEST(Schema, SettingsThatNoClusterCanHaveAreRefused) {
  for (Settings settings :
       {Settings{.copies = 0, .min_copies = 0}, Settings{.min_copies = 0},
        Settings{.copies = 1, .min_copies = 2}, Settings{.copies = 1000, .min_copies = 1}}) {
    EXPECT_FALSE(settings_from_text(to_text(settings))) << to_text(settings);
  }
}

TEST(Schema, UnknownFieldsAreIgnored) {
  EXPECT_EQ(settings_from_text(to_text(Settings{}) + " later=yes"), Settings{});
  const Member member = sample_member();
  EXPECT_EQ(member_from_text(member.id, to_text(member) + " later=yes"), member);
  EXPECT_EQ(partition_from_text(to_text(sample_config()) + " later=yes"), sample_config());
}

TEST(Schema, MemberReadsBackWithEveryOrder) {
  for (const Order order : {Order::kStay, Order::kDrain, Order::kDrainForced, Order::kLeave,
                            Order::kLeaveForced, Order::kLeaveBySignal}) {
    Member member = sample_member();
    member.order = order;
    for (const MemberState state : {state_of(order), MemberState::kDown}) {
      member.state = state;
      member.is_closing = state == MemberState::kLeaving;
      member.is_mapped = member.is_closing;
      EXPECT_EQ(member_from_text(member.id, to_text(member)), member);
    }
  }
}

TEST(Schema, AMemberWithoutAnOrderWasToldWhatItsStateSays) {
  Member member = sample_member();
  for (const auto& [state, order] :
       {std::pair(MemberState::kActive, Order::kStay), std::pair(MemberState::kDown, Order::kStay),
        std::pair(MemberState::kDraining, Order::kDrain),
        std::pair(MemberState::kLeaving, Order::kLeave)}) {
    member.state = state;
    member.order = Order::kStay;
    EXPECT_EQ(member_from_text(member.id, to_text(member))->order, order);
  }
}

TEST(Schema, MemberWithoutZoneReadsBack) {
  Member member = sample_member();
  member.zone.clear();
  EXPECT_EQ(member_from_text(member.id, to_text(member)), member);
}

TEST(Schema, MemberWithoutWorkersIsRefused) {
  Member member = sample_member();
  member.workers = 0;
  EXPECT_FALSE(member_from_text(member.id, to_text(member)));
}

TEST(Schema, PartitionReadsBack) {
  EXPECT_EQ(partition_from_text(to_text(sample_config())), sample_config());
  EXPECT_EQ(partition_from_text(to_text(PartitionConfig{})), PartitionConfig{});
}

TEST(Schema, PartitionWithANodeTwiceIsRefused) {
  const std::string one = to_text(NodeId(1));
  EXPECT_FALSE(partition_from_text("epoch=1 term=1 in_sync=" + one + "," + one + " syncing="));
  EXPECT_FALSE(partition_from_text("epoch=1 term=1 in_sync=" + one + " syncing=" + one));
}

TEST(Schema, PartitionWithMoreNodesThanAListHoldsIsRefused) {
  std::string nodes;
  for (std::uint64_t i = 1; i <= NodeList::kCapacity + 1; ++i) {
    nodes += (i == 1 ? "" : ",") + to_text(NodeId(i));
  }
  EXPECT_FALSE(partition_from_text("epoch=1 term=1 in_sync=" + nodes + " syncing="));
}

TEST(Schema, TargetReadsBack) {
  const Target target = sample_target();
  const auto read = target_from_text(to_text(target));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, target.version);
  EXPECT_EQ(read->nodes, target.nodes);
  EXPECT_EQ(read->replicas, target.replicas);
}

TEST(Schema, TargetOfPartitionsWithoutReplicasReadsBack) {
  Target target = sample_target();
  target.replicas[7] = {};
  const auto read = target_from_text(to_text(target));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->replicas, target.replicas);
}

TEST(Schema, TargetOfAnotherNumberOfPartitionsIsRefused) {
  Target target = sample_target();
  target.replicas.pop_back();
  EXPECT_FALSE(target_from_text(to_text(target)));
}

TEST(Schema, TargetThatNamesAMissingNodeIsRefused) {
  EXPECT_FALSE(target_from_text("version=1 nodes=" + to_text(NodeId(1)) + ", replicas=0.1;"));
  EXPECT_FALSE(target_from_text("version=1 nodes=" + to_text(NodeId(1)) + ", replicas=0.0;"));
  EXPECT_FALSE(target_from_text("version=1 nodes=x, replicas="));
}

/// Every record, with one byte changed or cut off: it is read as something, or refused.
RC_GTEST_PROP(Schema, DamageIsReadOrRefusedButNeverCrashes, ()) {
  const std::vector<std::string> texts{to_text(Settings{}), to_text(sample_member()),
                                       to_text(sample_config()), to_text(sample_target())};
  std::string text = *rc::gen::elementOf(texts);
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  if (*rc::gen::arbitrary<bool>()) {
    text[at] = *rc::gen::arbitrary<char>();
  } else {
    text.resize(at);
  }
  if (const auto settings = settings_from_text(text)) {
    RC_ASSERT(settings_from_text(to_text(*settings)) == settings);
  }
  if (const auto member = member_from_text(NodeId(1), text)) RC_ASSERT(member->workers > 0);
  if (const auto config = partition_from_text(text)) {
    RC_ASSERT(partition_from_text(to_text(*config)) == config);
  }
  if (const auto target = target_from_text(text)) {
    RC_ASSERT(target->replicas.empty() || target->replicas.size() == kPartitionCount);
  }
}

TEST(Schema, NamesAreShortWords) {
  for (const char* name : {"a", "A-z_0.9", "borg"}) EXPECT_TRUE(is_name(name)) << name;
  EXPECT_TRUE(is_name(std::string(64, 'x')));
  for (const char* name : {"", "a b", "a/b", "ä", "a=b", "a\n"}) EXPECT_FALSE(is_name(name));
  EXPECT_FALSE(is_name(std::string(65, 'x')));
}

}  // namespace
}  // namespace borg::coordination
