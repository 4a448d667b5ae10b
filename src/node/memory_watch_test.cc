// SPDX-License-Identifier: Apache-2.0
#include "node/memory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borg::node {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using wire::MemoryLevel;

constexpr NodeId kSelf(1);
constexpr NodeId kOther(2);
constexpr std::uint64_t kLimit = 300 * 1024 * 1024;

class MemoryWatchTest : public ::testing::Test {
 protected:
  MemoryWatchTest() {
    for (const NodeId node : {kSelf, kOther, NodeId(3)}) {
      membership::MemberRecord record;
      record.member.id = node;
      record.member.name = "n" + std::to_string(node.value());
      record.member.state = coordination::MemberState::kActive;
      record.has_session = true;
      view_.members.push_back(record);
    }
    watch_.node()->set_limit(kLimit);
  }
  std::vector<MemoryWatch::Warning> look(Duration later = Duration::millis(100)) {
    now_ = now_ + later;
    return watch_.look(view_, kSelf, 2, now_);
  }
  void use(std::uint64_t bytes) { watch_.node()->replace(watch_.node()->used(), bytes); }

  membership::ClusterView view_;
  MemoryWatch watch_{1};
  Instant now_ = Instant::at_nanos(1'000'000'000);
};

TEST_F(MemoryWatchTest, WarnsWhenAnotherDeathWouldNotFit) {
  use(kLimit / 3 * 2);
  EXPECT_THAT(look(), IsEmpty());
  use(kLimit / 3 * 2 + 1);
  const auto warnings = look();
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].text, HasSubstr("too small for another death (200.0 MB of 300.0 MB"));
  EXPECT_EQ(watch_.stats().death_exceeds_memory, 1u);
  EXPECT_THAT(look(Duration::seconds(10)), IsEmpty()) << "once";
  use(kLimit / 3 * 2 - 1);
  EXPECT_THAT(look(Duration::seconds(10)), IsEmpty()) << "a little less changes nothing";
  use(kLimit / 2);
  const auto over = look(Duration::seconds(10));
  ASSERT_THAT(over, SizeIs(1));
  EXPECT_TRUE(over[0].is_over);
}

TEST_F(MemoryWatchTest, WithNoNodeToSpareThereIsNothingToRepair) {
  view_.members.pop_back();
  use(kLimit * 3 / 4);
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(MemoryWatchTest, SaysThatTheNodeIsFull) {
  use(kLimit - 1);
  watch_.node()->look(false);
  const auto warnings = look();
  ASSERT_THAT(warnings, SizeIs(2));
  EXPECT_THAT(warnings[0].text, HasSubstr("memory is full"));
}

TEST_F(MemoryWatchTest, NamesCopiesThatWait) {
  PartitionConfig& config = view_.partitions[5];
  config.in_sync.push_back(kSelf);
  config.syncing.push_back(kOther);
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_TRUE(watch_.hear(kOther, {.version = 1, .level = MemoryLevel::kClosed}, now_));
  const auto warnings = look();
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].text, HasSubstr("1 partitions are under-replicated because of memory: "
                                          "their copy waits until n2 has some"));
  EXPECT_EQ(watch_.stats().partitions_without_memory, 1u);
  EXPECT_TRUE(watch_.hear(kOther, {.version = 2, .level = MemoryLevel::kRoom}, now_));
  EXPECT_THAT(look(), IsEmpty()) << "it may be full again in a moment";
  EXPECT_THAT(look(Duration::seconds(6)), SizeIs(1));
}

TEST_F(MemoryWatchTest, MovesNothingToANodeThatWasShortOfMemoryAMomentAgo) {
  EXPECT_FALSE(watch_.hear(kOther, {}, now_));
  EXPECT_TRUE(watch_.has_place(kOther, now_));
  EXPECT_TRUE(watch_.hear(kOther, {.version = 1, .level = MemoryLevel::kFull}, now_));
  EXPECT_FALSE(watch_.hear(kOther, {.version = 1, .level = MemoryLevel::kFull}, now_));
  EXPECT_FALSE(watch_.has_place(kOther, now_));
  EXPECT_TRUE(watch_.hear(kOther, {.version = 2, .level = MemoryLevel::kRoom}, now_));
  EXPECT_FALSE(watch_.has_place(kOther, now_ + Duration::seconds(4)));
  EXPECT_TRUE(watch_.has_place(kOther, now_ + Duration::seconds(5)));
}

}  // namespace
}  // namespace borg::node
