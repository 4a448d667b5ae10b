// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace borg::node {

/// This node's session with the coordinator, and whether this node's record is bound to it.
///
/// The others see a node alive by the key that is bound to its session. One that lost its session
/// has another at once, but until it has registered again the key is the lost one's: the others
/// may see it go, and begin anew what this node alone held, however well the new session lives.
///
/// Runs: on the control thread.
class OwnSession {
 public:
  using Number = std::uint64_t;

  void on_alive(Instant valid_until) { valid_until_ = valid_until; }
  void on_lost() {
    valid_until_ = Instant::at_nanos(INT64_MIN);
    bound_at_.reset();
    ++number_;
  }
  /// A transaction that was sent when the session was this one has bound the record to it.
  void on_bound(Number session, Revision committed) {
    if (session == number_ && !bound_at_) bound_at_ = committed;
  }

  /// Of the session that lives, or will next.
  [[nodiscard]] Number number() const { return number_; }
  [[nodiscard]] bool is_alive(Instant now) const { return now <= valid_until_; }
  [[nodiscard]] bool is_bound() const { return bound_at_.has_value(); }
  /// Nobody sees this node's session end before that; long ago, if nothing proves it. `view` is
  /// what this node knows the coordinator to hold: others may have acted before the record was
  /// bound, so an older view proves nothing.
  [[nodiscard]] Instant proves_until(Revision view) const {
    return bound_at_ && *bound_at_ <= view ? valid_until_ : Instant::at_nanos(INT64_MIN);
  }

 private:
  Instant valid_until_ = Instant::at_nanos(INT64_MIN);
  Number number_ = 0;
  std::optional<Revision> bound_at_;
};

}  // namespace borg::node
