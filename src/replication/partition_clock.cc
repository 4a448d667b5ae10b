// SPDX-License-Identifier: Apache-2.0
#include "replication/partition_clock.h"

#include <algorithm>

#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::replication {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;

/// A primary may say anything, and a wall clock may show anything.
std::int64_t nanos_of(std::int64_t ms) {
  constexpr std::int64_t kMostMs = INT64_MAX / 4 / kNanosPerMilli;
  return std::clamp(ms, -kMostMs, kMostMs) * kNanosPerMilli;
}

}  // namespace

void PartitionClock::set(std::int64_t ns, Instant at) {
  ns_ = ns;
  now_ms_ = ns / kNanosPerMilli;
  at_ = at;
  is_set_ = true;
}

void PartitionClock::go_on(Now now) {
  if (!is_set_) return set(nanos_of(now.wall.ms), now.instant);
  const std::int64_t passed = (now.instant - at_).as_nanos();
  if (passed <= 0) return;
  if (is_planted(PlantedBug::kClockFollowsWalls)) {
    return set(std::max(ns_, nanos_of(now.wall.ms)), now.instant);
  }
  set(ns_ + passed, now.instant);
  approach(now.wall, passed);
}

/// Differences of a millisecond are due to rounding.
void PartitionClock::approach(WallTime wall, std::int64_t passed_ns) {
  const std::int64_t off_ms = wall.ms - (now_ms_ + wall_offset_ms_);
  if (off_ms >= -1 && off_ms <= 1) [[likely]]
    return;
  if (off_ms >= kStepMs || off_ms <= -kStepMs) {
    reached<"the wall clock moves against a partition's clock">();
    wall_offset_ms_ += off_ms;
    return;
  }
  const std::int64_t most = passed_ns / kSlewPart;
  set(ns_ + std::clamp(off_ms * kNanosPerMilli, -most, most), at_);
}

/// It goes on as it did: what is here are mistakes, for the simulator to find.
void PartitionClock::become_primary(Now now) {
  if (!is_set_) return;
  if (is_planted(PlantedBug::kClockOfOwnWall)) {
    set(std::max(ns_, nanos_of(now.wall.ms)), now.instant);
  }
  if (is_planted(PlantedBug::kClockStandsStill)) at_ = now.instant;
}

PartitionTime PartitionClock::read(Instant now) const {
  if (!is_set_) return {};
  const std::int64_t passed = std::max<std::int64_t>((now - at_).as_nanos(), 0);
  return {.now_ms = (ns_ + passed) / kNanosPerMilli, .wall_offset_ms = wall_offset_ms_};
}

void PartitionClock::follow(const PartitionTime& time, Epoch term, Instant now) {
  const std::int64_t told = nanos_of(time.now_ms);
  const std::int64_t passed = std::max<std::int64_t>((now - at_).as_nanos(), 0);
  const std::int64_t own = ns_ + passed;
  const bool goes_on = is_set_ && term_ == term;
  if (goes_on && told < own - passed / kDriftPart) reached<"an operation arrives late">();
  set(goes_on ? std::max(told, own - passed / kDriftPart) : told, now);
  wall_offset_ms_ = time.wall_offset_ms;
  term_ = term;
}

}  // namespace borg::replication
