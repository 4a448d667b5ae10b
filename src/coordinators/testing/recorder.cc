// SPDX-License-Identifier: Apache-2.0
#include "coordinators/testing/recorder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace borg::coordinators::testing {

using coordination::Change;
using coordination::Changes;
using coordination::Event;
using coordination::Fatal;
using coordination::KeyValue;
using coordination::SessionAlive;
using coordination::SessionLost;
using coordination::Snapshot;
using coordination::Trouble;
using coordination::Txn;
using coordination::TxnDone;
using coordination::TxnId;
using coordination::TxnOutcome;

Client::Client(std::unique_ptr<coordination::Coordinator> coordinator)
    : coordinator_(std::move(coordinator)) {}

void Client::start() {
  coordinator_->start([this](const Event& event) { take(event); });
}

bool Client::join() {
  start();
  return wait_until([this] { return snapshots_ > 0 && sessions_begun_ > 0; });
}

TxnId Client::submit(Txn txn) {
  const std::lock_guard lock(mutex_);
  const TxnId id = ++last_id_;
  coordinator_->submit(id, std::move(txn));
  return id;
}

TxnDone Client::commit(Txn txn) {
  const TxnId id = submit(std::move(txn));
  wait_until([&] { return done_.contains(id); });
  return answer(id).value_or(TxnDone{id, TxnOutcome::kUnknown, Revision()});
}

std::optional<TxnDone> Client::answer(TxnId id) {
  const std::lock_guard lock(mutex_);
  const auto it = done_.find(id);
  if (it == done_.end()) return std::nullopt;
  return it->second;
}

bool Client::put(const std::string& key, const std::string& value, bool is_bound) {
  return commit({{}, {{key, value, is_bound}}, {}}).outcome == TxnOutcome::kCommitted;
}

bool Client::wait_until(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), condition);
}

bool Client::wait_for_key(const std::string& key) {
  return wait_until([&] { return view_.contains(key); });
}

bool Client::wait_for_absence(const std::string& key) {
  return wait_until([&] { return !view_.contains(key); });
}

bool Client::wait_for_revision(Revision revision) {
  return wait_until([&] { return revision_ >= revision; });
}

View Client::view() {
  const std::lock_guard lock(mutex_);
  return view_;
}

Revision Client::revision() {
  const std::lock_guard lock(mutex_);
  return revision_;
}

std::size_t Client::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::vector<std::string> Client::breaches() {
  const std::lock_guard lock(mutex_);
  return breaches_;
}

void Client::take(const Event& event) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_in_sink_, true)) breach("two events at once");
    ++events_;
    std::visit([this](const auto& each) { on(each); }, event);
  }
  changed_.notify_all();
  const std::lock_guard lock(mutex_);
  is_in_sink_ = false;
}

void Client::on(const TxnDone& done) {
  if (!done_.emplace(done.id, done).second) breach("a second answer");
  if (done.outcome == TxnOutcome::kCommitted && done.revision > revision_) {
    breach("an answer before its changes");
  }
}

void Client::on(const Snapshot& snapshot) {
  if (snapshots_++ > 0 && snapshot.revision < revision_) breach("a snapshot of the past");
  revision_ = snapshot.revision;
  view_.clear();
  for (const KeyValue& entry : snapshot.entries) {
    view_[entry.key] = {entry.value, entry.modified, entry.created};
    if (entry.modified > revision_) breach("a snapshot with an entry of the future");
  }
}

void Client::on(const Changes& changes) {
  if (snapshots_ == 0) breach("changes before the first snapshot");
  if (changes.changes.empty()) breach("changes of nothing");
  if (changes.revision <= revision_) breach("changes of the past");
  Revision last = revision_.next();
  std::set<std::string> keys;
  for (const Change& change : changes.changes) {
    if (change.modified < last || change.modified > changes.revision) breach("out of order");
    if (!keys.insert(change.key).second) breach("a key twice");
    last = change.modified;
    if (change.value) {
      view_[change.key] = {*change.value, change.modified, change.created};
    } else {
      view_.erase(change.key);
      ++deletions_[change.key];
    }
  }
  revision_ = changes.revision;
}

void Client::on(const SessionAlive& alive) {
  ++sessions_begun_;
  if (sessions_begun_ > sessions_lost_ + 1) --sessions_begun_;  // a further proof of life
  if (valid_until_ && alive.valid_until < *valid_until_) breach("validity goes back");
  valid_until_ = alive.valid_until;
}

void Client::on(const SessionLost& /*lost*/) { ++sessions_lost_; }

void Client::on(const Trouble& trouble) {
  is_troubled_ = !trouble.over;
  if (is_troubled_) ++troubles_;
}

void Client::on(const Fatal& fatal) { fatal_.push_back(fatal.message); }

}  // namespace borg::coordinators::testing
