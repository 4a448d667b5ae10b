// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace borg::membership {

/// What a node takes the wall clock to be, counted from its steady clock. Written by the control
/// thread, read by the workers.
class BelievedWall {
 public:
  /// Nothing if it is not known yet.
  [[nodiscard]] std::optional<WallTime> at(Instant now) const {
    const std::int64_t ahead = ahead_ns_.load(std::memory_order_acquire);
    if (ahead == kUnknown) return std::nullopt;
    return WallTime{(now.as_nanos() + ahead) / 1'000'000};
  }
  void set(std::int64_t ahead_ns) { ahead_ns_.store(ahead_ns, std::memory_order_release); }

 private:
  static constexpr std::int64_t kUnknown = INT64_MIN;
  std::atomic<std::int64_t> ahead_ns_{kUnknown};
};

/// Finds out what time it is, from the wall clocks of all nodes: one that is wrong, or jumps, does
/// not count.
///
/// With every heartbeat a node tells what its wall clock shows. More than half of the members that
/// are not down, of whom this node has heard lately, have to agree within kTolerance; then the
/// middle one of them is believed. Without such a majority the former belief goes on by the steady
/// clock. A node that begins takes over what another one believes, and the oldest member, if it
/// has nothing to go on from, begins with its own clock.
///
/// Runs:   on the control thread; pure.
/// View:   of this node; what nodes believe differs by what heartbeats take on their way.
class WallClocks {
 public:
  static constexpr Duration kTolerance = Duration::seconds(5);
  /// Smaller corrections are made by and by, as fast as the second of these: clocks that are read
  /// one after the other differ by what has passed. Larger ones at once.
  static constexpr Duration kStep = Duration::seconds(2);
  static constexpr std::int64_t kSlewPart = 50;

  explicit WallClocks(NodeId self) : self_(self) {}

  /// A heartbeat came: what its sender's wall clock shows, and what it believes (0: nothing yet).
  /// Of several in a row the one counts that was on its way for the shortest time, unless the clock
  /// was set back meanwhile.
  void hear(NodeId from, WallTime wall, WallTime believed, Instant now);
  /// A node whose wall clock is far from what is believed, or is not any more.
  struct Change {
    NodeId node;
    bool is_wrong = false;
    bool is_disputed = false;  ///< no majority agrees: what is believed may be what is wrong
    Duration ahead;            ///< of what is believed; negative: behind
  };
  /// Considers all anew. `members` are those that are not down, this node among them, the oldest
  /// first; of others nothing is kept. Tells what has changed.
  std::vector<Change> consider(const std::vector<NodeId>& members, Now now);

  [[nodiscard]] WallTime believed(Now now) const {
    return shared_->at(now.instant).value_or(now.wall);
  }
  /// As a heartbeat tells it: 0 before anything is believed.
  [[nodiscard]] WallTime told(Instant now) const {
    return is_settled_ ? shared_->at(now).value_or(WallTime{}) : WallTime{};
  }
  [[nodiscard]] std::shared_ptr<const BelievedWall> shared() const { return shared_; }
  /// How far the wall clock of a node is ahead of what is believed, as far as that is known.
  [[nodiscard]] std::optional<Duration> ahead(NodeId node) const;
  [[nodiscard]] bool is_wrong(NodeId node) const;
  /// As of is_wrong().
  [[nodiscard]] bool is_disputed(NodeId node) const;

 private:
  struct Clock {
    std::int64_t ahead_ns = 0;  ///< of this node's steady clock
    Instant read;               ///< when that was so
    Instant heard;
    bool is_wrong = false;     ///< as consider() has told
    bool is_disputed = false;  ///< the same
  };
  [[nodiscard]] std::optional<std::int64_t> agreed_on(std::size_t members, Instant now) const;
  void approach(std::int64_t target_ns, Instant now);
  void believe(std::int64_t ahead_ns);
  std::vector<Change> changes(bool is_disputed);

  const NodeId self_;
  std::map<NodeId, Clock> clocks_;
  std::int64_t believed_ns_ = 0;  // ahead of the steady clock
  bool is_settled_ = false;       // it is more than this node's own clock, for want of others
  Instant considered_;
  std::shared_ptr<BelievedWall> shared_ = std::make_shared<BelievedWall>();
};

}  // namespace borg::membership
