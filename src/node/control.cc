// SPDX-License-Identifier: Apache-2.0
#include "node/control.h"

#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::node {

using coordination::TxnOutcome;
using membership::MemberRecord;

namespace {

std::optional<Duration> address_patience(const NodeOptions& options) {
  if (options.joins_again) return std::nullopt;
  return options.name_wait;
}

coordination::Member with_id(coordination::Member member, NodeId id) {
  member.id = id;
  return member;
}

}  // namespace

ControlCore::ControlCore(NodeId self, const NodeOptions& options, std::uint64_t seed)
    : self_(self),
      options_(options),
      settings_(std::make_shared<const Settings>(initial_settings(options))),
      random_(seed),
      liveness_(options.liveness),
      clocks_(self),
      memory_(options.self.workers),
      addresses_(with_id(options.self, self), address_patience(options)) {}

void ControlCore::begin_turn(Now now) {
  const bool first = started_ == Instant();
  if (first) started_ = now.instant;
  // A control thread that stood still has not heard anybody, which says nothing about them.
  if (!first && now.instant - now_.instant > options_.liveness.silence / 2) {
    liveness_.stood_still(now.instant);
    for (auto& [peer, link] : links_) link.watch.hear(now.instant);
  }
  now_ = now;
  judgements_.clear();
}

void ControlCore::log(LogLine::Level level, std::string text) {
  effects_.log.push_back({level, std::move(text)});
}

void ControlCore::exit(int code, std::string message) {
  if (stage_ == Stage::kGone) return;
  stage_ = Stage::kGone;
  effects_.exit = Exit{code, std::move(message)};
}

// ---- the coordinator ----

void ControlCore::on_coordinator(coordination::Event event) {
  if (const auto* done = std::get_if<coordination::TxnDone>(&event)) {
    on_txn_done(*done);
  } else if (const auto* snapshot = std::get_if<coordination::Snapshot>(&event)) {
    builder_.apply(*snapshot);
    view_changed_ = true;
  } else if (const auto* changes = std::get_if<coordination::Changes>(&event)) {
    builder_.apply(*changes);
    view_changed_ = true;
  } else if (const auto* alive = std::get_if<coordination::SessionAlive>(&event)) {
    session_.on_alive(alive->valid_until);
  } else if (std::get_if<coordination::SessionLost>(&event) != nullptr) {
    session_.on_lost();
    update_sole_lease();
    log(LogLine::Level::kWarning, "the coordinator ended this node's session");
  } else if (const auto* trouble = std::get_if<coordination::Trouble>(&event)) {
    log(trouble->over ? LogLine::Level::kInfo : LogLine::Level::kWarning,
        "coordinator: " + trouble->message);
  } else if (const auto* fatal = std::get_if<coordination::Fatal>(&event)) {
    on_fatal(fatal->message);
  }
}

/// For whoever holds data this is an outage without an end: what it may serve, it may still
/// serve, and to end would throw away what the other nodes, who hear the same, hold too.
void ControlCore::on_fatal(const std::string& message) {
  if (stage_ == Stage::kStarting || stage_ == Stage::kRegistering) {
    exit(1, "coordinator: " + message);
    return;
  }
  log(LogLine::Level::kError, "coordinator: " + message);
  log(LogLine::Level::kError,
      "this node serves what it holds, but without a coordinator nothing is repaired and nobody "
      "can join or leave: save the data with borgctl dump, then stop all nodes and begin anew");
}

void ControlCore::send(coordination::Txn txn, OpenTxn open) {
  const coordination::TxnId id = next_txn_++;
  for (const auto& [partition, config] : open.configs) work_[partition.value()].txn = id;
  open.session = session_.number();
  open_.emplace(id, std::move(open));
  effects_.transactions.push_back({id, std::move(txn)});
}

