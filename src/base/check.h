// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace borg {

/// Prints the failed condition and aborts. Runs: on any thread.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

/// True where invariants are checked after every step: debug builds, sanitizers, the simulator.
#if defined(BORG_SIMULATION) || defined(BORG_CHECK_INVARIANTS)
inline constexpr bool kChecksInvariants = true;
#else
inline constexpr bool kChecksInvariants = false;
#endif

}  // namespace borg

/// Our own bug, on in release: never for what a peer, a client or a disk may do.
#define BORG_CHECK(condition)                               \
  do {                                                      \
    if (!(condition)) [[unlikely]] {                        \
      ::borg::check_failed(#condition, __FILE__, __LINE__); \
    }                                                       \
  } while (false)
