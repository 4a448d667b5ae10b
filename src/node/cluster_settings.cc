// SPDX-License-Identifier: Apache-2.0
// CONFIG SET of what holds for the whole cluster: kept in the coordinator, and answered when every
// node that is heard goes by it.
#include <algorithm>

#include "node/control.h"

namespace borg::node {

using coordination::TxnOutcome;

/// One after the other, and again after a conflict: each builds on what the one before wrote.
void ControlCore::change_cluster_settings() {
  while (!settings_wanted_.empty() && !is_changing_settings_) {
    if (!cluster().settings || now_.instant < retry_at_) return;
    const AdminRequest& request = settings_wanted_.front();
    Settings changed = *settings_;
    const auto error =
        node::change_settings(changed, {request.args.begin() + 2, request.args.end()});
    coordination::Settings wanted = *cluster().settings;
    wanted.keyspace_events = changed.keyspace_events.letters();
    if (error.empty() && wanted != *cluster().settings) {
      coordination::Txn txn;
      txn.compares.push_back(
          {std::string(coordination::kSettingsKey), cluster().settings_modified});
      txn.puts.push_back({std::string(coordination::kSettingsKey), coordination::to_text(wanted)});
      is_changing_settings_ = true;
      return send(std::move(txn), {.kind = OpenTxn::Kind::kSettings});
    }
    if (!error.empty()) {
      answer_error(request, error);
    } else {
      settings_changes_.push_back(
          {request, cluster().settings_modified, now_.instant + options_.liveness.silence * 2});
    }
    settings_wanted_.pop_front();
  }
}

void ControlCore::on_settings_txn(const coordination::TxnDone& done) {
  is_changing_settings_ = false;
  if (done.outcome == TxnOutcome::kConflict) return;  // once more, with what the other one wrote
  if (done.outcome == TxnOutcome::kCommitted) {
    settings_changes_.push_back(
        {settings_wanted_.front(), done.revision, now_.instant + options_.liveness.silence * 2});
  } else {
    answer_outcome(settings_wanted_.front(), done.outcome);
  }
  settings_wanted_.pop_front();
}

/// Silent nodes learn it when they are back: until then nobody can ask them for anything.
bool ControlCore::is_known_to_all(Revision revision) const {
  if (cluster().revision < revision) return false;
  return std::all_of(cluster().members.begin(), cluster().members.end(),
                     [&](const membership::MemberRecord& record) {
                       const NodeId node = record.member.id;
                       const auto heard = revisions_heard_.find(node);
                       return node == self_ || is_silent(node) ||
                              (heard != revisions_heard_.end() && heard->second >= revision);
                     });
}

void ControlCore::finish_settings_changes() {
  std::erase_if(settings_changes_, [this](const SettingsChange& change) {
    const bool is_late = now_.instant >= change.deadline;
    if (!is_late && !is_known_to_all(change.revision)) return false;
    apply_settings(change.request);
    return true;
  });
}

/// What else the same CONFIG SET sets is this node's alone.
void ControlCore::apply_settings(const AdminRequest& request) {
  Settings changed = *settings_;
  const commands::EventFlags events = changed.keyspace_events;
  static_cast<void>(node::change_settings(changed, {request.args.begin() + 2, request.args.end()}));
  changed.keyspace_events = events;
  settings_ = std::make_shared<const Settings>(std::move(changed));
  effects_.workers.emplace_back(std::nullopt, settings_);
  answer_ok(request);
}

void ControlCore::follow_cluster_settings() {
  if (!cluster().settings) return;
  const std::string& letters = cluster().settings->keyspace_events;
  if (letters == settings_->keyspace_events.letters()) return;
  // Letters of a newer release mean nothing here.
  const auto flags = commands::EventFlags::parse(letters);
  if (!flags) return;
  Settings changed = *settings_;
  changed.keyspace_events = *flags;
  settings_ = std::make_shared<const Settings>(std::move(changed));
  effects_.workers.emplace_back(std::nullopt, settings_);
}

}  // namespace borg::node