void ControlCore::on_txn_done(const coordination::TxnDone& done) {
  const auto at = open_.find(done.id);
  if (at == open_.end()) return;
  const OpenTxn open = std::move(at->second);
  open_.erase(at);
  const bool committed = done.outcome == TxnOutcome::kCommitted;
  is_unanswered_ = !committed && done.outcome != TxnOutcome::kConflict;
  decide_wanted_ = true;
  if (open.kind == OpenTxn::Kind::kWipe) {
    --wipes_open_;
    if (!committed) wiped_settings_ = Revision();  // what is left is deleted before the founding
  }
  for (const auto& [partition, config] : open.configs) {
    Work& work = work_[partition.value()];
    work.txn.reset();
    const bool asks_alone = cluster().partition(partition).epoch == work.asked_alone_at;
    if (done.outcome == TxnOutcome::kUnknown) {
      work.taken_unknown = work.taken_from != NodeId();
      if (asks_alone) work.alone_unknown = true;
    } else if (!committed) {
      if (!work.taken_unknown) end_take_over(partition, Revision());
      if (asks_alone && !work.alone_unknown) end_asking_alone(partition);
    }
    if (committed) {
      builder_.learn(partition, config, done.revision);
      view_changed_ = true;
    } else if (work.hand_over != Work::HandOver::kNone) {
      reached<"a hand-over is not committed">();
      if (done.outcome == TxnOutcome::kUnknown)
        work.outcome_unknown = true;
      else if (!work.outcome_unknown)
        stop_hand_over(partition);
    }
  }
  if (committed) {
    if (open.kind == OpenTxn::Kind::kRegister) session_.on_bound(open.session, done.revision);
    if (!open.log.empty()) log(LogLine::Level::kInfo, open.log);
    if (!open.configs.empty()) batch_max_ = std::min(kBatchMax, batch_max_ * 4);
    send_heartbeats();  // the others hear of the new revision at once
  } else {
    // Somebody else changed what we read (the view is about to say so), or nobody answers.
    if (!open.configs.empty()) batch_max_ = std::max<std::size_t>(1, batch_max_ / 4);
    const bool conflict = done.outcome == TxnOutcome::kConflict;
    retry_at_ = now_.instant + Duration::millis(conflict ? 5 : 100);
    if (conflict) reached<"a transaction conflicts">();
    if (done.outcome == TxnOutcome::kUnknown) reached<"a transaction's outcome is unknown">();
    if (conflict) effects_.hint = Revision(cluster().revision.value() + 1);
  }
  if (open.kind == OpenTxn::Kind::kSettings) on_settings_txn(done);
  if (open.request) answer_outcome(*open.request, done.outcome, open.answer);
  if (open.kind == OpenTxn::Kind::kGoodbye) {
    if (committed)
      exit(0, {});
    else if (done.outcome != TxnOutcome::kUnknown)
      end_serving(false);
  }
}

// ---- the view ----

void ControlCore::on_view_changed() {
  view_changed_ = false;
  if (!builder_.ready()) return;
  const View& view = cluster();
  std::vector<NodeId> others;
  for (const MemberRecord& record : view.members) {
    if (record.member.id != self_) others.push_back(record.member.id);
  }
  // Its promises are wanted now, not with the next heartbeat that is due.
  if (liveness_.set_members(others, now_.instant)) send_heartbeats();
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) clean_work(PartitionId(p));
  follow_movement();
  update_sole_lease();
  follow_cluster_settings();
  publish();
  decide_wanted_ = true;
  effects_.peers_changed = true;
  check_ready();
}

/// Ready when every slot is served, and the others, but for those that are silent, know of this
/// node: who starts the second of two may write to the first as soon as it hears so.
void ControlCore::check_ready() {
  const View& view = cluster();
  if (ready_ || stage_ != Stage::kMember || !view.settings) return;
  ready_ = std::all_of(view.partitions.begin(), view.partitions.end(),
                       [](const PartitionConfig& c) { return c.epoch != Epoch(); }) &&
           std::all_of(view.members.begin(), view.members.end(), [this](const MemberRecord& m) {
             const NodeId node = m.member.id;
             return node == self_ || m.member.state == coordination::MemberState::kDown ||
                    has_lease_of(node) || liveness_.is_silent(node, now_.instant);
           });
  effects_.became_ready = ready_;
}

void ControlCore::publish() {
  // Before this node is a member the view may be of a dead cluster, whose epochs, were the
  // workers to see them, would hide those of the cluster that begins anew.
  if (stage_ == Stage::kStarting || stage_ == Stage::kRegistering) return;
  auto view = std::make_shared<NodeView>();
  view->cluster = builder_.publish();
  view->live_nodes = membership::takers(*view->cluster).size();
  view->sole = sole_;
  view->has_ended = has_ended_;
  view->asked_alone = asked_alone_;
  view->memory = memory_.node();
  view->wall = clocks_.believed();
  for (const MemberRecord& record : view->cluster->members) {
    if (record.member.id == self_ || *has_ended_) continue;
    if (auto lease = liveness_.lease(record.member.id)) {
      view->leases.emplace(record.member.id, std::move(lease));
    }
  }
  node_view_ = view;
  effects_.workers.emplace_back(std::nullopt, std::shared_ptr<const NodeView>(view));
}

