// SPDX-License-Identifier: Apache-2.0
#include "node/clock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borg::node {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kWallMs = 1'700'000'000'000;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

membership::MemberRecord member(std::uint64_t id, const char* name,
                                coordination::MemberState state) {
  membership::MemberRecord record;
  record.member.id = NodeId(id);
  record.member.name = name;
  record.member.state = state;
  return record;
}

class ClockWatchTest : public testing::Test {
 protected:
  ClockWatchTest() {
    using State = coordination::MemberState;
    view_.members = {member(1, "a", State::kActive), member(2, "b", State::kActive),
                     member(3, "c", State::kActive), member(4, "d", State::kDown)};
  }
  std::vector<std::string> hear(std::int64_t b_ahead_ms, std::int64_t c_ahead_ms) {
    now_.instant = now_.instant + Duration::seconds(3);
    now_.wall.ms += 3000;
    watch_.hear(NodeId(2), {.wall_ms = now_.wall.ms + b_ahead_ms}, now_);
    watch_.hear(NodeId(3), {.wall_ms = now_.wall.ms + c_ahead_ms}, now_);
    return watch_.follow(view_, now_);
  }

  membership::ClusterView view_;
  ClockWatch watch_{NodeId(1)};
  Now now_{Instant::at_nanos(1'000'000'000), WallTime{kWallMs}};
};

TEST_F(ClockWatchTest, ASentHeartbeatTellsTheTime) {
  wire::Heartbeat m;
  watch_.tell(m, now_);
  EXPECT_EQ(m.wall_ms, kWallMs);
  EXPECT_EQ(m.believed_ms, 0);
  (void)hear(0, 0);
  watch_.tell(m, now_);
  EXPECT_EQ(m.believed_ms, now_.wall.ms);
}

TEST_F(ClockWatchTest, TheLogNamesWhoIsWrongOnce) {
  EXPECT_THAT(hear(0, 0), IsEmpty());
  EXPECT_THAT(hear(0, 30 * kDayMs), ElementsAre(HasSubstr("of node c is 30 days ahead of")));
  EXPECT_THAT(hear(0, 30 * kDayMs), IsEmpty());
  const NodeClocks clocks = watch_.clocks(view_);
  EXPECT_EQ(clocks.size(), 3u) << "of d nobody has heard";
  EXPECT_TRUE(clocks.at(NodeId(3)).is_wrong);
  EXPECT_EQ(clocks.at(NodeId(3)).ahead.as_millis(), 30 * kDayMs);
  EXPECT_FALSE(clocks.at(NodeId(1)).is_wrong);
  EXPECT_THAT(hear(-6000, 0), ElementsAre(HasSubstr("of node b is 6 s behind"),
                                          HasSubstr("of node c is right again")));
}

TEST_F(ClockWatchTest, WithoutAMajorityNobodyIsAccused) {
  view_.members.resize(2);
  EXPECT_THAT(hear(0, 0), IsEmpty());
  EXPECT_THAT(hear(30 * kDayMs, 0),
              ElementsAre(AllOf(HasSubstr("of node b is 30 days ahead of the time that"),
                                HasSubstr("no majority of clocks says which"))));
  EXPECT_TRUE(watch_.clocks(view_).at(NodeId(2)).is_disputed);
  EXPECT_THAT(hear(30 * kDayMs, 0), IsEmpty());
}

TEST(SpanText, IsWrittenForPeople) {
  EXPECT_EQ(span_text(Duration::millis(-5900)), "6 s");
  EXPECT_EQ(span_text(Duration::seconds(119)), "119 s");
  EXPECT_EQ(span_text(Duration::seconds(600)), "10 minutes");
  EXPECT_EQ(span_text(Duration::seconds(7200)), "2 hours");
  EXPECT_EQ(span_text(Duration::millis(30LL * 86'400'000 - 7)), "30 days");
  EXPECT_EQ(span_text(Duration::seconds(-400LL * 86400)), "400 days");
}

}  // namespace
}  // namespace borg::node
