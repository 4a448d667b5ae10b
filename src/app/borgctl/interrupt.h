// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace borg::borgctl {

/// While one lives, Ctrl-C (and SIGTERM) only set a flag, and system calls return EINTR.
///
/// For commands that have something to tidy up (a temporary file, a terminal, counts to print).
/// Runs: on the main thread. One may live within another.
class InterruptGuard {
 public:
  enum class Catch { kInterruptOnly, kTerminateToo };
  explicit InterruptGuard(Catch what = Catch::kTerminateToo);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  Catch what_;
  struct sigaction previous_int_ = {};
  struct sigaction previous_term_ = {};
};

/// Whether a signal came since the guard was made or the flag was cleared.
[[nodiscard]] bool interrupted();
void clear_interrupt();

}  // namespace borg::borgctl
