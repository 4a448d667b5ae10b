// SPDX-License-Identifier: Apache-2.0
#include "node/sync_pacer.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

class SyncPacerTest : public ::testing::Test {
 protected:
  /// Turns of this length for a second, each with so many commands; the bytes moved.
  std::size_t move_for_a_second(SyncPacer& pacer, Duration turn, std::size_t commands) {
    std::size_t moved = 0;
    const Instant end = now_ + Duration::seconds(1);
    while (now_ < end) {
      now_ = now_ + turn;
      pacer.begin_turn(now_);
      pacer.worked(commands);
      const std::size_t bytes = pacer.budget();
      pacer.spent(bytes);
      moved += bytes;
    }
    return moved;
  }

  Instant now_ = Instant::at_nanos(1'000'000'000);
};

TEST_F(SyncPacerTest, WithoutCommandsOnlyTheTurnIsLimited) {
  SyncPacer pacer({.turn_bytes_max = 1000});
  EXPECT_EQ(move_for_a_second(pacer, Duration::millis(1), 0), 1'000'000u);
  EXPECT_TRUE(pacer.may_go_on());
}

TEST_F(SyncPacerTest, CommandsKeepTheirShare) {
  const auto moved = [&](std::uint32_t percent) {
    SyncPacer pacer({.foreground_percent = percent, .floor_bytes_per_s = 0});
    return move_for_a_second(pacer, Duration::micros(100), 20);
  };
  const std::size_t at_half = moved(50);
  EXPECT_GT(at_half, 10'000'000u);
  EXPECT_NEAR(static_cast<double>(moved(75)), static_cast<double>(at_half) / 3, 500'000);
  EXPECT_NEAR(static_cast<double>(moved(25)), static_cast<double>(at_half) * 3, 500'000);
}

TEST_F(SyncPacerTest, FewCommandsDoNotStopTheData) {
  SyncPacer pacer({.floor_bytes_per_s = 10'000'000});
  const std::size_t moved = move_for_a_second(pacer, Duration::millis(5), 1);
  EXPECT_GT(moved, 9'900'000u);
  EXPECT_LT(moved, 10'500'000u);
}

TEST_F(SyncPacerTest, WhereProcessorsAreFreeFewCommandsHardlySlowTheData) {
  SyncPacer pacer({.floor_bytes_per_s = 1'000'000, .free_bytes_per_s = 100'000'000});
  for (int i = 0; i < 50; ++i) pacer.waited(2);
  EXPECT_GT(move_for_a_second(pacer, Duration::millis(1), 1), 90'000'000u);
  for (int i = 0; i < 50; ++i) pacer.waited(60);
  EXPECT_LT(move_for_a_second(pacer, Duration::millis(1), 1), 2'000'000u);
}

TEST_F(SyncPacerTest, AChunkThatWasTooLargeIsPaidForLater) {
  SyncPacer pacer({.turn_bytes_max = 1000, .floor_bytes_per_s = 0});
  pacer.begin_turn(now_);
  pacer.worked(1);
  ASSERT_GT(pacer.budget(), 0u);
  pacer.spent(pacer.budget() + 900);
  pacer.worked(1);
  EXPECT_EQ(pacer.budget(), 0u);
  EXPECT_FALSE(pacer.may_go_on());
  pacer.begin_turn(now_ + Duration::millis(1));
  pacer.worked(3);
  EXPECT_GT(pacer.budget(), 0u);
}

TEST_F(SyncPacerTest, AfterAPauseNothingIsCaughtUp) {
  SyncPacer pacer({.turn_bytes_max = 1 << 20, .floor_bytes_per_s = 10'000'000});
  pacer.begin_turn(now_);
  pacer.worked(1);
  pacer.spent(pacer.budget());
  pacer.begin_turn(now_ + Duration::seconds(100));
  pacer.worked(1);
  EXPECT_LT(pacer.budget(), 300'000u);
}

}  // namespace
}  // namespace borg::node
