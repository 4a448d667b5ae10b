// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include "base/time.h"

namespace borg::coordinators {

/// The clock of leases and sessions. It goes on while the machine is suspended, as those of the
/// other machines do: one that stood still meanwhile would show a lease that is long over as
/// one that still holds.
[[nodiscard]] inline Instant instant_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return Instant::at_nanos(t.tv_sec * 1'000'000'000 + t.tv_nsec);
}

}  // namespace borg::coordinators
