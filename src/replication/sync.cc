// SPDX-License-Identifier: Apache-2.0
// What a primary sends: the stream of operations, and snapshots to replicas that begin anew.
#include <algorithm>
#include <tuple>

#include "base/planted_bug.h"
#include "base/probe.h"
#include "commands/transaction.h"
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

void Replica::begin_sync(Peer& p, Now now, ReplicaSink& sink) {
  p = Peer{.node = p.node, .stream = next_stream_++};
  ByteBuffer* out = sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream});
  if (out == nullptr) return;  // link_up() comes
  wire::encode(*out, wire::SyncStart{.partition = partition_,
                                     .config = config_,
                                     .sync = p.stream,
                                     .base_seq = last_seq_,
                                     .time = clock_.advance(now)});
  p.phase = Peer::Phase::kScanning;
  p.cursor = store_.begin();
  p.holdings.begin(committed_, last_seq_);
  repeat_what_is_under_way(p, sink);
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

bool Replica::send_chunk(NodeId node, Now now, ReplicaSink& sink) {
  if (!wants_chunk(node)) return false;
  Peer& p = *peer(node);
  ByteBuffer entries;
  bool is_sent = true;
  if (p.partials.empty()) {
    is_sent = send_next_keys(p, entries, sink);
  } else {
    reached<"a large container takes a piece of its own">();
    encode_next_elements(p, entries, sink.sync_limits());
  }
  if (!is_sent || !send_entries(p, entries, sink)) {
    p.phase = Peer::Phase::kWaiting;  // link_up() comes
    return false;
  }
  if (p.is_scanned && p.partials.empty()) {
    send_sync_end(p, now, sink);
    return true;
  }
  if (p.owes) repeat_what_is_under_way(p, sink);
  reached<"a snapshot takes more than one piece">();
  return true;
}

/// False if the link is down.
bool Replica::send_next_keys(Peer& p, ByteBuffer& entries, ReplicaSink& sink) {
  const SyncLimits limits = sink.sync_limits();
  Encoder encoder(entries);
  bool is_sent = true;
  const auto next = store_.scan(
      p.cursor, limits.chunk_keys, limits.chunk_bytes, [&](const storage::EntryView& entry) {
        if (p.ahead.contains(entry.key)) return;
        // The store gives whole buckets: of large values one alone fills a frame, and several
        // could be more than a frame can hold.
        const std::size_t size = entries.size() + entry.key.size() + entry.value.size();
        if (size > 2 * limits.chunk_bytes) is_sent = is_sent && send_entries(p, entries, sink);
        encode_entry(encoder, entry);
        if (entry.is_large) p.partials.push_back({std::string(entry.key)});
      });
  p.is_scanned = !next;
  if (next) p.cursor = *next;
  return is_sent;
}

void Replica::encode_next_elements(Peer& p, ByteBuffer& entries, const SyncLimits& limits) const {
  Encoder out(entries);
  Partial& partial = p.partials.front();
  const auto entry = store_.find(storage::key_ref(partial.key));
  std::optional<std::uint64_t> next;
  if (entry && entry->is_large) {
    ElementEncoder elements(out, partial.key);
    next = entry->large()->scan(
        partial.position, {limits.chunk_keys, limits.chunk_bytes},
        [&](std::string_view element, std::string_view value) { elements.put(element, value); });
    elements.finish();
  }
  if (next) {
    partial.position = *next;
  } else {
    p.partials.pop_front();
  }
}

/// With the time now: that of the last operation may be hours ago.
void Replica::send_sync_end(Peer& p, Now now, ReplicaSink& sink) {
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
                                   .time = clock_.advance(now),
                                   .records = records.view()});
  p.phase = Peer::Phase::kEnding;
}

