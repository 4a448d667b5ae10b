// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace borg::sim {

/// One process's clocks: the monotonic one runs up to 1 % fast or slow from an origin of its
/// own, the wall clock is off, perhaps by seconds, and jumps.
class LocalClock {
 public:
  LocalClock(Random& random, Duration skew_max)
      : origin_(Duration::nanos(random.between(1, 1'000'000'000'000))),
        drift_ppm_(random.between(-10'000, 10'000)),
        wall_ms_(kEpochMs + random.between(-skew_max.as_millis(), skew_max.as_millis())) {}

  [[nodiscard]] Now read(Duration at) const {
    const std::int64_t skew = at.as_nanos() * drift_ppm_ / 1'000'000;
    return {Instant::at_nanos((origin_ + at).as_nanos() + skew),
            WallTime{wall_ms_ + at.as_millis()}};
  }
  void jump_wall(std::int64_t ms) { wall_ms_ += ms; }
  /// How far the wall clock is ahead of the world's time.
  [[nodiscard]] std::int64_t wall_offset_ms() const { return wall_ms_; }

 private:
  static constexpr std::int64_t kEpochMs = 1'700'000'000'000;
  Duration origin_;
  std::int64_t drift_ppm_;
  std::int64_t wall_ms_;
};

}  // namespace borg::sim