std::vector<coordination::Member> ControlCore::peers_to_dial() const {
  std::vector<coordination::Member> peers;
  const MemberRecord* self = cluster().member(self_);
  if (self == nullptr) return peers;
  for (const MemberRecord& record : cluster().members) {
    const bool is_older =
        record.joined < self->joined || (record.joined == self->joined && record.member.id < self_);
    if (record.member.id != self_ && is_older && !is_proven_dead(record.member.id)) {
      peers.push_back(record.member);
    }
  }
  return peers;
}

/// Alone in a configuration, this node may serve while its session proves that nobody could
/// have given it up, or while every other member has promised not to.
void ControlCore::update_sole_lease() {
  Instant until = session_.proves_until(cluster().revision);
  const bool counted = std::exchange(session_counts_, until != Instant::at_nanos(INT64_MIN));
  if (session_counts_ && !counted) {
    // The views that the workers have may be from before others began anew: no more for them.
    sole_ = std::make_shared<membership::PeerLease>();
    publish();
  }
  std::size_t others = 0;
  Instant promised = Instant::never();
  for (const MemberRecord& record : cluster().members) {
    if (record.member.id == self_ || record.member.state == coordination::MemberState::kDown) {
      continue;
    }
    ++others;
    const auto lease = liveness_.lease(record.member.id);
    promised = std::min(promised, lease == nullptr ? Instant() : lease->until());
  }
  // A node that joined without our knowing has promised nothing; with on_loss_empty it might
  // begin anew, empty, what only we hold. Otherwise an operator must have said so.
  const bool may_begin_anew = cluster().settings && cluster().settings->on_loss_empty;
  if (others > 0 && !may_begin_anew) until = std::max(until, promised);
  sole_->set(until);
}

// ---- workers ----

void ControlCore::on_worker(ToControl message) {
  if (const auto* report = std::get_if<replication::Report>(&message)) {
    on_report(*report);
  } else if (auto* request = std::get_if<AdminRequest>(&message)) {
    on_admin(std::move(*request));
  } else if (const auto* stats = std::get_if<WorkerStats>(&message)) {
    on_worker_stats(*stats);
  } else if (const auto* stall = std::get_if<PeerStalled>(&message)) {
    const auto entry = std::make_pair(stall->worker.value(), stall->node);
    if (stall->stalled)
      stalled_.insert(entry);
    else
      stalled_.erase(entry);
    const bool any = std::any_of(stalled_.begin(), stalled_.end(),
                                 [&](const auto& s) { return s.second == stall->node; });
    liveness_.set_stalled(stall->node, any, now_.instant);
    decide_wanted_ = true;
  }
}

void ControlCore::on_report(const replication::Report& report) {
  Work& work = work_[report.partition.value()];
  const PartitionConfig& config = cluster().partition(report.partition);
  decide_wanted_ = true;
  switch (report.kind) {
    case replication::Report::Kind::kCaughtUp:
      // A replica that was out for one epoch in between has lost all: what was said of an
      // older epoch is void.
      if (report.epoch != config.epoch && !is_planted(PlantedBug::kBelieveOldReports)) {
        reached<"a report of an older epoch is void">();
        break;
      }
      if (!config.syncing.contains(report.node)) break;
      forget_old_reports(work, config.epoch);
      work.caught_up_at = config.epoch;
      work.caught_up.insert(report.node);
      break;
    case replication::Report::Kind::kBroken:
      // Each of its refusals says so. The last may come when it is out already, and then noting
      // it would keep it out.
      if (!config.is_replica(report.node) || !work.broken.insert(report.node).second) break;
      log(LogLine::Level::kWarning, "partition " + std::to_string(report.partition.value()) +
                                        ": node " + coordination::to_text(report.node) +
                                        " has lost step and is synced anew");
      break;
    case replication::Report::Kind::kDrained:
      if (work.hand_over == Work::HandOver::kParked && work.parked_at == report.epoch) {
        work.hand_over = Work::HandOver::kDrained;
      }
      break;
    case replication::Report::Kind::kLearned:
      if (report.config.epoch > config.epoch) {
        builder_.learn(report.partition, report.config, Revision());
        view_changed_ = true;
      }
      break;
  }
}

