// SPDX-License-Identifier: Apache-2.0
// A worker's links: frames in and out, cumulative acks, snapshots under way.
#include <algorithm>
#include <utility>

#include "node/worker.h"

namespace borg::node {

using replication::Replica;

Link* WorkerCore::find_link(const wire::Endpoint& peer) {
  const auto at = links_.find(peer);
  return at == links_.end() ? nullptr : at->second.get();
}

Link& WorkerCore::link_to(const wire::Endpoint& peer) {
  auto& link = links_[peer];
  if (link == nullptr) link = std::make_unique<Link>(peer);
  return *link;
}

void WorkerCore::mark_dirty(Link& link) {
  if (link.dirty) return;
  link.dirty = true;
  effects_.links.push_back(&link);
}

wire::Endpoint WorkerCore::holder(NodeId node, PartitionId partition) const {
  if (node == self_.node) {
    return {node, static_cast<std::uint16_t>(partition.value() % workers_)};
  }
  const membership::MemberRecord* record =
      view_ == nullptr ? nullptr : view_->cluster->member(node);
  if (record == nullptr) return {};
  return {node, static_cast<std::uint16_t>(partition.value() % record->member.workers)};
}

ByteBuffer* WorkerCore::output_to(const wire::Endpoint& to) {
  Link* link = find_link(to);
  if (link == nullptr || !link->up) return nullptr;
  mark_dirty(*link);
  return &link->output;
}

ByteBuffer* WorkerCore::unsent(const wire::Endpoint& peer) {
  Link* link = find_link(peer);
  return link == nullptr || !link->up ? nullptr : &link->output;
}

ByteBuffer* WorkerCore::link(NodeId to, PartitionId partition) {
  if (receiving_ != nullptr && receiving_->peer.node == to) {
    // A refusal goes back the way the frame came, even to a node that the view has forgotten:
    // without it the ack, which covers refused frames too, would say that they were taken.
    mark_dirty(*receiving_);
    return &receiving_->output;
  }
  return output_to(holder(to, partition));
}

ByteBuffer* WorkerCore::replicate(const replication::SentFrame& frame) {
  Link* link = find_link(holder(frame.to, frame.partition));
  if (link == nullptr || !link->up) return nullptr;
  if (link->in_flight.empty()) link->waiting_since = now_.instant;
  link->in_flight.push_back(frame);
  link->chunk_bytes_in_flight += frame.chunk_bytes;
  sent_bytes_ += frame.chunk_bytes;
  if (frame.sync_end) {
    ++sent_copies_;
    sent_keys_ += replica_of(frame.partition).store().keys();
  }
  mark_dirty(*link);
  return &link->output;
}

void WorkerCore::on_link_up(const wire::Endpoint& peer) {
  Link& link = link_to(peer);
  link.reset();
  link.up = true;
  link.watch.hear(now_.instant);
  use_link(peer);
  pubsub_.link_up(peer);
  const wire::MemoryState memory = memory_.node().state();
  if (memory.version == 0 || peer.node == self_.node) return;
  wire::encode(link.output, wire::Memory{memory});
  mark_dirty(link);
}

/// Sends what waited for the way to this worker.
void WorkerCore::use_link(const wire::Endpoint& peer) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionId partition(p);
    const PartitionConfig& config = configs_[p];
    if (config.primary() == peer.node && holder(peer.node, partition) == peer) {
      gateway_.route_changed(partition);
    }
    if (peer.node == self_.node || replicas_[p] == nullptr || !config.is_replica(peer.node) ||
        holder(peer.node, partition) != peer) {
      continue;
    }
    replicas_[p]->link_up(peer.node, now_, *this);
    jobs_changed_ = true;
  }
}

void WorkerCore::on_link_down(const wire::Endpoint& peer) {
  Link* link = find_link(peer);
  if (link == nullptr) return;
  const bool was_up = link->up;
  link->reset();
  if (was_up) pubsub_.link_down(peer);
  for (const auto& replica : replicas_) {
    if (replica != nullptr) replica->gateway_left(peer);
  }
  if (!was_up || peer.node == self_.node) return;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    if (replicas_[p] == nullptr || holder(peer.node, PartitionId(p)) != peer) continue;
    replicas_[p]->link_down(peer.node);
  }
  jobs_changed_ = true;
}

