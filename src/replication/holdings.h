// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "base/ids.h"

namespace borg::replication {

/// Tells which operations a replica holds that is being synced: those that were sent to it with
/// their whole effect, and acknowledged. What the snapshot brings does not count before its end.
///
/// Runs: on the worker of the partition, for one snapshot to one replica.
class Holdings {
 public:
  /// A snapshot begins when `last` was the last operation, and `committed` the last one of which
  /// nobody need know who holds it.
  void begin(Seq committed, Seq last);
  /// This later operation was sent without all of its effect. Ascending.
  void leave_out(Seq seq);
  /// An operation of before, or one that was left out, was sent again with all of its effect.
  void repeat(Seq seq);
  /// ... and acknowledged.
  void repeat_acked(Seq seq);
  /// The end of the snapshot was acknowledged: from here on nothing is missing.
  void complete();

  /// It was sent with its whole effect, acknowledged or not.
  [[nodiscard]] bool was_sent(Seq seq) const;
  /// The replica holds the operation, having acknowledged those up to `acked`.
  [[nodiscard]] bool holds(Seq seq, Seq acked) const;
  /// It holds this operation and all before it.
  [[nodiscard]] Seq holds_through(Seq acked) const;
  /// Those that count as held, or will when they are acknowledged, because they were repeated.
  [[nodiscard]] std::vector<Seq> repeats_acked() const;

 private:
  [[nodiscard]] bool is_in_hole(Seq seq) const;

  Seq first_hole_;  // the first operation that the replica may lack; 0: none
  Seq before_;      // the last one before the snapshot began, if some of these are in a hole
  std::vector<Seq> left_out_;
  std::map<Seq, bool> repeats_;  // whether it is acknowledged
};

}  // namespace borg::replication
