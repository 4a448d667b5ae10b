// SPDX-License-Identifier: Apache-2.0
#include "node/sync_pacer.h"

#include <algorithm>

namespace borg::node {
namespace {

// As measured with 64 B values: a command with its share of the system calls, and a byte of
// entries of about 100 B, read and encoded here, decoded and stored there.
constexpr std::uint64_t kCommandNanos = 3000;
constexpr std::uint64_t kByteNanos = 7;

/// Without a command for so long, nobody is kept waiting by longer turns.
constexpr Duration kIdleAfter = Duration::millis(10);

std::uint64_t by_share(std::uint64_t at_half, std::uint32_t foreground_percent) {
  return at_half * (100 - foreground_percent) / foreground_percent;
}

}  // namespace

SyncPacer::SyncPacer(const Options& options)
    : options_(options),
      bytes_per_command_(by_share(kCommandNanos / kByteNanos, options.foreground_percent)) {}

std::uint64_t SyncPacer::floor_bytes_per_s() const {
  // Threads of an idle machine wait a little too, for instance when two wake each other.
  constexpr std::uint32_t kFreeBelow = 5;
  constexpr std::uint32_t kShortFrom = 30;
  const std::uint32_t percent = std::clamp(waited_percent_, kFreeBelow, kShortFrom);
  const std::uint64_t floor = (options_.free_bytes_per_s * (kShortFrom - percent) +
                               options_.floor_bytes_per_s * (percent - kFreeBelow)) /
                              (kShortFrom - kFreeBelow);
  return by_share(floor, options_.foreground_percent);
}

void SyncPacer::waited(std::uint32_t percent) {
  waited_percent_ = (waited_percent_ * 3 + percent) / 4;
}

void SyncPacer::begin_turn(Instant now) {
  // A thread that stood still does not catch up on what it did not send.
  constexpr std::int64_t kNanosMax = 20'000'000;
  const std::int64_t nanos = std::clamp<std::int64_t>((now - now_).as_nanos(), 0, kNanosMax);
  now_ = now;
  turn_left_ = options_.turn_bytes_max;
  const auto earned = static_cast<std::int64_t>(floor_bytes_per_s()) * nanos / 1'000'000'000;
  credit_ = std::min(credit_ + earned, static_cast<std::int64_t>(options_.turn_bytes_max));
}

void SyncPacer::worked(std::size_t commands) {
  if (commands == 0) return;
  saw_command_ = true;
  last_command_ = now_;
  credit_ = std::min(credit_ + static_cast<std::int64_t>(bytes_per_command_ * commands),
                     static_cast<std::int64_t>(options_.turn_bytes_max));
}

bool SyncPacer::is_idle() const { return !saw_command_ || now_ - last_command_ >= kIdleAfter; }

std::size_t SyncPacer::budget() const {
  if (is_idle()) return turn_left_;
  return std::min(turn_left_, static_cast<std::size_t>(std::max<std::int64_t>(credit_, 0)));
}

void SyncPacer::spent(std::size_t bytes) {
  turn_left_ -= std::min(turn_left_, bytes);
  credit_ = std::max(credit_ - static_cast<std::int64_t>(bytes),
                     -static_cast<std::int64_t>(options_.turn_bytes_max));
}

}  // namespace borg::node