/// One frame in the log, copied to every link that takes the stream as it is. What is not held by
/// enough nodes may have to be repeated to another one: see repeats.cc.
void Replica::send_operation(const commands::CommandSpec& spec, commands::Args args,
                             wire::Operation op, ReplicaSink& sink) {
  wire::encode(log_.open(op.seq), op, args);
  const std::string_view frame = log_.close();
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

Replica::Partial* Replica::Peer::partial(std::string_view key) {
  const auto at = std::find_if(partials.begin(), partials.end(),
                               [&](const Partial& partial) { return partial.key == key; });
  return at == partials.end() ? nullptr : &*at;
}

bool Replica::Peer::has_reached(const storage::KeyRef& key) const {
  return is_scanned || storage::PartitionStore::is_before(key, cursor) || ahead.contains(key.key);
}

/// During a sync notes what the next command does to large containers: see send_state().
void Replica::record_changes() {
  journal_.clear();
  const bool is_syncing = std::any_of(peers_.begin(), peers_.end(), [](const Peer& p) {
    return p.phase == Peer::Phase::kScanning;
  });
  store_.record_changes(is_syncing ? &journal_ : nullptr);
}

/// Of a list the snapshot has brought those before an index, which moves with them. True if the
/// replica then has the change.
bool Replica::encode_list_change(const storage::ChangeJournal::Change& change, Partial* partial,
                                 ElementEncoder& out) {
  if (partial != nullptr && change.index >= partial->position) return false;
  reached<"changes of a list are sent ahead of the snapshot">();
  out.change(*change.list_change, change.index, change.element);
  if (partial == nullptr) return true;
  if (change.list_change == storage::ListChange::kInsert) ++partial->position;
  if (change.list_change == storage::ListChange::kErase) --partial->position;
  return true;
}

/// What a command changed of a large container that the snapshot has reached. True if the replica
/// then has all of the change.
bool Replica::encode_large_state(Peer& p, const storage::EntryView& entry, Encoder& out) const {
  Partial* partial = p.partial(entry.key);
  if (journal_.has_whole(entry.key)) {
    reached<"a large container is sent anew">();
    encode_entry(out, entry);
    if (partial == nullptr) partial = &p.partials.emplace_back(Partial{std::string(entry.key)});
    partial->position = 0;
    return false;
  }
  encode_expiry(out, entry);
  bool is_complete = true;
  ElementEncoder elements(out, entry.key);
  for (const storage::ChangeJournal::Change& change : journal_.changes()) {
    if (change.key != entry.key) continue;
    if (change.list_change) {
      is_complete = encode_list_change(change, partial, elements) && is_complete;
      continue;
    }
    if (partial != nullptr && !entry.large()->is_passed(change.element, partial->position)) {
      is_complete = false;
      continue;
    }
    reached<"elements are sent ahead of the snapshot">();
    if (const auto value = entry.large()->value_of(change.element)) {
      elements.put(change.element, *value);
    } else {
      elements.erase(change.element);
    }
  }
  elements.finish();
  return is_complete;
}

/// A key that the snapshot has not reached, ahead of it: small ones come with it once more, others
/// are left out by it then. Of a large container the elements follow, before the rest of the
/// snapshot. True if the replica then has the key as it is.
bool Replica::bring_ahead(Peer& p, const storage::KeyRef& key, bool is_small,
                          const SyncLimits& limits, Encoder& out) const {
  const auto entry = store_.find(key);
  if (!entry) {
    if (!is_planted(PlantedBug::kForgetDeletesDuringSync)) encode_absence(out, key.key);
    return true;
  }
  if (entry->is_large || !is_small) {
    if (p.ahead.size() >= limits.keys_ahead_max) {
      reached<"a state is left to the snapshot">();
      return false;
    }
    p.ahead.emplace(key.key);
  }
  encode_entry(out, *entry);
  if (!entry->is_large) return true;
  reached<"a large container is brought forward">();
  p.partials.push_front({std::string(key.key)});
  return false;
}

/// The states of these keys. True if the replica then has all of the change.
bool Replica::encode_states(Peer& p, const std::vector<storage::KeyRef>& keys, bool are_small,
                            const SyncLimits& limits, Encoder& out) const {
  bool is_complete = true;
  for (const storage::KeyRef& key : keys) {
    if (!p.has_reached(key)) {
      is_complete = bring_ahead(p, key, are_small, limits, out) && is_complete;
      continue;
    }
    const auto entry = store_.find(key);
    if (entry && entry->is_large) {
      is_complete = encode_large_state(p, *entry, out) && is_complete;
      continue;
    }
    std::erase_if(p.partials, [&](const Partial& partial) { return partial.key == key.key; });
    if (entry) {
      encode_entry(out, *entry);
    } else if (!is_planted(PlantedBug::kForgetDeletesDuringSync)) {
      encode_absence(out, key.key);
    }
  }
  return is_complete;
}

/// To a replica whose snapshot is under way. If the snapshot has passed all the keys it gets the
/// command; else the keys' whole state, so that the write is on two nodes at once. Of a large
/// container that has been sent, in part at least, only the elements that changed are sent.
void Replica::send_state(Peer& p, const commands::CommandSpec& spec, commands::Args args,
                         wire::Operation op, ReplicaSink& sink) {
  const SyncLimits limits = sink.sync_limits();
  bool all_passed = true;
  std::size_t bytes_ahead = 0;
  std::size_t bytes_given = 0;
  for (const std::string_view arg : args) bytes_given += arg.size();
  std::vector<storage::KeyRef> keys;
  commands::for_each_key(spec, args, [&](std::size_t i) {
    keys.push_back(storage::key_ref(args[i]));
    const bool is_reached = p.has_reached(keys.back());
    if (is_reached && p.partial(args[i]) == nullptr) return;
    all_passed = false;
    const auto entry = is_reached ? std::nullopt : store_.find(keys.back());
    bytes_ahead += args[i].size() + (entry && !entry->is_large ? entry->value.size() : 0);
  });
  if (all_passed && is_planted(PlantedBug::kSnapshotMissesWrites)) return;
  // Changes of a list must not be told twice.
  const auto order = [](const storage::KeyRef& key) { return std::tie(key.hash, key.key); };
  std::ranges::sort(keys, {}, order);
  const auto repeated = std::ranges::unique(keys, {}, order);
  keys.erase(repeated.begin(), repeated.end());
  ByteBuffer* out =
      sink.replicate({.partition = partition_, .to = p.node, .stream = p.stream, .seq = op.seq});
  if (out == nullptr) return;
  if (all_passed) {
    reached<"a command is sent behind the snapshot's cursor">();
    wire::encode(*out, op, args);
    return;
  }
  ByteBuffer states;
  Encoder encoder(states);
  const bool are_small = bytes_ahead <= limits.state_bytes_max + bytes_given;
  if (!encode_states(p, keys, are_small, limits, encoder)) {
    p.holdings.leave_out(op.seq);
    p.owes = true;
  }
  reached<"a state is sent ahead of the snapshot">();
  op.kind = states.empty() ? wire::OperationKind::kSkip : wire::OperationKind::kState;
  op.body = states.view();
  wire::encode(*out, op);
}

void Replica::link_up(NodeId node, Now now, ReplicaSink& sink) {
  Peer* p = peer(node);
  if (role_ != Role::kPrimary || p == nullptr || p->broken) return;
  if (p->phase == Peer::Phase::kStreaming) {
    start_stream(*p, sink);
  } else {
    begin_sync(*p, now, sink);
  }
}

void Replica::link_down(NodeId node) {
  Peer* p = peer(node);
  if (p == nullptr || p->phase == Peer::Phase::kStreaming) return;
  p->phase = Peer::Phase::kWaiting;
}

}  // namespace borg::replication
