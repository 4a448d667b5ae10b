// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"
#include "base/time.h"

namespace borg::sim {

/// One process's clocks: the monotonic one runs up to 1 % fast or slow from an origin of its
/// own, the wall clock is off by seconds and jumps.
class LocalClock {
 public:
  explicit LocalClock(Random& random)
      : origin_(Duration::nanos(random.between(1, 1'000'000'000'000))),
        drift_ppm_(random.between(-10'000, 10'000)),
        wall_ms_(kEpochMs + random.between(-3000, 3000)) {}

  [[nodiscard]] Now read(Duration at) const {
    const std::int64_t skew = at.as_nanos() * drift_ppm_ / 1'000'000;
    return {Instant::at_nanos((origin_ + at).as_nanos() + skew),
            WallTime{wall_ms_ + at.as_millis()}};
  }
  void jump_wall(std::int64_t ms) { wall_ms_ += ms; }

 private:
  static constexpr std::int64_t kEpochMs = 1'700'000'000'000;
  Duration origin_;
  std::int64_t drift_ppm_;
  std::int64_t wall_ms_;
};

}  // namespace borg::sim
