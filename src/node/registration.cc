// SPDX-License-Identifier: Apache-2.0
// How a node becomes a member, stays one, and leaves.
#include <algorithm>
#include <utility>

#include "membership/judgement.h"
#include "node/control.h"
#include "placement/placement.h"

namespace borg::node {

using coordination::Compare;
using coordination::MemberState;
using membership::DepartureStep;
using membership::MemberRecord;

namespace {

std::string differs(std::string_view flag, std::uint64_t ours, std::uint64_t theirs) {
  return "the cluster has " + std::string(flag) + " " + std::to_string(theirs) + ", not " +
         std::to_string(ours) + ": leave the flag out or give the cluster's value";
}

}  // namespace

/// False, with the exit set, if this node cannot be part of the cluster that exists.
bool ControlCore::check_settings() {
  const coordination::Settings& s = *cluster().settings;
  if (s.placement_version != placement::kPlacementVersion) {
    exit(1, "the cluster places by version " + std::to_string(s.placement_version) +
                ", this node knows version " + std::to_string(placement::kPlacementVersion));
  } else if (options_.copies && *options_.copies != s.copies) {
    exit(1, differs("--copies", *options_.copies, s.copies));
  } else if (options_.min_copies && *options_.min_copies != s.min_copies) {
    exit(1, differs("--min-copies", *options_.min_copies, s.min_copies));
  } else if (options_.scatter_width && *options_.scatter_width != s.scatter_width) {
    exit(1, differs("--scatter-width", *options_.scatter_width, s.scatter_width));
  } else if (options_.on_loss_empty && *options_.on_loss_empty != s.on_loss_empty) {
    exit(1, "the cluster was founded with another --on-loss: leave the flag out");
  }
  return stage_ != Stage::kGone;
}

/// Every member that was ever recorded is dead for certain: its data is gone, and nobody can
/// come back with it.
bool ControlCore::everyone_is_dead() const {
  const auto& members = cluster().members;
  return std::all_of(members.begin(), members.end(), [&](const MemberRecord& record) {
    return options_.death_is_proven && !record.has_session;
  });
}

void ControlCore::try_register() {
  if (cluster().member(self_) != nullptr) {
    stage_ = Stage::kMember;
    view_changed_ = true;
    return;
  }
  const bool waits = !open_.empty() || now_.instant < retry_at_ || !session_.is_alive(now_.instant);
  if (waits || (cluster().settings && !check_settings())) return;
  if (!cluster().settings && cluster().settings_modified != Revision()) {
    exit(1, "the cluster's settings were written by another release, this node cannot read them");
    return;
  }
  const bool fresh = !cluster().settings || everyone_is_dead();
  if (fresh && cluster().settings) {
    if (wiped_settings_ != cluster().settings_modified) {
      wipe();
      return;
    }
    log(LogLine::Level::kWarning,
        "every node of cluster '" + options_.cluster + "' is dead: starting afresh, empty");
  }
  const auto taken = cluster().names.find(options_.self.name);
  if (taken != cluster().names.end() && !fresh) {
    // Perhaps by a process that died a moment ago.
    if (!name_taken_since_) name_taken_since_ = now_.instant;
    if (now_.instant - *name_taken_since_ > options_.name_wait) {
      exit(1,
           "the name '" + options_.self.name + "' is in use in cluster '" + options_.cluster + "'");
      return;
    }
    effects_.suspects.push_back(coordination::name_key(options_.self.name));
    retry_at_ = now_.instant + Duration::millis(50);
    return;
  }
  if (!fresh && membership::is_ending(cluster())) {
    // Whoever joined now would find nothing but losses.
    for (const MemberRecord& record : cluster().members) {
      effects_.suspects.push_back(coordination::session_key(record.member.id));
    }
    retry_at_ = now_.instant + Duration::millis(50);
    return;
  }
  if (are_addresses_good(fresh)) register_self(fresh);
}

/// Nobody becomes a member whom the others would dial in vain, or who would dial them so. Members
/// without a session are not asked: they may be gone.
bool ControlCore::are_addresses_good(bool fresh) {
  if (!options_.tries_addresses) return true;
  std::vector<coordination::Member> members;
  for (const MemberRecord& record : cluster().members) {
    const bool is_down = record.member.state == MemberState::kDown;
    if (!fresh && record.has_session && !is_down) members.push_back(record.member);
  }
  const AddressCheck::Step step = addresses_.next(members, now_.instant);
  for (std::string& warning : addresses_.take_warnings()) {
    log(LogLine::Level::kWarning, std::move(warning));
  }
  switch (step) {
    case AddressCheck::Step::kAsk:
      for (const coordination::Member& member : members) {
        if (addresses_.is_doubted(member.id)) {
          effects_.suspects.push_back(coordination::session_key(member.id));
        }
      }
      effects_.addresses_to_try = std::move(members);
      return false;
    case AddressCheck::Step::kWait:
      return false;
    case AddressCheck::Step::kPass:
      return true;
    case AddressCheck::Step::kRefuse:
      exit(1, addresses_.reason());
      return false;
  }
  return false;
}

void ControlCore::on_addresses_tried(const std::vector<AddressFinding>& findings) {
  addresses_.on_findings(findings, now_.instant);
}

/// Deletes what a dead cluster left behind, in steps; each one, and the founding that follows,
/// holds only while the dead cluster's settings are still the ones seen here.
void ControlCore::wipe() {
  constexpr std::size_t kDeletesPerTxn = 100;
  const Revision settings = cluster().settings_modified;
  const Compare guard{std::string(coordination::kSettingsKey), settings};
  std::vector<std::string> keys;
  for (const std::string& key : cluster().keys) {
    if (key != coordination::kSettingsKey) keys.push_back(key);
  }
  for (std::size_t from = 0; from < keys.size(); from += kDeletesPerTxn) {
    coordination::Txn txn{.compares = {guard}, .puts = {}, .deletes = {}};
    for (std::size_t i = from; i < std::min(from + kDeletesPerTxn, keys.size()); ++i) {
      txn.deletes.push_back({keys[i]});
    }
    ++wipes_open_;
    send(std::move(txn), {.kind = OpenTxn::Kind::kWipe});
  }
  wiped_settings_ = settings;
}

void ControlCore::register_self(bool fresh) {
  coordination::Member member = options_.self;
  member.id = self_;
  member.state = MemberState::kActive;
  coordination::Txn txn;
  txn.compares.push_back({coordination::name_key(member.name), Revision()});
  txn.compares.push_back({std::string(coordination::kSettingsKey), cluster().settings_modified});
  // The data does not end, or not for this node: it founds the cluster anew, or whoever wanted to
  // end it died.
  txn.compares.push_back({std::string(coordination::kEndingKey), cluster().ending_modified});
  if (cluster().ending_modified != Revision()) {
    txn.deletes.push_back({std::string(coordination::kEndingKey)});
  }
  txn.puts.push_back({coordination::member_key(self_), coordination::to_text(member)});
  txn.puts.push_back({coordination::session_key(self_), member.name, true});
  txn.puts.push_back({coordination::name_key(member.name), coordination::to_text(self_), true});
  if (fresh) {
    txn.puts.push_back(
        {std::string(coordination::kSettingsKey), coordination::to_text(options_.settings)});
  }
  stage_ = Stage::kRegistering;
  send(std::move(txn), {.kind = OpenTxn::Kind::kRegister});
}

/// A member whose session ended, or whom the others gave up, says that it is still here. What
/// it may still serve is a matter of the partitions' configurations alone.
void ControlCore::keep_registered() {
  const MemberRecord* record = cluster().member(self_);
  if (record == nullptr) {
    if (stage_ == Stage::kLeaving) return;
    exit(1, "this node was removed from the cluster");
    if (effects_.exit) effects_.exit->is_forgotten = true;
    return;
  }
  const bool is_down = record->member.state == MemberState::kDown;
  const bool is_open = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    return entry.second.kind == OpenTxn::Kind::kRegister;
  });
  const bool has_session = record->has_session && session_.is_bound();
  if (is_open || now_.instant < retry_at_ || (!is_down && has_session)) return;
  if (!session_.is_alive(now_.instant)) return;
  // The others would give it up again at once, and each time data would move.
  const bool is_connected =
      membership::is_well_connected(liveness_, self_, witnesses(self_), now_.instant);
  if (is_down && !is_connected) return;
  coordination::Txn txn;
  txn.compares.push_back({coordination::member_key(self_), record->modified});
  if (!has_session) {
    // It may be the last one's still, whose end will take the name too.
    txn.compares.push_back({coordination::session_key(self_), record->session_modified});
    const auto taken = cluster().names.find(options_.self.name);
    if (taken != cluster().names.end() && taken->second != self_) {
      exit(1, "another node has taken the name '" + options_.self.name + "' meanwhile");
      return;
    }
    if (taken == cluster().names.end()) {
      txn.compares.push_back({coordination::name_key(options_.self.name), Revision()});
    }
    txn.puts.push_back({coordination::session_key(self_), options_.self.name, true});
    txn.puts.push_back(
        {coordination::name_key(options_.self.name), coordination::to_text(self_), true});
  }
  coordination::Member member = record->member;
  if (is_down) {
    if (leave_wanted_) member.order = coordination::Order::kLeaveBySignal;
    member.state = coordination::state_of(member.order);
    member.is_closing = false;
    if (!coordination::goes_in_any_case(member.order)) {
      txn.compares.push_back({std::string(coordination::kEndingKey), cluster().ending_modified});
      if (cluster().ending_modified != Revision()) {
        txn.deletes.push_back({std::string(coordination::kEndingKey)});
      }
    }
    log(LogLine::Level::kWarning, "the others had given this node up: it joins again");
  }
  txn.puts.push_back({coordination::member_key(self_), coordination::to_text(member)});
  send(std::move(txn), {.kind = OpenTxn::Kind::kRegister});
}