bool WorkerCore::on_link_data(const wire::Endpoint& peer, std::string_view input,
                              std::size_t& consumed) {
  consumed = 0;
  Link& link = link_to(peer);
  link.watch.hear(now_.instant);
  auto status = wire::FrameStatus::kFrame;
  while (link.up && status == wire::FrameStatus::kFrame) {
    const std::size_t count = read_frames_ahead(input.substr(consumed), status);
    for (std::size_t i = 0; i < count && link.up; ++i) {
      if (!frames_ahead_[i].is_good || !on_frame(link, i)) return false;
      consumed += frames_ahead_[i].frame.consumed;
    }
  }
  link.input_bytes = input.size() - consumed;
  memory_.add_input(consumed);
  return status == wire::FrameStatus::kFrame || status == wire::FrameStatus::kNeedMore;
}

/// As parse_ahead(), of a link.
std::size_t WorkerCore::read_frames_ahead(std::string_view input, wire::FrameStatus& status) {
  constexpr std::size_t kArgumentsKept = 1024;
  std::size_t count = 0;
  while (count < kAheadMax) {
    AheadFrame& next = frames_ahead_[count];
    std::size_t wanted = 0;
    status = wire::read_frame(input, wire::kFrameBytesMax, next.frame, wanted);
    if (status != wire::FrameStatus::kFrame) break;
    input.remove_prefix(next.frame.consumed);
    if (next.args.capacity() > kArgumentsKept) next.args = {};
    next.args.clear();
    next.is_good = true;
    if (next.frame.type == wire::FrameType::kRequest) {
      next.is_good = wire::decode(next.frame.payload, next.request, next.args);
    } else if (next.frame.type == wire::FrameType::kOperation) {
      next.is_good = wire::decode(next.frame.payload, next.operation);
      if (next.is_good) wire::peek_args(next.operation, 2, next.args);
    }
    locate(loading_[count++], next.args);
  }
  if (count > 1) prefetch(count);
  return count;
}

bool WorkerCore::on_frame(Link& link, std::size_t at) {
  const wire::Frame& frame = frames_ahead_[at].frame;
  meter_.begin();
  follow_time();
  switch (frame.type) {
    case wire::FrameType::kPing:
      wire::encode(link.output, wire::Pong{});
      mark_dirty(link);
      return frame.payload.empty();
    case wire::FrameType::kPong:
      return frame.payload.empty();
    case wire::FrameType::kRequest:
      return on_request(link, at);
    case wire::FrameType::kReply:
      return on_reply_frame(frame.payload);
    case wire::FrameType::kAck:
      return on_ack(link, frame.payload);
    case wire::FrameType::kNack:
      return on_nack(link, frame.payload);
    case wire::FrameType::kMemory: {
      wire::Memory m;
      if (!wire::decode(frame.payload, m)) return false;
      memory_.hear(link.peer.node, m.state);
      return true;
    }
    case wire::FrameType::kTermStart:
    case wire::FrameType::kOperation:
    case wire::FrameType::kSyncStart:
    case wire::FrameType::kSyncChunk:
    case wire::FrameType::kSyncEnd:
      if (link.received == link.received_acked) to_ack_.push_back(&link);
      ++link.received;
      if (frame.type == wire::FrameType::kOperation) return on_operation(link, at);
      return on_replication(link, frame);
    default:
      return pubsub_.on_frame(link.peer, frame);
  }
}

void WorkerCore::answer(const wire::Origin& origin, PartitionId partition, std::string_view bytes) {
  reply(origin, partition, wire::ReplyStatus::kDone, bytes, Instant::never());
}

bool WorkerCore::is_blocked_here(PartitionId partition, std::uint64_t seq) {
  return replica_of(partition).is_blocked({.gateway = self_, .seq = seq}, now_);
}

bool WorkerCore::on_request(Link& link, std::size_t at) {
  const wire::Request& m = frames_ahead_[at].request;
  if (!is_mine(m.partition)) return false;
  const commands::CommandSpec* const row = commands::resolve(m.args);
  asking_worker_ = link.peer;
  request_here(m.partition, {.origin = {.gateway = link.peer,
                                        .seq = m.seq,
                                        .floor = m.floor,
                                        .resp = m.resp,
                                        .finished = m.finished},
                             .term = m.term,
                             .any_replica = m.any_replica,
                             .args = m.args,
                             .row = row,
                             .key = key_ahead(at)});
  asking_worker_ = self_;
  note_others_command(row, link, m.args);
  return true;
}

