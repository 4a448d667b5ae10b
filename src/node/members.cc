// SPDX-License-Identifier: Apache-2.0
// Who is alive, who is given up, and the target that follows from it.
#include <algorithm>

#include "membership/judgement.h"
#include "node/control.h"
#include "placement/placement.h"

namespace borg::node {

using coordination::MemberState;
using membership::MemberRecord;

namespace {

placement::Assignment assignment_of(const coordination::Target& target) {
  placement::Assignment assignment;
  for (const NodeList& list : target.replicas) {
    placement::Replicas& row = assignment.emplace_back();
    for (const NodeId node : list) row.push_back(node);
  }
  return assignment;
}

std::vector<NodeList> lists_of(const placement::Assignment& assignment) {
  std::vector<NodeList> lists;
  for (const placement::Replicas& row : assignment) {
    NodeList& list = lists.emplace_back();
    for (const NodeId node : row) list.push_back(node);
  }
  return lists;
}

placement::Options options_of(const coordination::Settings& settings) {
  return {.copies = static_cast<std::uint8_t>(settings.copies),
          .scatter_width = settings.scatter_width};
}

}  // namespace

bool ControlCore::is_proven_dead(NodeId node) const {
  const MemberRecord* record = cluster().member(node);
  if (record == nullptr) return true;  // left, or was forgotten: its id never comes back
  if (node == self_) return false;
  return proven_dead_.contains(node) || (options_.death_is_proven && !record->has_session);
}

/// As this node hears it, which may be its own fault.
bool ControlCore::is_silent(NodeId node) const {
  if (node == self_) return false;
  const MemberRecord* record = cluster().member(node);
  return record == nullptr || record->member.state == MemberState::kDown || is_proven_dead(node) ||
         liveness_.is_silent(node, now_.instant);
}

/// What decisions go by: silence counts only where this node may act on it.
bool ControlCore::is_alive(NodeId node) const {
  if (node == self_) return true;
  const MemberRecord* record = cluster().member(node);
  return record != nullptr && record->member.state != MemberState::kDown && !is_proven_dead(node) &&
         !(liveness_.is_silent(node, now_.instant) && may_judge(node));
}

/// The members whose word counts about who is at fault.
std::vector<NodeId> ControlCore::witnesses(NodeId but) const {
  std::vector<NodeId> nodes;
  for (const MemberRecord& record : cluster().members) {
    const NodeId node = record.member.id;
    const bool counts = record.has_session && record.member.state != MemberState::kDown;
    if (counts && node != self_ && node != but) nodes.push_back(node);
  }
  return nodes;
}

/// Who was given up does not judge those who gave it up.
bool ControlCore::may_judge(NodeId node) const {
  if (options_.death_is_proven) return true;  // one machine: nobody can be out of reach
  const auto known = judgements_.find(node);
  if (known != judgements_.end()) return known->second;
  const MemberRecord* self = cluster().member(self_);
  const bool may = self != nullptr && self->member.state != MemberState::kDown &&
                   membership::may_judge(liveness_, self_, node, witnesses(node), now_.instant);
  return judgements_[node] = may;
}

std::vector<placement::Node> ControlCore::placement_nodes(bool alive_only) const {
  return nodes_of(membership::takers(cluster()), alive_only);
}

std::vector<placement::Node> ControlCore::nodes_of(const std::vector<NodeId>& ids,
                                                   bool alive_only) const {
  std::vector<placement::Node> nodes;
  for (const NodeId id : ids) {
    const coordination::Member& m = cluster().member(id)->member;
    if (alive_only && !is_alive(m.id)) continue;
    nodes.push_back({.id = m.id, .weight = m.weight, .zone = m.zone, .host = m.host});
  }
  return nodes;
}

bool ControlCore::has_open(OpenTxn::Kind kind) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& entry) { return entry.second.kind == kind; });
}

/// Guarded by the member's record as the view has it, and by what else must not have changed.
void ControlCore::put_member(const coordination::Member& changed,
                             std::vector<coordination::Compare> compares, OpenTxn open) {
  coordination::Txn txn;
  txn.compares = std::move(compares);
  const std::string key = coordination::member_key(changed.id);
  txn.compares.push_back({key, cluster().member(changed.id)->modified});
  txn.puts.push_back({key, coordination::to_text(changed)});
  send(std::move(txn), std::move(open));
}

void ControlCore::set_member_state(const MemberRecord& record, MemberState state, bool guarded) {
  const bool is_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    return entry.second.kind == OpenTxn::Kind::kMember;
  });
  if (is_open) return;
  coordination::Member member = record.member;
  member.state = state;
  coordination::Txn txn;
  txn.compares.push_back({coordination::member_key(member.id), record.modified});
  const MemberRecord* self = cluster().member(self_);
  if (guarded && self != nullptr) {
    // Of two nodes that give each other up only the first can.
    txn.compares.push_back({coordination::member_key(self_), self->modified});
  }
  txn.puts.push_back({coordination::member_key(member.id), coordination::to_text(member)});
  send(std::move(txn), {.kind = OpenTxn::Kind::kMember});
}