/// Deletes what makes this node a member. `data_ends`: only while nobody has come since it was
/// said that the data ends.
void ControlCore::say_goodbye(bool data_ends) {
  const auto rebalance = movement_.rebalance(now_.instant);
  if (rebalance && rebalance->is_running && !data_ends && !std::exchange(goodbye_said_, true)) {
    report_movement("this node holds nothing any more and leaves", true);
  }
  coordination::Txn txn;
  txn.compares.push_back({coordination::member_key(self_), cluster().member(self_)->modified});
  if (data_ends) {
    txn.compares.push_back({std::string(coordination::kEndingKey), cluster().ending_modified});
  }
  txn.deletes.push_back({coordination::member_key(self_)});
  txn.deletes.push_back({coordination::session_key(self_)});
  txn.deletes.push_back({coordination::name_key(options_.self.name)});
  // It may be heard without our knowing, and then others may begin anew.
  if (data_ends) end_serving(true);
  send(std::move(txn), {.kind = OpenTxn::Kind::kGoodbye});
}

void ControlCore::end_serving(bool has_ended) {
  if (has_ended_->exchange(has_ended) == has_ended) return;
  publish();
}

/// Each change once.
void ControlCore::say_departure(DepartureStep step) {
  std::string text = "leaving: handing the data over";
  LogLine::Level level = LogLine::Level::kInfo;
  if (stage_ != Stage::kLeaving) {
    text = said_of_departure_.empty() ? "" : "this node was told to stay after all";
  } else if (step == DepartureStep::kWait) {
    text = "this node was told to leave and is needed: without it too few would take writes";
    level = LogLine::Level::kWarning;
  } else if (step == DepartureStep::kStayAsLast) {
    text =
        "this node was told to leave and is the last that could hold the data: it stays until "
        "another joins, or BORG UNDRAIN, or BORG LEAVE with FORCE";
    level = LogLine::Level::kWarning;
  } else if (step == DepartureStep::kEnd) {
    text = "the last node of the cluster leaves: its data ends here";
    level = LogLine::Level::kWarning;
  }
  if (text.empty() || text == said_of_departure_) return;
  log(level, text);
  said_of_departure_ = stage_ == Stage::kLeaving ? text : std::string();
}

