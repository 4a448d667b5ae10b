// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/time.h"

namespace borg::server {

/// The processor's counter where it runs evenly (x86 with an invariant one, ARM), else the
/// monotonic clock in nanoseconds. Some 10 ns; counters of two cores may differ a little.
[[nodiscard]] std::uint64_t read_ticks();

/// Takes some milliseconds, or none where ticks are nanoseconds.
[[nodiscard]] double measure_nanos_per_tick();

/// The calling thread sleeps.
void stand_still(Duration duration);

}  // namespace borg::server
