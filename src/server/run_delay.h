// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace borg::server {

/// How long a thread had to wait for a processor though it could have run: whether the machine
/// has time to spare is not to be seen from how busy the thread itself is.
///
/// Source: /proc/thread-self/schedstat (Linux, Documentation/scheduler/sched-stats.rst).
/// Runs:   on the thread that it is about, which also made it.
class RunDelay {
 public:
  RunDelay();
  ~RunDelay();
  RunDelay(const RunDelay&) = delete;
  RunDelay& operator=(const RunDelay&) = delete;

  /// Of the time since the call before, the percentage that the thread was ready to run and
  /// waited: [0, 100]. A thread that seldom runs and waits a little each time is not short of
  /// processors. Nothing if the system does not say, or at the first call.
  [[nodiscard]] std::optional<std::uint32_t> percent(Instant now);

 private:
  int file_;
  bool is_first_ = true;
  Instant asked_at_;
  std::uint64_t waited_ns_ = 0;
};

}  // namespace borg::server
