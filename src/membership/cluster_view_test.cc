// SPDX-License-Identifier: Apache-2.0
#include "membership/cluster_view.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace borg::membership {
namespace {

using coordination::Change;
using coordination::Changes;
using coordination::KeyValue;
using coordination::Member;
using coordination::MemberState;
using coordination::Snapshot;

constexpr NodeId kA(0xa);
constexpr NodeId kB(0xb);
constexpr PartitionId kP(17);

std::string member_text(std::string name, MemberState state = MemberState::kActive) {
  return coordination::to_text(Member{.name = std::move(name), .host = "h", .state = state});
}

PartitionConfig config(std::uint64_t epoch, NodeList in_sync) {
  return {.epoch = Epoch(epoch), .term = Epoch(epoch), .in_sync = in_sync, .syncing = {}};
}

/// A builder whose coordinator counts revisions by itself.
class ClusterViewTest : public testing::Test {
 protected:
  void put(std::string key, std::string value) { change(std::move(key), std::move(value)); }
  void remove(std::string key) { change(std::move(key), std::nullopt); }
  void put_partition(const PartitionConfig& c) {
    put(coordination::partition_key(kP), coordination::to_text(c));
  }
  void change(std::string key, std::optional<std::string> value) {
    revision_ = revision_.next();
    builder_.apply(Changes{revision_, {{std::move(key), std::move(value), revision_, revision_}}});
  }
  const ClusterView& view() { return builder_.current(); }

  ViewBuilder builder_;
  Revision revision_;
};

TEST_F(ClusterViewTest, IsNotReadyBeforeTheFirstSnapshot) {
  EXPECT_FALSE(builder_.ready());
  builder_.apply(Snapshot{});
  EXPECT_TRUE(builder_.ready());
}

TEST_F(ClusterViewTest, ASnapshotReplacesEverything) {
  put(coordination::member_key(kA), member_text("a"));
  put(coordination::session_key(kA), "a");
  put_partition(config(3, {kA}));
  builder_.apply(Snapshot{
      Revision(9), {{coordination::member_key(kB), member_text("b"), Revision(8), Revision(7)}}});
  EXPECT_EQ(view().revision, Revision(9));
  EXPECT_EQ(view().member(kA), nullptr);
  ASSERT_NE(view().member(kB), nullptr);
  EXPECT_EQ(view().member(kB)->joined, Revision(7));
  EXPECT_EQ(view().member(kB)->modified, Revision(8));
  EXPECT_EQ(view().partition(kP).epoch, Epoch());
  EXPECT_EQ(view().keys, std::vector<std::string>{coordination::member_key(kB)});
}

TEST_F(ClusterViewTest, MembersAreSortedByIdInWhateverOrderTheyCame) {
  for (const std::uint64_t id : {5, 1, 9, 3}) {
    put(coordination::member_key(NodeId(id)), member_text("n" + std::to_string(id)));
  }
  std::vector<std::uint64_t> ids;
  for (const MemberRecord& record : view().members) ids.push_back(record.member.id.value());
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 3, 5, 9}));
}

TEST_F(ClusterViewTest, ASessionBelongsToItsMemberInWhateverOrderTheyCome) {
  put(coordination::session_key(kA), "a");
  put(coordination::member_key(kA), member_text("a"));
  EXPECT_TRUE(view().member(kA)->has_session);
  put(coordination::member_key(kB), member_text("b"));
  EXPECT_FALSE(view().member(kB)->has_session);
  put(coordination::session_key(kB), "b");
  EXPECT_TRUE(view().member(kB)->has_session);
  remove(coordination::session_key(kB));
  EXPECT_FALSE(view().member(kB)->has_session);
}

TEST_F(ClusterViewTest, AMemberWhoseStateChangesKeepsItsSession) {
  put(coordination::session_key(kA), "a");
  put(coordination::member_key(kA), member_text("a"));
  put(coordination::member_key(kA), member_text("a", MemberState::kLeaving));
  EXPECT_TRUE(view().member(kA)->has_session);
  EXPECT_EQ(view().active_members(), 0u);
}

TEST_F(ClusterViewTest, ANameMeansWhoHoldsItNow) {
  put(coordination::member_key(kA), member_text("same", MemberState::kDown));
  put(coordination::member_key(kB), member_text("same"));
  put(coordination::name_key("same"), coordination::to_text(kB));
  EXPECT_EQ(view().member("same")->member.id, kB);
  remove(coordination::name_key("same"));
  EXPECT_NE(view().member("same"), nullptr);
  EXPECT_EQ(view().member("other"), nullptr);
}

