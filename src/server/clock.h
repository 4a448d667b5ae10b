// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include "base/time.h"
#include "coordinators/clock.h"

namespace borg::server {

using coordinators::instant_now;

/// The one place where a node's clocks are read.
[[nodiscard]] inline Now read_clocks() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return {instant_now(), WallTime{t.tv_sec * 1000 + t.tv_nsec / 1'000'000}};
}

}  // namespace borg::server
