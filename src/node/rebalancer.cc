// SPDX-License-Identifier: Apache-2.0
// What this node proposes for the partitions that it is responsible for: as their primary, as
// the backup of a dead one, or as the first holder of one that does not exist yet.
#include <algorithm>
#include <utility>

#include "base/planted_bug.h"
#include "base/probe.h"
#include "node/control.h"
#include "placement/placement.h"

namespace borg::node {
namespace {

PartitionConfig next_epoch(const PartitionConfig& c) {
  PartitionConfig next = c;
  next.epoch = c.epoch.next();
  return next;
}

PartitionConfig next_term(const PartitionConfig& c) {
  PartitionConfig next = next_epoch(c);
  if (!is_planted(PlantedBug::kReuseEpoch)) next.term = next.epoch;
  return next;
}

/// As many as a transaction may have, but for those of one more partition.
constexpr std::size_t kComparesMax = 128 - NodeList::kCapacity;

/// True if a configuration can list those in sync and all that are wanted beside them. Targets
/// that change faster than data moves would else leave more and more that nobody wants: there are
/// more in sync than copies then, so that to drop some costs none.
bool has_room(const NodeList& in_sync, const NodeList& wanted) {
  const auto missing = std::count_if(wanted.begin(), wanted.end(),
                                     [&](NodeId node) { return !in_sync.contains(node); });
  return in_sync.size() + static_cast<std::size_t>(missing) <= NodeList::kCapacity;
}

}  // namespace

void ControlCore::forget_old_reports(Work& work, Epoch epoch) {
  if (work.caught_up_at == epoch || is_planted(PlantedBug::kBelieveOldReports)) return;
  work.caught_up.clear();
}

/// Forgets what was noted about nodes that a new configuration no longer lists.
void ControlCore::clean_work(PartitionId p) {
  Work& work = work_[p.value()];
  const PartitionConfig& c = cluster().partition(p);
  forget_old_reports(work, c.epoch);
  std::erase_if(work.broken, [&](NodeId node) { return !c.is_replica(node); });
  if (work.hand_over != Work::HandOver::kNone && c.epoch != work.parked_at) {
    work.hand_over = Work::HandOver::kNone;  // the worker sees the new epoch as well
    work.outcome_unknown = false;
  }
  const Revision modified = cluster().partitions_modified[p.value()];
  if (work.taken_from != NodeId() && modified > work.taken_at) end_take_over(p, modified);
  if (c.epoch <= work.asked_alone_at) return;
  work.alone_unknown = false;
  // To be the primary with others again the worker must know of what came before.
  if (c.primary() == self_ && c.in_sync.size() > 1) end_asking_alone(p);
}

/// The primary is about to be the only one in sync, or may be without knowing. From then on a loss
/// may be decided about when its session has ended, whatever those that were in sync have promised
/// it: so a worker that has not heard yet goes by the session as well.
void ControlCore::ask_alone(PartitionId p) {
  work_[p.value()].asked_alone_at = cluster().partition(p).epoch;
  (*asked_alone_)[p.value()] = true;
}

void ControlCore::end_asking_alone(PartitionId p) {
  (*asked_alone_)[p.value()] = false;
  work_[p.value()].alone_unknown = false;
}

/// Once this is proposed it may be committed at any moment, and this node may not hear of it:
/// a promise given meanwhile would let the former primary go on.
void ControlCore::begin_take_over(PartitionId p, NodeId from) {
  Work& work = work_[p.value()];
  if (work.taken_from != NodeId()) return;  // an earlier one, of unknown outcome
  work.taken_from = from;
  work.taken_at = cluster().partitions_modified[p.value()];
  liveness_.withhold(from);
}

void ControlCore::end_take_over(PartitionId p, Revision needed) {
  Work& work = work_[p.value()];
  if (work.taken_from == NodeId()) return;
  liveness_.release(work.taken_from, needed);
  work.taken_from = NodeId();
  work.taken_unknown = false;
}

void ControlCore::stop_hand_over(PartitionId p) {
  Work& work = work_[p.value()];
  work.hand_over = Work::HandOver::kNone;
  const auto worker = static_cast<std::uint16_t>(p.value() % options_.self.workers);
  effects_.workers.emplace_back(WorkerIndex(worker), Unpark{p, work.parked_at});
}

std::size_t ControlCore::copies_wanted() const {
  return cluster().settings ? cluster().settings->copies : 1;
}

/// The target's replicas that are alive, and as many others as are missing for the copies.
NodeList ControlCore::wanted_replicas(PartitionId p) const {
  const View& view = cluster();
  NodeList wanted;
  if (p.value() < view.target.replicas.size()) {
    for (const NodeId node : view.target.replicas[p.value()]) {
      if (is_alive(node)) wanted.push_back(node);
    }
  }
  const std::size_t copies = copies_wanted();
  if (wanted.size() >= copies || view.target.replicas.empty()) return wanted;
  const auto nodes = placement_nodes(true);
  while (wanted.size() < copies) {
    const NodeId node = placement::substitute(p, nodes, std::span(wanted.begin(), wanted.size()));
    if (node == NodeId()) break;
    wanted.push_back(node);
  }
  return wanted;
}

/// A coordinator takes one transaction after the other. What else there is to change meanwhile
/// travels together, when one of these is answered: with a slow one a thousand hand-overs would
/// else be a thousand round trips, and a take-over wait behind them.
bool ControlCore::may_propose() const {
  constexpr std::ptrdiff_t kOpenMax = 2;
  return std::count_if(open_.begin(), open_.end(), [](const auto& entry) {
           return entry.second.kind == OpenTxn::Kind::kPartitions;
         }) < kOpenMax;
}

void ControlCore::decide_all() {
  if (stage_ == Stage::kGone || !may_propose()) return;
  std::vector<Proposal> proposals;
  feeding_ = handing_over_ = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = cluster().partitions[p];
    if (c.primary() != self_) continue;
    // A copy that waits for memory moves nothing, and must not keep back what would make room.
    feeding_ += std::any_of(c.syncing.begin(), c.syncing.end(),
                            [this](NodeId node) { return memory_.has_place(node, now_.instant); });
    handing_over_ += work_[p].hand_over == Work::HandOver::kNone ? 0 : 1;
  }
  bool any_lost = false;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    any_lost = any_lost || cluster().is_lost(PartitionId(p));
    decide(PartitionId(p), proposals);
  }
  if (!any_lost) loss_reported_ = false;
  propose(std::move(proposals));
}