// ---- links ----

void ControlCore::mark_dirty(NodeId peer) {
  ControlLink& link = links_[peer];
  if (link.dirty) return;
  link.dirty = true;
  effects_.links.push_back(peer);
}

void ControlCore::on_link_up(NodeId peer) {
  ControlLink& link = links_[peer];
  link.up = true;
  link.output.clear();
  link.watch.hear(now_.instant);
  write_heartbeat(link);
  mark_dirty(peer);
  // Who connects may be newer than our view.
  if (cluster().member(peer) == nullptr) {
    effects_.hint = Revision(cluster().revision.value() + 1);
  }
}

void ControlCore::on_link_down(NodeId peer) {
  ControlLink& link = links_[peer];
  link.up = false;
  link.output.clear();
  if (cluster().member(peer) == nullptr) return;
  effects_.suspects.push_back(coordination::session_key(peer));
  decide_wanted_ = true;
}

void ControlCore::on_death_proven(NodeId peer) {
  proven_dead_.insert(peer);
  decide_wanted_ = true;
}

void ControlCore::send_heartbeats() {
  for (auto& [peer, link] : links_) {
    if (!link.up) continue;
    write_heartbeat(link);
    mark_dirty(peer);
  }
}

bool ControlCore::on_link_data(NodeId peer, std::string_view input, std::size_t& consumed) {
  // Generous for heartbeats and statistics, and far below what could hurt.
  constexpr std::uint32_t kControlFrameBytesMax = 1024 * 1024;
  consumed = 0;
  links_[peer].watch.hear(now_.instant);
  while (links_[peer].up) {
    wire::Frame frame{};
    std::size_t wanted = 0;
    const auto status =
        wire::read_frame(input.substr(consumed), kControlFrameBytesMax, frame, wanted);
    if (status == wire::FrameStatus::kNeedMore) return true;
    if (status != wire::FrameStatus::kFrame || !on_frame(peer, frame)) return false;
    consumed += frame.consumed;
  }
  return true;
}

bool ControlCore::on_frame(NodeId from, const wire::Frame& frame) {
  const auto heard_revision = [this, from](Revision revision) {
    revisions_heard_[from] = std::max(revisions_heard_[from], revision);
    if (revision > cluster().revision) effects_.hint = revision;
  };
  switch (frame.type) {
    case wire::FrameType::kHeartbeat: {
      wire::Heartbeat m;
      if (!wire::decode(frame.payload, m)) return false;
      ControlLink& link = links_[from];
      wire::HeartbeatAck ack = liveness_.on_heartbeat(from, m, cluster().revision, now_.instant);
      // A node that was forgotten may not know yet what it lost.
      ack.grants = ack.grants && cluster().member(from) != nullptr;
      if (!hung_) wire::encode(link.output, ack);
      tell_busy(from, m.busy);
      if (memory_.hear(from, m.memory, now_.instant)) {
        effects_.workers.emplace_back(std::nullopt, MemoryHeard{from, m.memory});
      }
      clocks_.hear(from, m, now_);
      // The nodes' heartbeats fall into step: answer and heartbeat leave together, and every node
      // wakes up half as often.
      if (liveness_.heartbeat_due(now_.instant, liveness_.options().heartbeat * 2 / 5)) beat();
      // It may have learned just now who we are: what it would not promise before, it will.
      if (!has_lease_of(from) && now_.instant - link.urged >= kTick) {
        link.urged = now_.instant;
        write_heartbeat(link);
      }
      mark_dirty(from);
      heard_revision(m.revision);
      return true;
    }
    case wire::FrameType::kHeartbeatAck: {
      wire::HeartbeatAck m;
      if (!wire::decode(frame.payload, m)) return false;
      const bool had_lease = has_lease_of(from);
      if (liveness_.on_heartbeat_ack(from, m, cluster().revision, now_.instant)) {
        view_changed_ = true;
      }
      if (!had_lease && has_lease_of(from)) {
        decide_wanted_ = true;
        check_ready();
      }
      heard_revision(m.revision);
      return true;
    }
    case wire::FrameType::kStatsRequest: {
      wire::StatsRequest m;
      if (!wire::decode(frame.payload, m)) return false;
      on_stats_request(from, m);
      return true;
    }
    case wire::FrameType::kStatsReply: {
      wire::StatsReply m;
      if (!wire::decode(frame.payload, m)) return false;
      on_stats_reply(from, m);
      return true;
    }
    default:
      return false;
  }
}

