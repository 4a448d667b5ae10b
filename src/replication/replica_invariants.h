// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "replication/replica.h"

namespace borg::replication {

/// What must hold of one replica between any two events, of both kinds: what holds at any time,
/// and what may never go back.
///
/// Runs:    beside its replica, in builds with kChecksInvariants (base/check.h), after each turn
///          that touched it; unit tests and the simulator do the same.
/// Errors:  a broken one is our own bug, never a peer's doing.
class ReplicaInvariants {
 public:
  /// The invariant that is broken, in words; nullopt if all hold. Remembers what it saw.
  [[nodiscard]] std::optional<std::string_view> check(const Replica& replica);

 private:
  [[nodiscard]] std::optional<std::string_view> what_went_back(const Replica& replica) const;

  bool seen_ = false;
  Replica::Role role_ = Replica::Role::kNone;
  PartitionConfig config_;
  Replica::Levels levels_;
};

}  // namespace borg::replication
