// SPDX-License-Identifier: Apache-2.0
#include "replication/replica_invariants.h"

#include <algorithm>

namespace borg::replication {
namespace {

using Broken = std::optional<std::string_view>;
using Role = Replica::Role;

Role role_by_config(const PartitionConfig& config, NodeId self) {
  if (config.epoch == Epoch()) return Role::kNone;
  if (config.primary() == self) return Role::kPrimary;
  if (config.in_sync.contains(self)) return Role::kBackup;
  return config.syncing.contains(self) ? Role::kSyncing : Role::kNone;
}

Broken wrong_in_primary(const Replica& replica, const Replica::Levels& now) {
  const PartitionConfig& config = replica.config();
  if (now.committed > now.stable) return "committed <= stable";
  if (now.stable > now.last) return "stable <= last";
  if (now.is_receiving) return "a primary receives no snapshot";
  const bool began = now.last > now.base;
  if (began && now.last_term != config.term) return "a primary's operations are of its term";
  if (now.first_write_waiter && *now.first_write_waiter > now.last) {
    return "an answer waits for an operation that exists";
  }
  if (now.lost_track_of) return "what an answer waits for is known, and can be repeated";
  for (const NodeId node : config.in_sync) {
    if (node != replica.self() && !replica.waits_for(node)) {
      return "the acks of every replica in sync are waited for";
    }
  }
  for (const NodeId node : config.syncing) {
    if (!replica.feeds(node)) return "every syncing replica is fed";
  }
  return std::nullopt;
}

/// But for a thousandth, and what rounding takes away.
bool runs_steadily(const Replica::Levels& before, const Replica::Levels& now) {
  if (before.clock_ms == 0) return true;  // it was not set yet
  const std::int64_t passed_us =
      (now.clock_advanced_at - before.clock_advanced_at).as_nanos() / 1000;
  const std::int64_t off_us = (now.clock_ms - before.clock_ms) * 1000 - passed_us;
  const std::int64_t most_us = passed_us / PartitionClock::kSlewPart + 1001;
  return now.clock_ms >= before.clock_ms && off_us >= -most_us && off_us <= most_us;
}

Broken wrong_in_others(const Replica::Levels& now) {
  if (now.peers > 0) return "only a primary feeds others";
  if (now.is_parked) return "only a primary is parked";
  if (now.waiters > 0) return "only a primary has answers that wait";
  if (now.blocked > 0) return "only a primary has commands that are blocked";
  if (now.logged > 0) return "only a primary keeps a log";
  if (now.earlier > 0) return "only a primary repeats requests of before";
  return std::nullopt;
}

}  // namespace

Broken ReplicaInvariants::check(const Replica& replica) {
  const Replica::Levels now = replica.levels();
  const PartitionConfig& config = replica.config();
  Broken broken;
  if (replica.role() != role_by_config(config, replica.self())) {
    broken = "the role is the configuration's";
  } else if (config.term > config.epoch) {
    broken = "term <= epoch";
  } else if (now.last_term > config.term) {
    broken = "no operation is of a later term";
  } else if (!now.is_receiving && now.newest_record > now.last) {
    broken = "a result is of an operation that exists";
  } else {
    broken =
        replica.role() == Role::kPrimary ? wrong_in_primary(replica, now) : wrong_in_others(now);
  }
  if (!broken && seen_) broken = what_went_back(replica);
  seen_ = true;
  role_ = replica.role();
  config_ = config;
  levels_ = now;
  return broken;
}

/// Data is dropped only by who is not in sync: with a new configuration, or for a new snapshot.
Broken ReplicaInvariants::what_went_back(const Replica& replica) const {
  const Replica::Levels now = replica.levels();
  const PartitionConfig& config = replica.config();
  if (config.epoch < config_.epoch) return "the epoch never goes back";
  if (config.term < config_.term) return "the term never goes back";
  const auto is_in_sync = [](Role role) { return role == Role::kPrimary || role == Role::kBackup; };
  const bool missed_some = config.epoch > config_.epoch.next();
  if (is_in_sync(role_) && is_in_sync(replica.role()) && !missed_some) {
    if (now.last < levels_.last) return "who is in sync forgets nothing";
    if (now.operation_ms < levels_.operation_ms) return "the time of commands never goes back";
  }
  const bool same_stream =
      role_ == Role::kPrimary && replica.role() == Role::kPrimary && config.term == config_.term;
  if (same_stream && !runs_steadily(levels_, now)) {
    return "a primary's clock runs as its steady clock does";
  }
  if (same_stream && (now.committed < levels_.committed || now.stable < levels_.stable)) {
    return "what is acknowledged stays so";
  }
  return std::nullopt;
}

}  // namespace borg::replication
