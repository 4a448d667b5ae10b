// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/history.h"

namespace borg::sim {

/// How far the life of a key may differ from what was asked for.
struct LifeBounds {
  std::int64_t drift_ppm = 0;    ///< of its length, either way: clocks run fast or slow
  std::int64_t rounding_ns = 0;  ///< either way
  std::int64_t late_ns = 0;      ///< longer alone: the clock of a new primary may lag
  /// Shorter alone: it may be ahead by what two clocks drift apart while it hears nothing.
  std::int64_t early_ns = 0;
  std::int64_t wall_ns = 0;  ///< of a time of the wall, either way

  struct Span {
    std::int64_t from = 0;
    std::int64_t until = 0;
  };
  /// When something comes of which it was said, at a moment of [first, last], that it is so far
  /// away.
  [[nodiscard]] Span after(std::int64_t first, std::int64_t last, std::int64_t length) const;
  /// When the wall clock shows this.
  [[nodiscard]] Span at_wall(std::int64_t wall_ms) const;
};

/// Makes of operations with a time to live (set px, pexpire, getex px, pttl) or with a time of the
/// wall (set pxat, pexpireat, pexpiretime) what StringModel can judge: each such operation is told
/// between when and when the key's time comes, and the coming of that time is an operation of its
/// own, which may happen from the earliest moment on.
///
/// What the nodes' wall clocks show does not count: a time to live is one of the world's time.
///
/// REQUIRES: times are nanoseconds, those of commands milliseconds; operations are of one key.
[[nodiscard]] std::vector<Operation> with_expiries(std::vector<Operation> operations,
                                                   const LifeBounds& bounds);

}  // namespace borg::sim
