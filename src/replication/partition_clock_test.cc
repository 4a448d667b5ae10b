// SPDX-License-Identifier: Apache-2.0
#include "replication/partition_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/random.h"

namespace borg::replication {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;
constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;
constexpr std::int64_t kYearMs = 365 * kDayMs;

/// A node's clocks: the steady one, and how far the wall clock is ahead of what it should show.
struct Node {
  Instant instant = Instant::at_nanos(5'000'000'000);
  std::int64_t wall_off_ms = 0;

  [[nodiscard]] Now now() const {
    const std::int64_t passed_ms = (instant - Instant::at_nanos(5'000'000'000)).as_millis();
    return {instant, WallTime{kStartMs + passed_ms + wall_off_ms}};
  }
  void pass(Duration d) { instant = instant + d; }
};

TEST(PartitionClock, BeginsAtTheWallAndRunsAsTheSteadyClock) {
  Node node;
  PartitionClock clock;
  EXPECT_EQ(clock.advance(node.now()), (PartitionTime{kStartMs, 0}));
  for (int i = 1; i <= 100; ++i) {
    node.pass(Duration::micros(1'500));
    EXPECT_EQ(clock.advance(node.now()).now_ms, kStartMs + i * 3 / 2);
  }
  EXPECT_EQ(clock.advance(node.now()).wall_offset_ms, 0);
}

TEST(PartitionClock, NoJumpOfTheWallMovesIt) {
  for (const std::int64_t jump :
       {std::int64_t{2000}, std::int64_t{-2000}, 30 * kDayMs, -30 * kDayMs, 3 * kYearMs}) {
    Node node;
    PartitionClock clock;
    clock.advance(node.now());
    node.pass(Duration::seconds(1));
    node.wall_off_ms = jump;
    EXPECT_EQ(clock.advance(node.now()), (PartitionTime{kStartMs + 1000, jump}));
    node.pass(Duration::seconds(1));
    node.wall_off_ms = 0;
    EXPECT_EQ(clock.advance(node.now()), (PartitionTime{kStartMs + 2000, 0}));
  }
}

TEST(PartitionClock, SmallDifferencesAreMadeUpForSlowly) {
  for (const std::int64_t off : {1999, -1999}) {
    Node node;
    PartitionClock clock;
    clock.advance(node.now());
    node.wall_off_ms = off;
    std::int64_t before = clock.now_ms();
    for (int i = 0; i < 4000; ++i) {
      node.pass(Duration::seconds(1));
      const PartitionTime time = clock.advance(node.now());
      EXPECT_EQ(time.wall_offset_ms, 0);
      EXPECT_NEAR(time.now_ms - before, 1000, 2);
      before = time.now_ms;
    }
    EXPECT_NEAR(before, node.now().wall.ms, 1) << "in the end it is right";
  }
}

TEST(PartitionClock, AReplicaGoesOnWhereThePrimaryWas) {
  Node primary;
  PartitionClock ahead;
  ahead.advance(primary.now());
  primary.pass(Duration::seconds(1));
  Node backup;
  backup.pass(Duration::seconds(77));
  backup.wall_off_ms = -kYearMs;
  PartitionClock clock;
  clock.follow(ahead.advance(primary.now()), Epoch(1), backup.instant);
  backup.pass(Duration::seconds(3600));
  EXPECT_EQ(clock.read(backup.instant).now_ms, kStartMs + 1000 + 3'600'000);
  clock.become_primary(backup.now());
  const PartitionTime time = clock.advance(backup.now());
  EXPECT_EQ(time.now_ms, kStartMs + 1000 + 3'600'000) << "whatever its own wall shows";
  EXPECT_EQ(time.now_ms + time.wall_offset_ms, backup.now().wall.ms);
}

TEST(PartitionClock, WhatComesLateDoesNotSetItBack) {
  Node backup;
  PartitionClock clock;
  clock.follow({kStartMs, 0}, Epoch(1), backup.instant);
  backup.pass(Duration::seconds(4));  // it stood still, and what follows waited for it
  for (int i = 1; i <= 10; ++i) {
    clock.follow({kStartMs + i * 10, 0}, Epoch(1), backup.instant);
  }
  EXPECT_GE(clock.read(backup.instant).now_ms, kStartMs + 4000 - 4000 / PartitionClock::kDriftPart);
}

TEST(PartitionClock, AFastClockIsCorrectedByEveryOperation) {
  Node backup;
  PartitionClock clock;
  for (int s = 0; s < 1000; ++s) {
    clock.follow({kStartMs + s * 1000, 0}, Epoch(1), backup.instant);
    EXPECT_EQ(clock.read(backup.instant).now_ms, kStartMs + s * 1000);
    backup.pass(Duration::millis(1'010));
  }
}

TEST(PartitionClock, AnotherPrimaryIsFollowedFromItsFirstOperationOn) {
  Node backup;
  PartitionClock clock;
  clock.follow({kStartMs + 5000, 0}, Epoch(1), backup.instant);
  backup.pass(Duration::millis(1));
  clock.follow({kStartMs + 5000, 0}, Epoch(1), backup.instant);
  backup.pass(Duration::seconds(3));
  clock.follow({kStartMs + 5001, 40}, Epoch(2), backup.instant);
  EXPECT_EQ(clock.read(backup.instant), (PartitionTime{kStartMs + 5001, 40}))
      << "a time to live that it gives is not cut short";
}

TEST(PartitionClock, NothingIsKnownAfterAReset) {
  Node node;
  PartitionClock clock;
  EXPECT_EQ(clock.read(node.instant), PartitionTime());
  clock.advance(node.now());
  clock.reset();
  EXPECT_EQ(clock.read(node.instant), PartitionTime());
  node.wall_off_ms = kYearMs;
  EXPECT_EQ(clock.advance(node.now()), (PartitionTime{kStartMs + kYearMs, 0}));
}

/// However walls jump, whoever is primary and however long operations travel: a time to live lasts
/// its length, but for the drift, and what the operation before a take-over had travelled.
TEST(PartitionClock, ATimeToLiveLastsItsLength) {
  Random random(7);
  for (int run = 0; run < 200; ++run) {
    Node nodes[2];
    nodes[1].pass(Duration::seconds(9));
    PartitionClock clocks[2];
    std::size_t primary = 0;
    std::uint64_t term = 1;
    std::int64_t passed_ns = 0;
    std::int64_t given_at_ns = 0;
    std::int64_t given_ms = clocks[0].advance(nodes[0].now()).now_ms;
    std::int64_t lag_ns = 0;
    for (int step = 0; step < 100; ++step) {
      const std::int64_t span = random.between(0, 300'000'000);
      passed_ns += span;
      nodes[0].pass(Duration::nanos(span + span / 100));
      nodes[1].pass(Duration::nanos(span - span / 100));
      nodes[random.below(2)].wall_off_ms = random.between(-kYearMs, kYearMs);
      const PartitionTime time = clocks[primary].advance(nodes[primary].now());
      ASSERT_NEAR(time.now_ms + time.wall_offset_ms, nodes[primary].now().wall.ms, 2000);
      const std::int64_t lived_ns = (time.now_ms - given_ms) * 1'000'000;
      const std::int64_t truly_ns = passed_ns - given_at_ns;
      const std::int64_t drift_ns = truly_ns / 1000 * 12 + 2'000'000;
      ASSERT_LE(lived_ns, truly_ns + drift_ns) << "too short";
      ASSERT_GE(lived_ns, truly_ns - drift_ns - lag_ns) << "too long";
      // The operation travels, and perhaps the replica becomes primary then.
      const std::size_t other = 1 - primary;
      const std::int64_t travel = random.between(0, 50'000'000);
      passed_ns += travel;
      for (Node& node : nodes) node.pass(Duration::nanos(travel));
      clocks[other].follow(time, Epoch(term), nodes[other].instant);
      if (random.chance(1, 8)) {
        primary = other;
        ++term;
        lag_ns += travel;
      }
      if (random.chance(1, 4)) {
        given_at_ns = passed_ns;
        given_ms = clocks[primary].advance(nodes[primary].now()).now_ms;
        lag_ns = 0;
      }
    }
  }
}

}  // namespace
}  // namespace borg::replication