TEST_F(ClusterViewTest, ARemovedMemberIsGone) {
  put(coordination::member_key(kA), member_text("a"));
  remove(coordination::member_key(kA));
  EXPECT_EQ(view().member(kA), nullptr);
  EXPECT_TRUE(view().keys.empty());
}

TEST_F(ClusterViewTest, DamagedRecordsAreAsIfAbsent) {
  put(coordination::member_key(kA), "???");
  put("members/zz", member_text("a"));
  put(coordination::partition_key(kP), "epoch=x");
  put("partitions/1024", coordination::to_text(config(1, {kA})));
  put(std::string(coordination::kTargetKey), "version=1");
  EXPECT_TRUE(view().members.empty());
  EXPECT_EQ(view().partition(kP).epoch, Epoch());
  EXPECT_EQ(view().target.version, 0u);
  EXPECT_EQ(view().keys.size(), 5u);
}

TEST_F(ClusterViewTest, AKeyThatIsNoPartitionsTouchesNoPartition) {
  put("partitions/0", coordination::to_text(config(1, {kA})));
  put("partitions/zero", "x");
  remove("partitions/zero");
  put("partitions/0x", coordination::to_text(config(7, {kB})));
  remove("partitions/0x");
  EXPECT_EQ(view().partition(PartitionId(0)), config(1, {kA}));
}

TEST_F(ClusterViewTest, WhatAPeerToldIsKeptUntilTheCoordinatorIsAsFar) {
  put_partition(config(3, {kA}));
  const Revision committed = revision_;
  builder_.learn(kP, config(5, {kB}), Revision());
  EXPECT_EQ(view().partition(kP), config(5, {kB}));
  EXPECT_EQ(view().partitions_modified[kP.value()], committed);
  put_partition(config(4, {kA, kB}));
  EXPECT_EQ(view().partition(kP), config(5, {kB}));
  put_partition(config(6, {kB, kA}));
  EXPECT_EQ(view().partition(kP), config(6, {kB, kA}));
}

TEST_F(ClusterViewTest, OldNewsIsNotLearned) {
  put_partition(config(3, {kA}));
  builder_.learn(kP, config(2, {kB}), Revision(99));
  EXPECT_EQ(view().partition(kP), config(3, {kA}));
  EXPECT_EQ(view().partitions_modified[kP.value()], revision_);
}

TEST_F(ClusterViewTest, AnOwnCommitIsKnownWithItsRevision) {
  put_partition(config(3, {kA}));
  builder_.learn(kP, config(4, {kA, kB}), Revision(40));
  EXPECT_EQ(view().partitions_modified[kP.value()], Revision(40));
}

TEST_F(ClusterViewTest, APartitionIsLostWhenAllInSyncAreDownOrGone) {
  put(coordination::member_key(kA), member_text("a"));
  put(coordination::member_key(kB), member_text("b"));
  EXPECT_FALSE(view().is_lost(kP)) << "it was never created";
  put_partition(config(1, {kA, kB}));
  EXPECT_FALSE(view().is_lost(kP));
  put(coordination::member_key(kA), member_text("a", MemberState::kDown));
  EXPECT_FALSE(view().is_lost(kP));
  remove(coordination::member_key(kB));
  EXPECT_TRUE(view().is_lost(kP));
  put(coordination::member_key(kA), member_text("a", MemberState::kLeaving));
  EXPECT_FALSE(view().is_lost(kP)) << "a leaving node still serves";
}

TEST_F(ClusterViewTest, SettingsAndTargetComeAndGo) {
  put(std::string(coordination::kSettingsKey), coordination::to_text(coordination::Settings{}));
  coordination::Target target{.version = 3, .nodes = {kA}, .replicas = {}};
  put(std::string(coordination::kTargetKey), coordination::to_text(target));
  EXPECT_TRUE(view().settings);
  EXPECT_EQ(view().target.version, 3u);
  EXPECT_EQ(view().target_modified, revision_);
  remove(std::string(coordination::kSettingsKey));
  remove(std::string(coordination::kTargetKey));
  EXPECT_FALSE(view().settings);
  EXPECT_EQ(view().settings_modified, Revision());
  EXPECT_EQ(view().target_modified, Revision());
}

TEST_F(ClusterViewTest, APublishedViewDoesNotChange) {
  put(coordination::member_key(kA), member_text("a"));
  const auto published = builder_.publish();
  remove(coordination::member_key(kA));
  EXPECT_NE(published->member(kA), nullptr);
}

}  // namespace
}  // namespace borg::membership
