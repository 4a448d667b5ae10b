// SPDX-License-Identifier: Apache-2.0
// What was under way when a copy died is sent once more to the one that takes its place, each
// operation by itself, ahead of the snapshot.
#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"
#include "base/probe.h"
#include "commands/transaction.h"
#include "replication/replica.h"
#include "replication/snapshot.h"
#include "wire/frame.h"

namespace borg::replication {
namespace {

std::vector<storage::KeyRef> refs_of(const auto& keys) {
  std::vector<storage::KeyRef> refs;
  for (const std::string_view key : keys) refs.push_back(storage::key_ref(key));
  return refs;
}

}  // namespace

/// The snapshot would bring all of this too, but perhaps only after minutes, and somebody waits for
/// it to be on enough nodes. What cannot be sent as a whole yet is tried again as the snapshot
/// goes on.
void Replica::repeat_what_is_under_way(Peer& p, ReplicaSink& sink) {
  p.owes = false;
  log_.for_each_after(committed_, [&](Seq seq, std::string_view frame) {
    if (!p.holdings.was_sent(seq) && !is_held(seq, sink)) repeat_logged(p, seq, frame, sink);
  });
  for (const auto& [seq, request] : earlier_.all()) {
    repeat(p, seq, request.origin, refs_of(request.keys), sink);
  }
}

void Replica::repeat_logged(Peer& p, Seq seq, std::string_view frame, ReplicaSink& sink) {
  wire::Frame read{};
  std::size_t wanted = 0;
  wire::Operation op;
  wire::Args args;
  const bool is_whole =
      wire::read_frame(frame, wire::kFrameBytesMax, read, wanted) == wire::FrameStatus::kFrame &&
      wire::decode(read.payload, op);
  BORG_CHECK(is_whole);
  Decoder in(op.body);
  BORG_CHECK(wire::decode_args(in, args));
  const commands::CommandSpec* const spec = commands::resolve(args);
  BORG_CHECK(spec != nullptr);
  std::vector<std::string_view> keys;
  commands::for_each_key(*spec, args, [&](std::size_t i) { keys.push_back(args[i]); });
  repeat(p, seq, op.origin, refs_of(keys), sink);
}

/// A request has come again that an earlier primary executed, or that was answered once, and waits
/// for its answer. From then on each copy that is begun gets it, until it is answered.
void Replica::repeat_earlier(const commands::CommandSpec& spec, const RequestView& request, Seq seq,
                             ReplicaSink& sink) {
  const bool is_logged = !log_.empty() && seq >= log_.first();
  const bool is_answered = write_waiters_.empty() || seq < write_waiters_.front().seq;
  if (is_logged || is_answered) return;
  std::vector<std::string_view> keys;
  commands::for_each_key(spec, request.args,
                         [&](std::size_t i) { keys.push_back(request.args[i]); });
  const EarlierRequests::Request* const added = earlier_.add(seq, request.origin, keys);
  if (added == nullptr) return;
  for (Peer& p : peers_) {
    if (p.phase == Peer::Phase::kScanning) repeat(p, seq, added->origin, refs_of(keys), sink);
  }
}

/// With its result, if the replica then has all of it; else its keys are on their way.
void Replica::repeat(Peer& p, Seq seq, const wire::Origin& origin,
                     const std::vector<storage::KeyRef>& keys, ReplicaSink& sink) {
  if (p.holdings.was_sent(seq) || is_planted(PlantedBug::kLeaveUnderWayToSnapshot)) return;
  ByteBuffer states;
  Encoder encoder(states);
  const bool is_whole = encode_missing(p, keys, sink.sync_limits(), encoder);
  if (!is_whole) p.owes = true;
  if (!is_whole && states.empty()) return;
  ByteBuffer* const out = sink.replicate({.partition = partition_,
                                          .to = p.node,
                                          .stream = p.stream,
                                          .seq = is_whole ? seq : Seq(),
                                          .repeats = is_whole ? seq : Seq()});
  if (out == nullptr) return;
  reached<"what was under way is sent to the new copy by itself">();
  const Records::Found record = records_.find(origin);
  const bool has_record = is_whole && record.status == Records::Status::kDone &&
                          !is_planted(PlantedBug::kRepeatWithoutRecord);
  wire::encode(*out, wire::Operation{.partition = partition_,
                                     .term = config_.term,
                                     .seq = seq,
                                     .kind = wire::OperationKind::kRepeat,
                                     .origin = has_record ? origin : wire::Origin{},
                                     .reply = has_record ? record.result : std::string_view(),
                                     .body = states.view()});
  if (!is_whole) return;
  p.holdings.repeat(seq);
  if (is_planted(PlantedBug::kBelieveRepeats)) p.holdings.repeat_acked(seq);
}

/// The states of those keys that the replica does not have. True if it then has all of them.
bool Replica::encode_missing(Peer& p, const std::vector<storage::KeyRef>& keys,
                             const SyncLimits& limits, Encoder& out) const {
  bool is_complete = true;
  for (const storage::KeyRef& key : keys) {
    if (p.has_reached(key)) {
      is_complete = is_complete && p.partial(key.key) == nullptr;
      continue;
    }
    const auto entry = store_.find(key);
    const bool is_small =
        !entry || entry->is_large || entry->value.size() <= limits.state_bytes_max;
    is_complete = bring_ahead(p, key, is_small, limits, out) && is_complete;
  }
  return is_complete;
}

/// The answers that wait for an ack alone come before long: it is those that come first.
bool Replica::waits_for_snapshot() const {
  if (role_ != Role::kPrimary || write_waiters_.empty()) return false;
  const Seq first = write_waiters_.front().seq;
  return first > committed_ && std::ranges::any_of(peers_, [&](const Peer& p) {
           return p.phase == Peer::Phase::kScanning && !p.holdings.was_sent(first);
         });
}

std::vector<Replica::Repeated> Replica::repeated() const {
  std::vector<Repeated> all;
  if (role_ != Role::kPrimary) return all;
  for (const Peer& p : peers_) {
    if (auto seqs = p.holdings.repeats_acked(); !seqs.empty()) {
      all.push_back({p.node, std::move(seqs)});
    }
  }
  return all;
}

}  // namespace borg::replication
