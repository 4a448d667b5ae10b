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
  return wait_until([](const Record& r) { return r.snapshots > 0 && r.sessions_begun > 0; });
}

TxnId Client::submit(Txn txn) {
  coordinator_->submit(++last_id_, std::move(txn));
  return last_id_;
}

TxnDone Client::commit(Txn txn) {
  const TxnId id = submit(std::move(txn));
  const bool is_answered = wait_until([&](const Record& r) { return r.done.contains(id); });
  return is_answered ? answer(id) : TxnDone{id, TxnOutcome::kUnknown, Revision()};
}

bool Client::put(const std::string& key, const std::string& value, bool is_bound) {
  return commit({{}, {{key, value, is_bound}}, {}}).outcome == TxnOutcome::kCommitted;
}

bool Client::wait_until(const Condition& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(record_); });
}

bool Client::wait_for_key(const std::string& key) {
  return wait_until([&](const Record& r) { return r.view.contains(key); });
}

bool Client::wait_for_absence(const std::string& key) {
  return wait_until([&](const Record& r) { return !r.view.contains(key); });
}

bool Client::wait_for_revision(Revision revision) {
  return wait_until([&](const Record& r) { return r.revision >= revision; });
}

Record Client::record() {
  const std::lock_guard lock(mutex_);
  return record_;
}

void Client::take(const Event& event) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_in_sink_, true)) breach("two events at once");
    ++record_.events;
    std::visit([this](const auto& each) { on(each); }, event);
  }
  changed_.notify_all();
  const std::lock_guard lock(mutex_);
  is_in_sink_ = false;
}

void Client::on(const TxnDone& done) {
  if (!record_.done.emplace(done.id, done).second) breach("a second answer");
  if (done.outcome == TxnOutcome::kCommitted && done.revision > record_.revision) {
    breach("an answer before its changes");
  }
}

void Client::on(const Snapshot& snapshot) {
  if (record_.snapshots++ > 0 && snapshot.revision < record_.revision)
    breach("a snapshot of the past");
  record_.revision = snapshot.revision;
  record_.view.clear();
  for (const KeyValue& entry : snapshot.entries) {
    record_.view[entry.key] = {entry.value, entry.modified, entry.created};
    if (entry.modified > record_.revision) breach("a snapshot with an entry of the future");
  }
}

void Client::on(const Changes& changes) {
  if (record_.snapshots == 0) breach("changes before the first snapshot");
  if (changes.changes.empty()) breach("changes of nothing");
  if (changes.revision <= record_.revision) breach("changes of the past");
  Revision last = record_.revision.next();
  std::set<std::string> keys;
  for (const Change& change : changes.changes) {
    if (change.modified < last || change.modified > changes.revision) breach("out of order");
    if (!keys.insert(change.key).second) breach("a key twice");
    last = change.modified;
    if (change.value) {
      record_.view[change.key] = {*change.value, change.modified, change.created};
    } else {
      record_.view.erase(change.key);
      ++record_.deletions[change.key];
    }
  }
  record_.revision = changes.revision;
}

void Client::on(const SessionAlive& alive) {
  ++record_.sessions_begun;
  if (record_.sessions_begun > record_.sessions_lost + 1)
    --record_.sessions_begun;  // a further proof of life
  if (alive.valid_until < record_.valid_until) breach("validity goes back");
  record_.valid_until = alive.valid_until;
}

void Client::on(const SessionLost& /*lost*/) { ++record_.sessions_lost; }

void Client::on(const Trouble& trouble) {
  record_.is_troubled = !trouble.over;
  if (record_.is_troubled) ++record_.troubles;
}

void Client::on(const Fatal& fatal) { record_.fatal.push_back(fatal.message); }

}  // namespace borg::coordinators::testing
