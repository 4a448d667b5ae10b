// SPDX-License-Identifier: Apache-2.0
// What a primary sends: the stream of operations, and snapshots to replicas that begin anew.
#include <algorithm>

#include "base/planted_bug.h"
#include "base/probe.h"
#include "replication/replica.h"
#include "replication/snapshot.h"

namespace borg::replication {

void Replica::start_stream(Peer& p, ReplicaSink& sink) {
  p.stream = next_stream_++;
  ByteBuffer* out =
      sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream, .seq = base_seq_});
  if (out == nullptr) return;  // link_up() comes
  wire::encode(*out, wire::TermStart{.partition = partition_,
                                     .config = config_,
                                     .base_term = base_term_,
                                     .base_seq = base_seq_});
  log_.for_each_after(p.acked, [&](Seq seq, std::string_view frame) {
    out = sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream, .seq = seq});
    if (out != nullptr) out->append(frame);
  });
}

void Replica::begin_sync(Peer& p, ReplicaSink& sink) {
  p = Peer{.node = p.node, .stream = next_stream_++};
  ByteBuffer* out = sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream});
  if (out == nullptr) return;  // link_up() comes
  wire::encode(
      *out,
      wire::SyncStart{
          .partition = partition_, .config = config_, .sync = p.stream, .base_seq = last_seq_});
  p.phase = Peer::Phase::kScanning;
  p.cursor = store_.begin();
  if (last_seq_ > committed_) {
    p.first_hole = committed_.next();
    p.last_hole = last_seq_;
  }
}

void Replica::report_caught_up(const Peer& p, ReplicaSink& sink) {
  sink.report({.kind = Report::Kind::kCaughtUp,
               .partition = partition_,
               .epoch = config_.epoch,
               .node = p.node});
}

bool Replica::wants_chunk(NodeId node) const {
  const Peer* p = peer(node);
  return role_ == Role::kPrimary && p != nullptr && p->phase == Peer::Phase::kScanning;
}

/// False if the link is down.
bool Replica::send_entries(const Peer& p, ByteBuffer& entries, ReplicaSink& sink) {
  if (entries.empty()) return true;
  ByteBuffer* out = sink.replicate({.partition = partition_,
                                    .to = p.node,
                                    .stream = p.stream,
                                    .chunk_bytes = static_cast<std::uint32_t>(entries.size())});
  if (out == nullptr) return false;
  wire::encode(*out, wire::SyncChunk{.partition = partition_,
                                     .term = config_.term,
                                     .sync = p.stream,
                                     .entries = entries.view()});
  entries.clear();
  return true;
}

bool Replica::send_chunk(NodeId node, ReplicaSink& sink) {
  if (!wants_chunk(node)) return false;
  Peer& p = *peer(node);
  ByteBuffer entries;
  Encoder encoder(entries);
  const SyncLimits limits = sink.sync_limits();
  bool is_sent = true;
  const auto next = store_.scan(
      p.cursor, limits.chunk_keys, limits.chunk_bytes, [&](const storage::EntryView& e) {
        // The store gives whole buckets: of large values one alone fills a frame, and several
        // could be more than a frame can hold.
        const std::size_t size = entries.size() + e.key.size() + e.value.size();
        if (size > 2 * limits.chunk_bytes) is_sent = is_sent && send_entries(p, entries, sink);
        encode_entry(encoder, e);
      });
  if (!is_sent || !send_entries(p, entries, sink)) return false;
  if (next) {
    reached<"a snapshot takes more than one piece">();
    p.cursor = *next;
  } else {
    send_sync_end(p, sink);
  }
  return true;
}

void Replica::send_sync_end(Peer& p, ReplicaSink& sink) {
  ByteBuffer records;
  Encoder encoder(records);
  records_.encode(encoder);
  ByteBuffer* out = sink.replicate({.partition = partition_,
                                    .to = p.node,
                                    .stream = p.stream,
                                    .seq = last_seq_,
                                    .sync_end = true});
  if (out == nullptr) return;
  wire::encode(*out, wire::SyncEnd{.partition = partition_,
                                   .term = config_.term,
                                   .sync = p.stream,
                                   .seq = last_seq_,
                                   .last_term = last_term_,
                                   .now_ms = clock_ms_,
                                   .records = records.view()});
  p.phase = Peer::Phase::kEnding;
}

