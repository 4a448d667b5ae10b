// SPDX-License-Identifier: Apache-2.0
#include "server/ticks.h"

#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "server/clock.h"

namespace borg::server {

namespace {

[[maybe_unused]] std::uint64_t clock_nanos() {
  return static_cast<std::uint64_t>(instant_now().as_nanos());
}

#if defined(__x86_64__)

/// The "invariant TSC" bit: the counter runs at one rate in all states of the processor.
bool has_even_counter() {
  constexpr unsigned kPowerLeaf = 0x80000007;
  constexpr unsigned kInvariant = 1u << 8;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(kPowerLeaf, &a, &b, &c, &d) != 0 && (d & kInvariant) != 0;
}

const bool kHasEvenCounter = has_even_counter();

#endif

}  // namespace

std::uint64_t read_ticks() {
#if defined(__x86_64__)
  if (kHasEvenCounter) [[likely]]
    return __rdtsc();
  return clock_nanos();
#elif defined(__aarch64__)
  std::uint64_t ticks = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));  // tidy: allow volatile: it must be read anew
  return ticks;
#else
  return clock_nanos();
#endif
}

namespace {

/// Both counters at one moment.
struct Reading {
  std::uint64_t ticks = 0;
  std::int64_t nanos = 0;
};

/// The best of some tries: between two readings of one counter a thread may have to wait.
Reading read_both() {
  constexpr int kTries = 16;
  Reading best;
  std::uint64_t narrowest = UINT64_MAX;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t before = read_ticks();
    const std::int64_t nanos = instant_now().as_nanos();
    const std::uint64_t width = read_ticks() - before;
    if (width >= narrowest) continue;
    narrowest = width;
    best = {before + width / 2, nanos};
  }
  return best;
}

}  // namespace

double measure_nanos_per_tick() {
  constexpr auto kMeasured = std::chrono::milliseconds(5);
  const Reading first = read_both();
  std::this_thread::sleep_for(kMeasured);
  const Reading last = read_both();
  if (last.ticks == first.ticks) return 1;
  return static_cast<double>(last.nanos - first.nanos) /
         static_cast<double>(last.ticks - first.ticks);
}

void stand_still(Duration duration) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(duration.as_nanos()));
}

}  // namespace borg::server
