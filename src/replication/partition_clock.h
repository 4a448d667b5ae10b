// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/time.h"

namespace borg::replication {

/// The time that the commands of one partition see, and that expiries are compared with.
///
/// A time to live must last its length, whatever the wall clocks of the nodes show and whoever is
/// primary. So a partition has a time line of its own, which is part of its replicated state. At
/// the primary it advances by the node's steady clock; each operation carries it to the replicas,
/// where it goes on by their steady clocks until the next one. It begins at what the wall clock
/// shows, and is drawn towards it by a thousandth of the passing time at most. If the wall clock
/// is further away than kStepMs, which is then no matter of clock rates, the difference is kept as
/// the wall offset instead: expiries stay where they are, and times of the wall are converted.
///
/// Runs:      on the worker of its partition; pure.
/// Invariant: it never goes back from one operation to the next, and at a primary it runs as the
///            steady clock does, to a thousandth.
class PartitionClock {
 public:
  /// Larger differences from the wall clock are not made up for.
  static constexpr std::int64_t kStepMs = 2000;
  /// The part of the passing time by which the clock may be drawn towards the wall clock.
  static constexpr std::int64_t kSlewPart = 1000;
  /// The part of the time since the last operation by which a replica's clock may have come to be
  /// ahead of its primary's. Both may be off by 1 % and a thousandth.
  static constexpr std::int64_t kDriftPart = 40;

  /// As the primary: the time now. `now.wall` is what the node believes the wall clock to be.
  PartitionTime advance(Now now) {
    if (now.instant != at_ || !is_set_) go_on(now);
    return {.now_ms = now_ms_, .wall_offset_ms = wall_offset_ms_};
  }
  /// The same without advancing, for whoever is not the primary. Zero if nothing is known.
  [[nodiscard]] PartitionTime read(Instant now) const;
  /// An operation has been executed, here or at the primary, at this time.
  void note_operation(std::int64_t now_ms) { operation_ms_ = now_ms; }

  /// As a replica: the primary of this term was here when it sent what arrives now. An operation
  /// that has been on its way for long does not set the clock back, within one term: the earlier
  /// ones tell better where the primary's clock is.
  void follow(const PartitionTime& time, Epoch term, Instant now);
  /// This replica becomes the primary.
  void become_primary(Now now);
  /// Nothing is known any more.
  void reset() { *this = PartitionClock(); }

  /// The time of the latest operation.
  [[nodiscard]] std::int64_t operation_ms() const { return operation_ms_; }
  /// When it was advanced last, and to what.
  [[nodiscard]] Instant advanced_at() const { return at_; }
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }

 private:
  void go_on(Now now);
  void approach(WallTime wall, std::int64_t passed_ns);
  void set(std::int64_t ns, Instant at);

  std::int64_t ns_ = 0;  // at the instant at_
  std::int64_t now_ms_ = 0;
  std::int64_t wall_offset_ms_ = 0;
  Instant at_;
  std::int64_t operation_ms_ = 0;
  Epoch term_;  // whose primary is followed
  bool is_set_ = false;
};

}  // namespace borg::replication
