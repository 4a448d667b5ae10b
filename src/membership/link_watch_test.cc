// SPDX-License-Identifier: Apache-2.0
#include "membership/link_watch.h"

#include <gtest/gtest.h>

namespace borg::membership {
namespace {

using Verdict = LinkWatch::Verdict;

Instant at(std::int64_t ms) { return Instant() + Duration::millis(10'000 + ms); }

class LinkWatchTest : public testing::Test {
 protected:
  LinkWatchTest() { watch_.hear(at(0)); }
  Verdict look(std::int64_t ms) { return watch_.look(options_, at(ms)); }
  LivenessOptions options_;
  LinkWatch watch_;
};

TEST_F(LinkWatchTest, WhoHearsSomethingAsksNothing) {
  EXPECT_EQ(look(399), Verdict::kFine);
  watch_.hear(at(399));
  EXPECT_EQ(look(798), Verdict::kFine);
}

TEST_F(LinkWatchTest, SilenceIsAskedAboutNowAndThenAndNotAtEachLook) {
  EXPECT_EQ(look(400), Verdict::kAsk);
  EXPECT_EQ(look(401), Verdict::kFine);
  EXPECT_EQ(look(800), Verdict::kAsk);
}

TEST_F(LinkWatchTest, AnAnswerIsHeardLikeAnythingElse) {
  EXPECT_EQ(look(400), Verdict::kAsk);
  watch_.hear(at(410));
  EXPECT_EQ(look(809), Verdict::kFine);
  EXPECT_EQ(look(810), Verdict::kAsk);
}

TEST_F(LinkWatchTest, ALinkOverWhichNothingComesIsBroken) {
  EXPECT_EQ(LinkWatch::patience(options_), Duration::millis(1500));
  EXPECT_EQ(look(400), Verdict::kAsk);
  EXPECT_NE(look(1500), Verdict::kBreak);
  EXPECT_EQ(look(1501), Verdict::kBreak);
}

TEST_F(LinkWatchTest, WhoLooksSeldomWaitsForTheAnswerAsLong) {
  EXPECT_EQ(look(1600), Verdict::kAsk) << "nobody was asked until now";
  EXPECT_NE(look(2700), Verdict::kBreak);
  watch_.hear(at(2700));
  EXPECT_EQ(look(3200), Verdict::kAsk);
  EXPECT_EQ(look(4301), Verdict::kBreak);
}

}  // namespace
}  // namespace borg::membership