bool WorkerCore::on_operation(Link& link, std::size_t at) {
  const wire::Operation& m = frames_ahead_[at].operation;
  if (!is_mine(m.partition)) return false;
  pacer_.worked(1);
  Replica& replica = replica_of(m.partition);
  receiving_ = &link;
  replica.on_operation(link.peer.node, m, key_ahead(at), execution_time_, *this);
  receiving_ = nullptr;
  return true;
}

bool WorkerCore::on_reply_frame(std::string_view payload) {
  wire::Reply m;
  if (!wire::decode(payload, m)) return false;
  pacer_.worked(1);
  gateway_.on_reply(m.seq, m.partition, m.status, m.bytes, Instant::never());
  return true;
}

bool WorkerCore::on_ack(Link& link, std::string_view payload) {
  wire::Ack m;
  if (!wire::decode(payload, m) || m.count < link.acked ||
      m.count - link.acked > link.in_flight.size()) {
    return false;
  }
  while (link.acked < m.count) {
    const replication::SentFrame frame = link.in_flight.front();
    link.in_flight.pop_front();
    ++link.acked;
    link.chunk_bytes_in_flight -= frame.chunk_bytes;
    Replica& replica = replica_of(frame.partition);
    replica.on_acked(frame, now_, *this);
  }
  link.waiting_since = link.in_flight.empty() ? Instant::never() : now_.instant;
  return true;
}

bool WorkerCore::on_nack(Link& link, std::string_view payload) {
  wire::Nack m;
  if (!wire::decode(payload, m) || !is_mine(m.partition)) return false;
  Replica& replica = replica_of(m.partition);
  replica.on_nack(link.peer.node, m, now_, *this);
  note_waiting(replica);
  jobs_changed_ = true;
  return true;
}

bool WorkerCore::on_replication(Link& link, const wire::Frame& frame) {
  const NodeId from = link.peer.node;
  const auto handle = [&](auto m, auto&& apply) {
    if (!wire::decode(frame.payload, m) || !is_mine(m.partition)) return false;
    Replica& replica = replica_of(m.partition);
    receiving_ = &link;
    apply(replica, m);
    receiving_ = nullptr;
    return true;
  };
  switch (frame.type) {
    case wire::FrameType::kTermStart:
      return handle(wire::TermStart{}, [&](Replica& r, const auto& m) {
        r.on_term_start(from, m, execution_time_, *this);
        note_waiting(r);
        jobs_changed_ = true;
      });
    case wire::FrameType::kSyncStart:
      return handle(wire::SyncStart{}, [&](Replica& r, const auto& m) {
        r.on_sync_start(from, m, execution_time_, *this);
        note_waiting(r);
        jobs_changed_ = true;
      });
    case wire::FrameType::kSyncChunk:
      return handle(wire::SyncChunk{},
                    [&](Replica& r, const auto& m) { r.on_sync_chunk(from, m, *this); });
    default:
      return handle(wire::SyncEnd{}, [&](Replica& r, const auto& m) {
        r.on_sync_end(from, m, execution_time_, *this);
      });
  }
}

void WorkerCore::forgive_links(Instant now) {
  for (const auto& [peer, link] : links_) {
    if (!link->in_flight.empty()) link->waiting_since = now;
    link->watch.hear(now);
  }
}

/// A link whose acks do not come, though it stands, is as good as cut. Unless it still takes what
/// it is given: a large value is on its way for longer than that. Or its worker is known to be
/// busy.
void WorkerCore::watch_links() {
  busy_.forget_old(now_.instant);
  for (const auto& [peer, link] : links_) {
    const std::size_t unsent = link->output.size();
    const bool moves = unsent < std::exchange(link->unsent, unsent);
    const bool is_moving = moves || is_busy(peer);
    if (is_moving && !link->in_flight.empty()) link->waiting_since = now_.instant;
    watch(*link, is_moving);
    const bool stalled = link->up && link->waiting_since != Instant::never() &&
                         now_.instant - link->waiting_since > options_.liveness.silence;
    if (stalled == link->stalled) continue;
    link->stalled = stalled;
    to_control(PeerStalled{WorkerIndex(self_.lane), peer.node, stalled});
  }
}

