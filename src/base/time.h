// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace borg {

/// A span of a node's monotonic clock, in nanoseconds.
class Duration {
 public:
  constexpr Duration() = default;
  [[nodiscard]] static constexpr Duration nanos(std::int64_t n) { return Duration(n); }
  [[nodiscard]] static constexpr Duration micros(std::int64_t n) { return Duration(n * 1'000); }
  [[nodiscard]] static constexpr Duration millis(std::int64_t n) { return Duration(n * 1'000'000); }
  [[nodiscard]] static constexpr Duration seconds(std::int64_t n) { return millis(n * 1'000); }
  [[nodiscard]] constexpr std::int64_t as_nanos() const { return ns_; }
  [[nodiscard]] constexpr std::int64_t as_millis() const { return ns_ / 1'000'000; }
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ns_ + b.ns_); }
  friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ns_ - b.ns_); }
  friend constexpr Duration operator*(Duration a, std::int64_t k) { return Duration(a.ns_ * k); }
  friend constexpr Duration operator/(Duration a, std::int64_t k) { return Duration(a.ns_ / k); }

 private:
  constexpr explicit Duration(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

/// A point on one node's monotonic clock. Never compare those of two nodes.
class Instant {
 public:
  constexpr Instant() = default;
  [[nodiscard]] static constexpr Instant at_nanos(std::int64_t n) { return Instant(n); }
  [[nodiscard]] static constexpr Instant never() { return Instant(INT64_MAX); }
  [[nodiscard]] constexpr std::int64_t as_nanos() const { return ns_; }
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant a, Duration d) {
    return a == never() ? a : Instant(a.ns_ + d.as_nanos());
  }
  friend constexpr Instant operator-(Instant a, Duration d) {
    return a == never() ? a : Instant(a.ns_ - d.as_nanos());
  }
  friend constexpr Duration operator-(Instant a, Instant b) {
    return Duration::nanos(a.ns_ - b.ns_);
  }

 private:
  constexpr explicit Instant(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

/// Wall-clock time: milliseconds since the Unix epoch. It may jump.
struct WallTime {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

/// What the clock of a partition shows: see replication/partition_clock.h.
struct PartitionTime {
  std::int64_t now_ms = 0;          ///< what expiries are compared with
  std::int64_t wall_offset_ms = 0;  ///< the wall clock shows so much more
  friend bool operator==(const PartitionTime&, const PartitionTime&) = default;
};

/// Both clocks, read once at the start of an event.
struct Now {
  Instant instant;
  WallTime wall;
};

}  // namespace borg