void ControlCore::decide(PartitionId p, std::vector<Proposal>& out) {
  // What a peer told of is decided about when the coordinator's word has come, with its revision.
  if (work_[p.value()].txn || cluster().is_ahead[p.value()]) return;
  const PartitionConfig& c = cluster().partition(p);
  if (c.epoch == Epoch()) {
    decide_creation(p, out);
  } else if (c.primary() == self_) {
    decide_as_primary(p, c, out);
  } else if (c.in_sync.contains(self_)) {
    decide_take_over(p, c, out);
  } else {
    decide_loss(p, c, out);
  }
}

/// A partition that never was is empty, and so its copies are equal: all are in sync at once.
///
/// Each new epoch is a transaction, which takes a new revision: so no epoch is above the revision
/// that wrote it. The first one here is a revision at which the partition was not there, hence
/// above every epoch of an earlier cluster of this name: a node that was cut off since then is
/// recognised as stale. Not the revision of the founding: a node whose registration is committed
/// late, behind its own clearing away of a dead cluster, is a member without having founded.
///
/// Who has announced that it goes, because it holds nothing, takes nothing on: its goodbye may be
/// on the way.
void ControlCore::decide_creation(PartitionId p, std::vector<Proposal>& out) {
  const NodeList wanted = wanted_replicas(p);
  const membership::MemberRecord* const self = cluster().member(self_);
  if (wanted.front() != self_ || self == nullptr || self->member.is_closing) return;
  const Epoch first(cluster().revision.value());
  out.push_back(
      {p, PartitionConfig{.epoch = first, .term = first, .in_sync = wanted, .syncing = {}}});
}

/// A replica that has caught up may become in sync at any moment, so from then on nothing is
/// served without its lease. A node that has just joined has not promised anything yet.
bool ControlCore::has_lease_of(NodeId node) const {
  const auto lease = liveness_.lease(node);
  return lease != nullptr && now_.instant < lease->until();
}

