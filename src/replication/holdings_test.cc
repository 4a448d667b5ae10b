// SPDX-License-Identifier: Apache-2.0
#include "replication/holdings.h"

#include <gtest/gtest.h>

namespace borg::replication {
namespace {

TEST(Holdings, WithoutASnapshotAnAckIsAll) {
  const Holdings holdings;
  EXPECT_TRUE(holdings.holds(Seq(3), Seq(3)));
  EXPECT_FALSE(holdings.holds(Seq(4), Seq(3)));
  EXPECT_EQ(holdings.holds_through(Seq(3)), Seq(3));
}

TEST(Holdings, WhatWasBeforeASnapshotIsNotHeldThoughLaterOperationsAreAcknowledged) {
  Holdings holdings;
  holdings.begin(Seq(2), Seq(5));
  EXPECT_FALSE(holdings.holds(Seq(5), Seq(9)));
  EXPECT_TRUE(holdings.holds(Seq(6), Seq(9)));
  EXPECT_EQ(holdings.holds_through(Seq(9)), Seq(2));
}

TEST(Holdings, ARepeatCountsWhenItIsAcknowledged) {
  Holdings holdings;
  holdings.begin(Seq(0), Seq(5));
  EXPECT_FALSE(holdings.was_sent(Seq(4)));
  holdings.repeat(Seq(4));
  EXPECT_TRUE(holdings.was_sent(Seq(4)));
  EXPECT_FALSE(holdings.holds(Seq(4), Seq(5)));
  holdings.repeat_acked(Seq(4));
  EXPECT_TRUE(holdings.holds(Seq(4), Seq(0)));
  EXPECT_FALSE(holdings.holds(Seq(3), Seq(5)));
  EXPECT_EQ(holdings.repeats_acked(), std::vector<Seq>{Seq(4)});
}

TEST(Holdings, WhatIsLeftOutIsTheOnlyHole) {
  Holdings holdings;
  holdings.begin(Seq(5), Seq(5));
  holdings.leave_out(Seq(7));
  holdings.leave_out(Seq(9));
  EXPECT_TRUE(holdings.holds(Seq(6), Seq(9)));
  EXPECT_FALSE(holdings.holds(Seq(7), Seq(9)));
  EXPECT_TRUE(holdings.holds(Seq(8), Seq(9)));
  EXPECT_FALSE(holdings.holds(Seq(9), Seq(9)));
  EXPECT_EQ(holdings.holds_through(Seq(9)), Seq(6));
}

TEST(Holdings, AnAckOfWhatWasNeverRepeatedMeansNothing) {
  Holdings holdings;
  holdings.begin(Seq(0), Seq(5));
  holdings.repeat_acked(Seq(4));
  EXPECT_FALSE(holdings.holds(Seq(4), Seq(5)));
}

TEST(Holdings, AfterTheSnapshotNothingIsMissing) {
  Holdings holdings;
  holdings.begin(Seq(0), Seq(5));
  holdings.leave_out(Seq(7));
  holdings.complete();
  EXPECT_TRUE(holdings.holds(Seq(3), Seq(7)));
  EXPECT_EQ(holdings.holds_through(Seq(7)), Seq(7));
}

TEST(Holdings, ANewSnapshotForgetsTheRepeatsOfTheOneBefore) {
  Holdings holdings;
  holdings.begin(Seq(0), Seq(5));
  holdings.repeat(Seq(4));
  holdings.repeat_acked(Seq(4));
  holdings.begin(Seq(0), Seq(6));
  EXPECT_FALSE(holdings.holds(Seq(4), Seq(9)));
}

}  // namespace
}  // namespace borg::replication
