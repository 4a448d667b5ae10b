// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace borg::sim {

/// One process's clocks: the monotonic one runs fast or slow, by up to 1 %, from an origin of its
/// own; the wall clock may show anything, and jumps.
class LocalClock {
 public:
  struct Limits {
    Duration wall_skew;
    std::int64_t drift_ppm = 10'000;
  };
  LocalClock(Random& random, const Limits& limits)
      : origin_(Duration::nanos(random.between(1, 1'000'000'000'000))),
        drift_ppm_(random.between(-limits.drift_ppm, limits.drift_ppm)) {
    const std::int64_t skew_ms = limits.wall_skew.as_millis();
    jump_wall(random.between(-skew_ms, skew_ms));
  }

  [[nodiscard]] Now read(Duration at) const {
    const std::int64_t skew = at.as_nanos() * drift_ppm_ / 1'000'000;
    return {Instant::at_nanos((origin_ + at).as_nanos() + skew),
            WallTime{wall_ms_ + at.as_millis()}};
  }
  /// Never before 1970: no machine shows that.
  void jump_wall(std::int64_t ms) { wall_ms_ = std::max<std::int64_t>(wall_ms_ + ms, 0); }
  /// What a wall clock that is right shows at the start of the world's time.
  static constexpr std::int64_t kEpochMs = 1'700'000'000'000;

 private:
  Duration origin_;
  std::int64_t drift_ppm_;
  std::int64_t wall_ms_ = kEpochMs;
};

}  // namespace borg::sim