void ControlCore::go_on_leaving() {
  const MemberRecord* record = cluster().member(self_);
  if (stage_ == Stage::kGone) return;
  if (record == nullptr) {
    if (leave_wanted_ || stage_ == Stage::kLeaving) exit(0, {});
    return;
  }
  const DepartureStep step = membership::next_step(cluster(), self_, leave_wanted_);
  if (record->member.state != MemberState::kDown) {
    const bool is_leaving =
        record->member.state == MemberState::kLeaving || step == DepartureStep::kObey;
    stage_ = is_leaving ? Stage::kLeaving : Stage::kMember;
  }
  say_departure(step);
  if (has_open(OpenTxn::Kind::kMember) || has_open(OpenTxn::Kind::kGoodbye)) return;
  const Compare ending{std::string(coordination::kEndingKey), cluster().ending_modified};
  const Compare own{coordination::member_key(self_), record->modified};
  coordination::Member changed = record->member;
  switch (step) {
    case DepartureStep::kNone:
    case DepartureStep::kHandOver:
    case DepartureStep::kWait:
    case DepartureStep::kStayAsLast:
      return;
    case DepartureStep::kObey:
      changed.state = MemberState::kLeaving;
      changed.order = coordination::Order::kLeaveBySignal;
      changed.is_closing = false;
      return put_member(changed, {}, {.kind = OpenTxn::Kind::kMember});
    case DepartureStep::kClose:
    case DepartureStep::kReopen:
      // Who reopens may hold data: not while it is said that nobody does.
      changed.is_closing = step == DepartureStep::kClose;
      return put_member(changed, {ending}, {.kind = OpenTxn::Kind::kMember});
    case DepartureStep::kAnnounceEnd:
      return send({.compares = {own, ending},
                   .puts = {{std::string(coordination::kEndingKey), options_.self.name}},
                   .deletes = {}},
                  {.kind = OpenTxn::Kind::kMember});
    case DepartureStep::kCallOffEnd:
      return send({.compares = {ending}, .puts = {}, .deletes = {{ending.key}}},
                  {.kind = OpenTxn::Kind::kMember});
    case DepartureStep::kGoodbye:
    case DepartureStep::kEnd:
      return say_goodbye(step == DepartureStep::kEnd);
  }
}

}  // namespace borg::node
