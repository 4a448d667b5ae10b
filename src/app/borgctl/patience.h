// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "resp/parser.h"

namespace borg::borgctl {

/// How long to go on trying while a cluster heals.
///
/// Once it has run out it stays out, so that a lasting failure costs its time once and not for
/// every record, until a retry works again.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds whole) : whole_(whole) {}

  /// Sleeps a little, longer from time to time. False: it has run out (then it does not sleep)
  /// or the user interrupted.
  bool wait();
  /// A retry worked.
  void refill();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kFirstPause{50};
  static constexpr std::chrono::milliseconds kLongestPause{1000};

  std::chrono::milliseconds whole_;
  std::chrono::milliseconds pause_ = kFirstPause;
  bool is_waiting_ = false;
  Clock::time_point deadline_;
};

/// Whether this error says "not now" rather than "no": the same request may do later, at this
/// node or another.
[[nodiscard]] bool is_passing_error(const resp::Value& reply);

}  // namespace borg::borgctl