void ControlCore::decide_as_primary(PartitionId p, const PartitionConfig& c,
                                    std::vector<Proposal>& out) {
  Work& work = work_[p.value()];
  const NodeList wanted = wanted_replicas(p);
  if (wanted.empty()) return;
  const auto is_good = [&](NodeId node) {
    return node == self_ || (is_alive(node) && !work.broken.contains(node));
  };
  PartitionConfig next = next_epoch(c);
  next.in_sync = {};
  next.syncing = {};
  for (const NodeId node : c.in_sync) {
    if (is_good(node)) next.in_sync.push_back(node);
  }
  for (const NodeId node : c.syncing) {
    if (!is_good(node)) continue;
    const bool is_ready = work.caught_up.contains(node) || is_planted(PlantedBug::kPromoteSyncing);
    if (is_ready)
      next.in_sync.push_back(node);
    else
      next.syncing.push_back(node);
  }
  const bool all_there = std::all_of(wanted.begin(), wanted.end(),
                                     [&](NodeId node) { return next.in_sync.contains(node); });
  for (const NodeId node : NodeList(next.in_sync)) {
    const bool is_over = all_there || !has_room(next.in_sync, wanted);
    if (is_over && node != self_ && !wanted.contains(node)) next.in_sync.remove(node);
  }
  // Where no copy is missing, one that moves to a node without memory gives way: it would keep
  // writes from the holders that have some. Who holds it now goes on doing so.
  const bool is_lacking = next.in_sync.size() < copies_wanted();
  const auto may_sync = [&](NodeId node) {
    return is_lacking || memory_.has_place(node, now_.instant);
  };
  for (const NodeId node : c.syncing) {
    if (!wanted.contains(node) || !may_sync(node)) next.syncing.remove(node);
  }
  for (const NodeId node : wanted) {
    if (next.is_replica(node) || work.broken.contains(node) || !has_lease_of(node)) continue;
    if (!may_sync(node)) continue;
    if (is_planted(PlantedBug::kNeverRepair)) break;
    if (next.syncing.empty() && c.syncing.empty()) {
      // Where a copy is missing writes wait for the one that is being made: all begin at once.
      if (!is_lacking && feeding_ >= options_.syncing_partitions_max) break;
      ++feeding_;
    }
    next.syncing.push_back(node);
  }
  if (next.in_sync != c.in_sync || next.syncing != c.syncing) {
    // A hand-over that drained under the old configuration is void: epochs tell.
    out.push_back({p, next});
    return;
  }
  if (work.alone_unknown) {
    reached<"a primary may be alone without knowing">();
    out.push_back({p, next});  // settles whether it is
    return;
  }
  decide_hand_over(p, c, wanted, out);
}

void ControlCore::decide_hand_over(PartitionId p, const PartitionConfig& c, const NodeList& wanted,
                                   std::vector<Proposal>& out) {
  Work& work = work_[p.value()];
  const NodeId heir = wanted.front();
  const bool is_due = heir != self_ && c.in_sync.contains(heir) && c.syncing.empty();
  if (!is_due) {
    if (work.outcome_unknown) {
      reached<"a hand-over of unknown outcome is settled">();
      out.push_back({p, next_epoch(c)});  // settles which of the two happened
    } else if (work.hand_over != Work::HandOver::kNone) {
      stop_hand_over(p);
    }
    return;
  }
  if (work.hand_over == Work::HandOver::kNone) {
    // Its lease shows that it lives: one that was put in sync at the founding may never have
    // answered. Whoever has parked goes by the configuration alone: the heir may have it already.
    if (!has_lease_of(heir)) return;
    // Commands wait while a hand-over is proposed: not many of them for an answer that may take
    // as long as the coordinator is away. One goes on trying.
    if (handing_over_ >= (is_unanswered_ ? 1 : options_.handovers_max)) return;
    ++handing_over_;
    work.hand_over = Work::HandOver::kParked;
    work.parked_at = c.epoch;
    const auto worker = static_cast<std::uint16_t>(p.value() % options_.self.workers);
    effects_.workers.emplace_back(WorkerIndex(worker), Park{p, c.epoch});
    return;
  }
  if (work.hand_over != Work::HandOver::kDrained) return;
  PartitionConfig next = next_term(c);
  reached<"a hand-over is proposed">();
  next.in_sync = {heir};
  for (const NodeId node : wanted) {
    if (node != heir && c.in_sync.contains(node)) next.in_sync.push_back(node);
  }
  // Who is not wanted leaves only if that costs no copy.
  for (const NodeId node : c.in_sync) {
    if (next.in_sync.size() < std::min(copies_wanted(), wanted.size()) &&
        !next.in_sync.contains(node)) {
      next.in_sync.push_back(node);
    }
  }
  out.push_back({p, next});
}

/// The primary died: this node was in sync, so it has every acknowledged write. It waits out
/// the lease that it granted, unless the death is proven.
void ControlCore::decide_take_over(PartitionId p, const PartitionConfig& c,
                                   std::vector<Proposal>& out) {
  const NodeId primary = c.primary();
  const bool is_promised =
      liveness_.is_promised(primary, now_.instant) && !is_planted(PlantedBug::kTakeOverAtOnce);
  const bool may =
      is_proven_dead(primary) || (!is_alive(primary) && !is_promised && may_judge(primary) &&
                                  liveness_.is_silent(primary, now_.instant));
  if (!may) {
    // An earlier try of unknown outcome: settles whether it happened.
    if (work_[p.value()].taken_from != NodeId()) {
      reached<"a take-over of unknown outcome is settled">();
      out.push_back({p, next_epoch(c)});
    }
    return;
  }
  reached<"a backup takes over">();
  begin_take_over(p, primary);
  PartitionConfig next = next_term(c);
  next.in_sync = {self_};
  for (const NodeId node : c.in_sync) {
    if (node != self_ && node != primary && is_alive(node)) next.in_sync.push_back(node);
  }
  for (const NodeId node : c.syncing) {
    if (!is_alive(node)) next.syncing.remove(node);
  }
  out.push_back({p, next});
}