/// By silence only if most others find it silent. With half of them it would take a single cut
/// link to give up one of three nodes, which joins again because half of the others hear it
/// (is_well_connected()), and so to and fro for as long as the link is cut.
void ControlCore::mark_down_the_dead() {
  std::size_t others_alive = 0;  // of all but the suspect, this node included
  for (const MemberRecord& record : cluster().members) {
    others_alive += is_alive(record.member.id) ? 1 : 0;
  }
  const MemberRecord* self = cluster().member(self_);
  if (self == nullptr || self->member.state == MemberState::kDown) return;
  const bool is_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    return entry.second.kind == OpenTxn::Kind::kMember;
  });
  if (is_open) return;
  for (const MemberRecord& record : cluster().members) {
    const NodeId node = record.member.id;
    if (node == self_ || record.member.state == MemberState::kDown) continue;
    const bool proven = is_proven_dead(node);
    const bool silent = liveness_.is_silent(node, now_.instant) && may_judge(node) &&
                        !liveness_.is_promised(node, now_.instant) &&
                        liveness_.silence_reports(node, now_.instant) * 2 > others_alive;
    if (!proven && !silent) continue;
    if (const auto given_up = std::make_pair(node, record.modified); given_up != given_up_) {
      given_up_ = given_up;
      // Its process may end before we hear of the end of its membership.
      if (record.member.state == MemberState::kLeaving && cluster().holds_nothing(node)) {
        log(LogLine::Level::kInfo, "node " + record.member.name + " has left");
      } else {
        log(LogLine::Level::kWarning,
            "node " + record.member.name + (proven ? " is dead" : " is silent, it is given up"));
      }
    }
    set_member_state(record, MemberState::kDown, !proven);
    return;
  }
}

/// Records of dead members that no partition mentions any more.
void ControlCore::forget_the_gone() {
  for (const MemberRecord& record : cluster().members) {
    const NodeId node = record.member.id;
    if (record.member.state != MemberState::kDown || node == self_ || record.has_session) continue;
    const auto& partitions = cluster().partitions;
    const bool mentioned = std::any_of(partitions.begin(), partitions.end(),
                                       [&](const auto& c) { return c.is_replica(node); });
    const auto& target = cluster().target.nodes;
    const bool in_target = std::find(target.begin(), target.end(), node) != target.end();
    const bool is_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
      return entry.second.kind == OpenTxn::Kind::kMember;
    });
    if (mentioned || in_target || is_open) continue;
    coordination::Txn txn;
    txn.compares.push_back({coordination::member_key(node), record.modified});
    txn.deletes.push_back({coordination::member_key(node)});
    send(std::move(txn), {.kind = OpenTxn::Kind::kMember});
    return;
  }
}

/// Where these nodes would hold the partitions, coming from the target as it is.
placement::Assignment ControlCore::place(const std::vector<placement::Node>& nodes) const {
  return placement::assign(nodes, options_of(*cluster().settings), assignment_of(cluster().target));
}

/// By the target that there would be.
MemoryNeed ControlCore::memory_need_without(NodeId node,
                                            const std::map<NodeId, Stats>& stats) const {
  std::vector<NodeId> others = membership::takers(cluster());
  std::erase(others, node);
  const auto nodes = nodes_of(others, true);
  if (nodes.empty() || !cluster().settings) return {};
  return assess_memory_need(cluster(), lists_of(place(nodes)), stats);
}

/// Whoever sees first that the target does not fit the members computes a new one. The others
/// wait a moment, in the order of their ids, so that they need not.
void ControlCore::update_target() {
  const View& view = cluster();
  const std::vector<NodeId> wanted = membership::takers(view);
  std::size_t rank = 0;
  for (const NodeId node : wanted) rank += node < self_ && is_alive(node) ? 1 : 0;
  const bool fits = wanted.empty() || (view.target.nodes == wanted && view.target.version > 0);
  const bool is_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    return entry.second.kind == OpenTxn::Kind::kTarget;
  });
  if (fits) target_due_.reset();
  if (fits || is_open || !view.settings) return;
  if (!target_due_) {
    target_due_ = now_.instant + Duration::millis(30) * static_cast<std::int64_t>(rank);
  }
  if (now_.instant < *target_due_) {
    decide_wanted_ = true;
    return;
  }
  const auto nodes = placement_nodes(false);
  const auto assignment = place(nodes);
  const coordination::Target target{
      .version = view.target.version + 1, .nodes = wanted, .replicas = lists_of(assignment)};
  own_target_ = target.version;
  std::string text;
  if (const auto previous = assignment_of(view.target); !previous.empty()) {
    text = target_text(target,
                       placement::stats(nodes, options_of(*view.settings), previous, assignment));
  }
  coordination::Txn txn;
  txn.compares.push_back({std::string(coordination::kTargetKey), view.target_modified});
  txn.puts.push_back({std::string(coordination::kTargetKey), coordination::to_text(target)});
  send(std::move(txn), {.kind = OpenTxn::Kind::kTarget, .configs = {}, .log = std::move(text)});
}

}  // namespace borg::node
