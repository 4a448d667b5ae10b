// SPDX-License-Identifier: Apache-2.0
// A backup, or a replica that is being synced, takes what its primary sends.
#include "base/check.h"
#include "base/probe.h"
#include "replication/replica.h"
#include "replication/snapshot.h"
#include "resp/writer.h"

namespace borg::replication {

void Replica::refuse(NodeId to, Epoch term, wire::NackReason reason, ReplicaSink& sink) {
  ByteBuffer* out = sink.link(to, partition_);
  if (reason == wire::NackReason::kStale)
    reached<"a stale primary is refused">();
  else
    reached<"a frame is refused that builds on what is not here">();
  if (out == nullptr) return;
  wire::encode(
      *out, wire::Nack{.partition = partition_, .term = term, .reason = reason, .config = config_});
}

void Replica::on_term_start(NodeId from, const wire::TermStart& m, Now now, ReplicaSink& sink) {
  if (!adopt(from, m.config, now, sink)) {
    refuse(from, m.config.term, wire::NackReason::kStale, sink);
    return;
  }
  // The stream of this term is known and only its link was new; or the term begins exactly
  // where this replica's history ends. Anything else has diverged.
  const bool resumes = stream_term_ == m.config.term && last_seq_ >= m.base_seq;
  const bool continues = last_term_ == m.base_term && last_seq_ == m.base_seq;
  if (role_ == Role::kNone || receiving_ || (!resumes && !continues)) {
    refuse(from, m.config.term, wire::NackReason::kNotHere, sink);
    return;
  }
  stream_term_ = m.config.term;
}

/// True if `from` is the primary whose stream of this term is being taken.
bool Replica::accept_stream(NodeId from, Epoch term, ReplicaSink& sink) {
  if (config_.term > term || (config_.term == term && config_.primary() != from)) {
    refuse(from, term, wire::NackReason::kStale, sink);
    return false;
  }
  if (stream_term_ != term || role_ == Role::kNone || role_ == Role::kPrimary) {
    refuse(from, term, wire::NackReason::kNotHere, sink);
    return false;
  }
  return true;
}

void Replica::on_operation(NodeId from, const wire::Operation& m, const storage::KeyRef* key,
                           Now now, ReplicaSink& sink) {
  if (!accept_stream(from, m.term, sink)) return;
  if (m.kind == wire::OperationKind::kRepeat) return take_repeat(m, sink);
  if (m.seq <= last_seq_) return;
  if (!receiving_ && m.seq != last_seq_.next()) {
    refuse(from, m.term, wire::NackReason::kNotHere, sink);
    return;
  }
  last_seq_ = m.seq;
  last_term_ = m.term;
  clock_.follow(m.time, m.term, now.instant);
  clock_.note_operation(m.time.now_ms);
  if (m.kind == wire::OperationKind::kCommand) {
    apply_command(m, key, sink);
    return;
  }
  if (!apply_state(m)) {
    stream_term_ = Epoch();
    refuse(from, m.term, wire::NackReason::kNotHere, sink);
  }
}

void Replica::apply_command(const wire::Operation& m, const storage::KeyRef* known,
                            ReplicaSink& sink) {
  wire::Args args;
  Decoder in(m.body);
  const bool readable = wire::decode_args(in, args) && in.done();
  const commands::CommandSpec* spec = readable ? commands::resolve(args) : nullptr;
  std::optional<storage::KeyRef> key;
  if (known != nullptr) key = *known;
  resp::Writer reply(sink.scratch(),
                     m.origin.resp == 3 ? resp::Version::kResp3 : resp::Version::kResp2);
  if (spec == nullptr || spec->handler == nullptr || !commands::check_arity(*spec, args, reply) ||
      !has_place_for_keys(*spec, args, key)) {
    // A primary of another release, or worse: this copy can no longer be equal.
    stream_term_ = Epoch();
    refuse(config_.primary(), m.term, wire::NackReason::kNotHere, sink);
    return;
  }
  commands::Context context{.store = store_,
                            .partition = partition_,
                            .now_ms = m.time.now_ms,
                            .random = m.random,
                            .reply = reply,
                            .wall_offset_ms = m.time.wall_offset_ms,
                            .known_key = key ? &*key : nullptr};
  spec->handler(context, args);
  if (m.origin.is_request()) {
    records_.add(m.origin, m.seq, reply.buffer().view());
  }
}

/// An operation of before, which the snapshot would have brought too, ahead of the rest of it.
void Replica::take_repeat(const wire::Operation& m, ReplicaSink& sink) {
  if (receiving_ && m.seq <= last_seq_ && apply_state(m)) return;
  stream_term_ = Epoch();
  refuse(config_.primary(), m.term, wire::NackReason::kNotHere, sink);
}

bool Replica::apply_state(const wire::Operation& m) {
  if (m.kind != wire::OperationKind::kSkip && !apply_entries(m.body, partition_, store_)) {
    return false;
  }
  if (m.origin.is_request()) records_.add(m.origin, m.seq, m.reply);
  return true;
}

void Replica::on_sync_start(NodeId from, const wire::SyncStart& m, Now now, ReplicaSink& sink) {
  if (!adopt(from, m.config, now, sink)) {
    refuse(from, m.config.term, wire::NackReason::kStale, sink);
    return;
  }
  if (role_ != Role::kSyncing) {
    refuse(from, m.config.term, wire::NackReason::kNotHere, sink);
    return;
  }
  drop_data();
  stream_term_ = m.config.term;
  last_seq_ = m.base_seq;
  clock_.follow(m.time, m.config.term, now.instant);
  sync_ = m.sync;
  receiving_ = true;
}

void Replica::on_sync_chunk(NodeId from, const wire::SyncChunk& m, ReplicaSink& sink) {
  if (!accept_stream(from, m.term, sink)) return;
  if (!receiving_ || m.sync != sync_ || !apply_entries(m.entries, partition_, store_)) {
    refuse(from, m.term, wire::NackReason::kNotHere, sink);
  }
}

void Replica::on_sync_end(NodeId from, const wire::SyncEnd& m, Now now, ReplicaSink& sink) {
  if (!accept_stream(from, m.term, sink)) return;
  if (!receiving_ || m.sync != sync_ || !records_.decode(m.records)) {
    refuse(from, m.term, wire::NackReason::kNotHere, sink);
    return;
  }
  receiving_ = false;
  last_seq_ = m.seq;
  last_term_ = m.last_term;
  clock_.follow(m.time, m.term, now.instant);
}

}  // namespace borg::replication