/// All in-sync replicas are gone. Somebody decided that it goes on: with what a syncing copy
/// had received, or else empty.
void ControlCore::decide_loss(PartitionId p, const PartitionConfig& c, std::vector<Proposal>& out) {
  if (!cluster().is_lost(p) || *has_ended_) return;
  const bool goes_on_empty = cluster().settings && cluster().settings->on_loss_empty;
  if (!loss_reported_) {
    loss_reported_ = true;
    log(LogLine::Level::kError,
        goes_on_empty
            ? "both copies of some slots died: they go on without what was lost (--on-loss empty)"
            : "both copies of some slots died: they answer -DATALOSS until borgctl accept-loss");
  }
  const bool accepted = accepted_.accepts(p) || goes_on_empty;
  if (!accepted && !is_planted(PlantedBug::kSilentLoss)) return;
  for (const NodeId node : c.in_sync) {
    // It serves alone while its session lives (update_sole_lease), so that must be over first.
    const membership::MemberRecord* record = cluster().member(node);
    const bool has_session = record != nullptr && record->has_session;
    if (is_proven_dead(node)) continue;
    if (has_session || liveness_.is_promised(node, now_.instant)) return;
  }
  NodeId heir;
  for (const NodeId node : c.syncing) {
    if (heir == NodeId() && is_alive(node)) heir = node;
  }
  if (heir != NodeId()) reached<"a syncing copy inherits a lost partition">();
  const NodeList wanted = wanted_replicas(p);
  if (heir == NodeId() && !wanted.empty()) heir = wanted.front();
  // The operator told this node only; with --on-loss empty all know, and each sees to its own.
  if (heir == NodeId() || (heir != self_ && !accepted_.accepts(p))) return;
  PartitionConfig next = next_term(c);
  reached<"a lost partition goes on">();
  next.in_sync = {heir};
  next.syncing = {};
  out.push_back({p, next});
}

/// As few transactions as possible; each partition is guarded by the revision that was read, and
/// all by this node's own record: once the others have given it up its proposals come too late.
/// So is each member that comes to be in sync: one that has said that it takes nothing any more,
/// and goes, is not given anything by whoever has not heard.
void ControlCore::propose(std::vector<Proposal> proposals) {
  coordination::Txn txn;
  OpenTxn open{.kind = OpenTxn::Kind::kPartitions, .configs = {}};
  const auto guard_by = [&](NodeId node) {
    const membership::MemberRecord* record = cluster().member(node);
    const std::string key = coordination::member_key(node);
    const bool is_there = std::any_of(txn.compares.begin(), txn.compares.end(),
                                      [&](const auto& c) { return c.key == key; });
    if (record != nullptr && !is_there) txn.compares.push_back({key, record->modified});
  };
  for (const Proposal& proposal : proposals) {
    const PartitionConfig& before = cluster().partition(proposal.partition);
    std::string key = coordination::partition_key(proposal.partition);
    guard_by(self_);
    if (!is_planted(PlantedBug::kNoCompare)) {
      txn.compares.push_back({key, cluster().partitions_modified[proposal.partition.value()]});
    }
    for (const NodeId node : proposal.config.in_sync) {
      const bool is_new = !before.in_sync.contains(node);
      if (is_new && !is_planted(PlantedBug::kLeaveWithAStaleView)) guard_by(node);
    }
    const auto is_alone = [&](const PartitionConfig& c) {
      return c.in_sync.size() == 1 && c.primary() == self_;
    };
    if (before.primary() == self_ && is_alone(proposal.config) && !is_alone(before)) {
      ask_alone(proposal.partition);
    }
    txn.puts.push_back({std::move(key), coordination::to_text(proposal.config)});
    open.configs.emplace_back(proposal.partition, proposal.config);
    const bool is_full = txn.puts.size() >= batch_max_ || txn.compares.size() >= kComparesMax;
    if (is_full) send(std::exchange(txn, {}), std::exchange(open, {.kind = open.kind}));
  }
  if (!txn.puts.empty()) send(std::move(txn), std::move(open));
}

}  // namespace borg::node
