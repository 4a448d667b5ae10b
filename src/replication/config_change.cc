// SPDX-License-Identifier: Apache-2.0
// A replica's roles, and what a new configuration does to them.
#include <algorithm>

#include "base/check.h"
#include "base/probe.h"
#include "replication/replica.h"

namespace borg::replication {

Replica::Replica(PartitionId partition, NodeId self, std::shared_ptr<storage::Heap> heap)
    : partition_(partition), self_(self), store_(partition, std::move(heap)) {}

Replica::Peer* Replica::peer(NodeId node) {
  return const_cast<Peer*>(std::as_const(*this).peer(node));
}

const Replica::Peer* Replica::peer(NodeId node) const {
  for (const Peer& p : peers_) {
    if (p.node == node) return &p;
  }
  return nullptr;
}

void Replica::configure(const PartitionConfig& config, Now now, ReplicaSink& sink) {
  if (config.epoch <= config_.epoch) return;
  const bool was_primary = role_ == Role::kPrimary;
  const bool same_term = config.term == config_.term;
  const bool was_replica = role_ != Role::kNone;
  missed_epoch_ = config.epoch != config_.epoch.next();
  if (missed_epoch_ && was_primary) reached<"a primary missed a configuration">();
  config_ = config;
  if (config.primary() == self_) {
    if (was_primary && same_term) {
      stay_primary(now, sink);
    } else {
      if (was_primary) resign(sink);
      become_primary(now, sink);
    }
    return;
  }
  if (was_primary) {
    resign(sink);
    tell_successor(sink);
  }
  if (config.in_sync.contains(self_)) {
    role_ = Role::kBackup;
  } else if (config.syncing.contains(self_)) {
    // What a former primary or backup had is obsolete: a snapshot will come. A replica that is
    // being synced by this very term goes on.
    if (stream_term_ != config.term) drop_data();
    role_ = Role::kSyncing;
  } else {
    if (was_replica) drop_data();
    role_ = Role::kNone;
  }
  serve_held(now, sink);
}

void Replica::become_primary(Now now, ReplicaSink& sink) {
  role_ = Role::kPrimary;
  forget_watched();
  receiving_ = false;
  stream_term_ = Epoch();
  base_term_ = last_term_;
  base_seq_ = visible_ = last_seq_;
  clock_.become_primary(now);
  committed_ = stable_ = Seq();
  peers_.clear();
  log_.clear();
  parked_ = drained_reported_ = false;
  refresh_peers(now, sink);
  advance(now, sink);
  serve_held(now, sink);
}

void Replica::stay_primary(Now now, ReplicaSink& sink) {
  // A hand-over that was under way has lost: its epoch is over.
  parked_ = drained_reported_ = false;
  refresh_peers(now, sink);
  advance(now, sink);
  serve_held(now, sink);
}

/// Not primary any more. The outcome of what is in flight is the new primary's to tell: every
/// gateway asks it, with the same request ids.
void Replica::resign(ReplicaSink& sink) {
  for (const auto* waiters : {&write_waiters_, &read_waiters_}) {
    if (!waiters->empty()) reached<"a primary resigns with answers that wait">();
    for (const Waiter& waiter : *waiters) moved(waiter.origin, sink);
  }
  write_waiters_.clear();
  read_waiters_.clear();
  events_.clear();
  for (const Parked& parked : held_) moved(parked.origin, sink);
  held_.clear();
  turn_away_blocked(sink);
  peers_.clear();
  log_.clear();
  earlier_.clear();
  forget_watched();
  parked_ = drained_reported_ = false;
}

/// Who is primary now may not have heard of it yet, or be cut off from the coordinator: it can
/// begin without. (A Nack of no term: it refuses nothing, but every Nack carries the news.)
void Replica::tell_successor(ReplicaSink& sink) {
  ByteBuffer* out = sink.link(config_.primary(), partition_);
  if (out == nullptr) return;
  wire::encode(*out, wire::Nack{.partition = partition_,
                                .term = Epoch(),
                                .reason = wire::NackReason::kStale,
                                .config = config_});
}

void Replica::refresh_peers(Now now, ReplicaSink& sink) {
  std::erase_if(peers_, [&](const Peer& p) { return !config_.is_replica(p.node); });
  for (const NodeId node : config_.in_sync) {
    if (node == self_) continue;
    Peer* known = peer(node);
    if (known != nullptr && known->counts()) continue;  // it was synced, or in sync before
    if (known == nullptr) {
      peers_.push_back(Peer{.node = node});
      known = &peers_.back();
    }
    // In sync by the configuration: its acks count from the start of the term.
    known->phase = Peer::Phase::kStreaming;
    known->acked = Seq();
    start_stream(*known, sink);
  }
  for (const NodeId node : config_.syncing) {
    Peer* known = peer(node);
    // If a configuration in between was missed the peer may have been out of it, and empty.
    if (known != nullptr && !known->broken && !missed_epoch_) {
      if (known->is_caught_up()) report_caught_up(*known, sink);
      continue;
    }
    if (known == nullptr) {
      peers_.push_back(Peer{.node = node});
      known = &peers_.back();
    }
    begin_sync(*known, now, sink);
  }
}

void Replica::drop_data() {
  store_.clear_later();
  records_.clear();
  last_seq_ = Seq();
  last_term_ = Epoch();
  clock_.reset();
  stream_term_ = Epoch();
  receiving_ = false;
  sync_ = 0;
}

/// A peer sent its configuration, which the coordinator committed: if it is newer than ours it
/// counts here at once, before our own watch brings it.
bool Replica::adopt(NodeId from, const PartitionConfig& config, Now now, ReplicaSink& sink) {
  if (config.epoch > config_.epoch) {
    // First: what configure() reports of this epoch means nothing to who does not know it.
    sink.report({.kind = Report::Kind::kLearned,
                 .partition = partition_,
                 .epoch = config.epoch,
                 .node = from,
                 .config = config});
    configure(config, now, sink);
  }
  return config_.primary() == from && config_.term == config.term;
}

Replica::Levels Replica::levels() const {
  Levels now{.last = last_seq_,
             .committed = committed_,
             .stable = stable_,
             .base = base_seq_,
             .last_term = last_term_,
             .newest_record = records_.newest(),
             .first_write_waiter = {},
             .operation_ms = clock_.operation_ms(),
             .clock_ms = clock_.now_ms(),
             .clock_advanced_at = clock_.advanced_at(),
             .peers = peers_.size(),
             .waiters = write_waiters_.size() + read_waiters_.size(),
             .blocked = blocked_.size(),
             .logged = log_.empty() ? 0U : 1U,
             .lost_track_of = {},
             .earlier = earlier_.all().size(),
             .is_receiving = receiving_,
             .is_parked = parked_};
  if (!write_waiters_.empty()) now.first_write_waiter = write_waiters_.front().seq;
  const Seq first_logged = log_.empty() ? last_seq_.next() : log_.first();
  for (const Waiter& waiter : write_waiters_) {
    if (waiter.seq <= committed_) continue;
    if (waiter.seq >= first_logged) break;
    if (!earlier_.all().contains(waiter.seq)) now.lost_track_of = waiter.seq;
  }
  return now;
}

std::size_t Replica::waiting_bytes() const {
  std::size_t bytes = log_.bytes();
  for (const auto* waiters : {&write_waiters_, &read_waiters_}) {
    for (const Waiter& waiter : *waiters) bytes += sizeof waiter + waiter.reply.size();
  }
  for (const Parked& parked : held_) {
    for (const std::string& arg : parked.args) bytes += sizeof arg + arg.size();
  }
  return bytes;
}

bool Replica::idle() const {
  return write_waiters_.empty() && read_waiters_.empty() && held_.empty() && events_.empty();
}

}  // namespace borg::replication