// ---- time ----

void ControlCore::leave() {
  leave_wanted_ = true;
  if (stage_ == Stage::kStarting || stage_ == Stage::kRegistering) exit(0, {});
}

bool ControlCore::is_calm() const {
  return stage_ == Stage::kMember && !view_changed_ && !decide_wanted_ && open_.empty() &&
         questions_.empty() && promises_.empty() && accepted_.empty() && settings_wanted_.empty() &&
         settings_changes_.empty() && !target_due_;
}

Duration ControlCore::tick_after() const {
  if (!is_calm()) return kTick;
  return std::max(kTick, liveness_.next_heartbeat() - now_.instant);
}

void ControlCore::beat() {
  look_at_own_turns();
  send_heartbeats();
  for (auto& each : memory_.look(cluster(), self_, copies_wanted(), now_.instant)) {
    log(each.is_over ? LogLine::Level::kInfo : LogLine::Level::kWarning, std::move(each.text));
  }
  decide_wanted_ = true;
  // Session keys of the silent are looked at again and again: their death may be provable.
  for (const MemberRecord& record : cluster().members) {
    if (record.member.id != self_ && record.has_session &&
        liveness_.is_silent(record.member.id, now_.instant)) {
      effects_.suspects.push_back(coordination::session_key(record.member.id));
    }
  }
}

/// Heartbeats are always under way: to ask is not needed.
void ControlCore::watch_links() {
  for (auto& [peer, link] : links_) {
    if (!link.up) continue;
    const auto verdict = link.watch.look(liveness_.options(), now_.instant);
    if (verdict == membership::LinkWatch::Verdict::kBreak) effects_.broken.push_back(peer);
  }
}

void ControlCore::tick() {
  if (liveness_.heartbeat_due(now_.instant)) beat();
  watch_links();
  update_sole_lease();
  if (stage_ == Stage::kMember || stage_ == Stage::kLeaving) {
    for (std::string& line : clocks_.follow(cluster(), now_)) {
      log(LogLine::Level::kWarning, std::move(line));
    }
  }
  check_ready();
  follow_departure();
  finish_questions();
  answer_acceptances();
  change_cluster_settings();
  finish_settings_changes();
}

/// A rebalance brings hundreds of small changes, and to look at each by itself costs more than
/// moving the data. A few in a row are dealt with at once, as when a node dies; of many, those
/// of some milliseconds together. To be late here is as safe as a slow network.
bool ControlCore::may_look() {
  constexpr std::int64_t kLooksInARow = 8;
  constexpr Duration kBetweenLooks = Duration::millis(4);
  const Instant full = now_.instant - kBetweenLooks * kLooksInARow;
  looks_paid_until_ = std::max(looks_paid_until_, full);
  if (looks_paid_until_ + kBetweenLooks > now_.instant) {
    effects_.again_at = looks_paid_until_ + kBetweenLooks;
    return false;
  }
  looks_paid_until_ = looks_paid_until_ + kBetweenLooks;
  return true;
}

void ControlCore::end_turn() {
  if (stage_ == Stage::kStarting || stage_ == Stage::kRegistering) {
    if (view_changed_) on_view_changed();
    if (!builder_.ready()) return;
    try_register();
    if (view_changed_) on_view_changed();
    return;
  }
  const bool decides = decide_wanted_ && now_.instant >= retry_at_;
  if (decide_wanted_ && !decides) effects_.again_at = retry_at_;
  if (stage_ == Stage::kGone || (!view_changed_ && !decides) || !may_look()) return;
  if (view_changed_) on_view_changed();
  if (!builder_.ready() || now_.instant < retry_at_) return;
  decide_wanted_ = false;
  keep_registered();
  mark_down_the_dead();
  forget_the_gone();
  update_target();
  decide_all();
  go_on_leaving();
}

}  // namespace borg::node