void WorkerCore::watch(Link& link, bool is_moving) {
  if (!link.up || link.peer.node == self_.node) return;
  if (is_moving) link.watch.hear(now_.instant);
  switch (link.watch.look(options_.liveness, now_.instant)) {
    case membership::LinkWatch::Verdict::kFine:
      return;
    case membership::LinkWatch::Verdict::kAsk:
      wire::encode(link.output, wire::Ping{});
      return mark_dirty(link);
    case membership::LinkWatch::Verdict::kBreak:
      effects_.broken.push_back(link.peer);
  }
}

void WorkerCore::rebuild_jobs() {
  jobs_changed_ = false;
  jobs_.clear();
  next_job_ = 0;
  for (const auto& replica : replicas_) {
    if (replica == nullptr || replica->role() != Replica::Role::kPrimary) continue;
    for (const NodeId node : replica->config().syncing) {
      if (replica->wants_chunk(node)) jobs_.push_back({replica->partition(), node});
    }
  }
}

/// Next comes a snapshot for which an answer waits, if there is one: what could not be sent ahead
/// of it is answered when it is complete.
void WorkerCore::pick_job() {
  if (waiting_.empty()) return;
  const auto at = std::find_if(jobs_.begin(), jobs_.end(), [this](const Job& job) {
    return is_waiting_[job.partition.value()] && replica(job.partition)->waits_for_snapshot();
  });
  if (at != jobs_.end()) next_job_ = static_cast<std::size_t>(at - jobs_.begin());
}

/// Sends pieces of the snapshots under way, as far as each link's window and the pacer allow.
void WorkerCore::pump_snapshots() {
  if (jobs_changed_) rebuild_jobs();
  pick_job();
  std::size_t blocked = 0;
  while (blocked < jobs_.size() && pacer_.budget() > 0) {
    next_job_ %= jobs_.size();
    const Job job = jobs_[next_job_];
    Link* link = find_link(holder(job.to, job.partition));
    const bool open = link != nullptr && link->up &&
                      link->chunk_bytes_in_flight < options_.sync_window_bytes &&
                      !memory_.is_closed(job.to);
    if (!open) {
      ++blocked;
      ++next_job_;
      continue;
    }
    const std::size_t before = link->output.size();
    replica_of(job.partition).send_chunk(job.to, now_, *this);
    pacer_.spent(link->output.size() - std::min(before, link->output.size()));
    if (replica_of(job.partition).wants_chunk(job.to)) {
      blocked = 0;
    } else {
      jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(next_job_));
      if (blocked == 0) pick_job();
    }
  }
  jobs_are_blocked_ = blocked >= jobs_.size();
}

void WorkerCore::list_garbage() {
  garbage_.clear();
  for (const auto& replica : replicas_) {
    if (replica != nullptr && replica->store().has_garbage()) {
      garbage_.push_back(replica->partition());
    }
  }
}

/// Gives the memory of dropped partitions back, with at most half of what a turn may take: to
/// drop a large one at once would keep the clients of the others waiting.
void WorkerCore::collect_garbage() {
  if (garbage_.empty() || pacer_.budget() == 0) return;
  // About a millisecond, where each of them is a cache miss or two.
  constexpr std::size_t kKeysPerTurn = 500;
  const std::size_t keys =
      std::clamp<std::size_t>(pacer_.budget() / SyncPacer::kDestroyBytes / 2, 1, kKeysPerTurn);
  storage::ScanBudget budget{.keys_left = keys, .bytes_left = 32 * 1024 * 1024};
  while (!garbage_.empty() && !budget.is_spent()) {
    Replica& replica = replica_of(garbage_.back());
    replica.collect(budget);
    if (!replica.store().has_garbage()) garbage_.pop_back();
  }
  pacer_.spent((keys - budget.keys_left) * SyncPacer::kDestroyBytes);
}

bool WorkerCore::wants_turn() const {
  const bool has_work = !garbage_.empty() || (!jobs_.empty() && !jobs_are_blocked_);
  return to_expire_ > 0 || to_compact_ > 0 || (has_work && pacer_.may_go_on());
}

}  // namespace borg::node
