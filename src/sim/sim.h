// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "sim/event_queue.h"
#include "sim/sim_options.h"
#include "sim/trace.h"

namespace borg::sim {

/// What every part of the simulated world shares: time, chance, and the record of both.
struct Sim {
  Sim(std::uint64_t seed, bool prints)
      : random(seed), options(draw_options(random)), trace(prints) {}
  Sim(std::uint64_t seed, bool prints, const SimOptions& given)
      : random(seed), options(given), trace(prints) {}

  EventQueue queue;
  Random random;
  SimOptions options;
  Trace trace;
  /// No faults yet, or no more: delays are short, answers arrive.
  bool calm = true;

  [[nodiscard]] Duration draw(Duration low, Duration high) {
    return Duration::nanos(random.between(low.as_nanos(), std::max(low, high).as_nanos()));
  }
  [[nodiscard]] bool permille(std::uint32_t n) { return n > 0 && random.chance(n, 1000); }
};

}  // namespace borg::sim