/// One frame in the log, copied to every link that takes the stream as it is.
void Replica::send_operation(const commands::CommandSpec& spec, commands::Args args,
                             wire::Operation op, ReplicaSink& sink) {
  const bool logged =
      std::any_of(peers_.begin(), peers_.end(), [](const Peer& p) { return p.needs_log(); });
  std::string_view frame;
  if (logged) {
    wire::encode(log_.open(op.seq), op, args);
    frame = log_.close();
  }
  for (Peer& p : peers_) {
    if (p.phase == Peer::Phase::kWaiting || p.broken) continue;
    if (p.phase == Peer::Phase::kScanning) {
      send_state(p, spec, args, op, sink);
      continue;
    }
    ByteBuffer* out =
        sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream, .seq = op.seq});
    if (out != nullptr) out->append(frame);
  }
}

/// To a replica whose snapshot is under way. If the snapshot has passed all the keys it gets the
/// command; else the keys' whole state, so that the write is on two nodes at once. If that is
/// much larger than the command the keys that are still ahead come with the snapshot, and the
/// answer waits for it; those that it has passed must be sent all the same: it does not come back
/// to them.
void Replica::send_state(Peer& p, const commands::CommandSpec& spec, commands::Args args,
                         wire::Operation op, ReplicaSink& sink) {
  const commands::KeyRange range = commands::key_range(spec, args);
  bool all_passed = true;
  std::size_t bytes_ahead = 0;
  std::size_t bytes_given = 0;
  for (const std::string_view arg : args) bytes_given += arg.size();
  std::vector<storage::KeyRef> keys;
  for (std::size_t i = range.first; range.first != 0 && i <= range.last; i += range.step) {
    keys.push_back(storage::key_ref(args[i]));
    if (storage::PartitionStore::is_before(keys.back(), p.cursor)) continue;
    all_passed = false;
    const auto entry = store_.find(keys.back());
    bytes_ahead += args[i].size() + (entry ? entry->value.size() : 0);
  }
  if (all_passed && is_planted(PlantedBug::kSnapshotMissesWrites)) return;
  ByteBuffer* out =
      sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream, .seq = op.seq});
  if (out == nullptr) return;
  if (all_passed) {
    reached<"a command is sent behind the snapshot's cursor">();
    wire::encode(*out, op, args);
    return;
  }
  const bool too_large = bytes_ahead > sink.sync_limits().state_bytes_max + bytes_given;
  if (too_large) {
    reached<"a state is too large to be sent ahead">();
    if (p.first_hole == Seq()) p.first_hole = op.seq;
    p.last_hole = op.seq;
  }
  ByteBuffer states;
  Encoder encoder(states);
  for (const storage::KeyRef& key : keys) {
    if (too_large && !storage::PartitionStore::is_before(key, p.cursor)) continue;
    if (const auto entry = store_.find(key)) {
      encode_entry(encoder, *entry);
    } else if (!is_planted(PlantedBug::kForgetDeletesDuringSync)) {
      encode_absence(encoder, key.key);
    }
  }
  reached<"a state is sent ahead of the snapshot">();
  op.kind = states.empty() ? wire::OperationKind::kSkip : wire::OperationKind::kState;
  op.body = states.view();
  wire::encode(*out, op);
}

void Replica::link_up(NodeId node, ReplicaSink& sink) {
  Peer* p = peer(node);
  if (role_ != Role::kPrimary || p == nullptr || p->broken) return;
  if (p->phase == Peer::Phase::kStreaming) {
    start_stream(*p, sink);
  } else {
    begin_sync(*p, sink);
  }
}

void Replica::link_down(NodeId node) {
  Peer* p = peer(node);
  if (p == nullptr || p->phase == Peer::Phase::kStreaming) return;
  p->phase = Peer::Phase::kWaiting;
  if (role_ == Role::kPrimary) trim_log();
}

}  // namespace borg::replication
