// SPDX-License-Identifier: Apache-2.0
#include "coordination/key_space.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/check.h"

namespace borg::coordination {

bool is_well_formed(const Txn& txn) {
  const std::size_t writes = txn.puts.size() + txn.deletes.size();
  if (writes > kTxnOperationsMax || txn.compares.size() > kTxnOperationsMax) return false;
  std::unordered_set<std::string_view> keys;
  for (const Put& put : txn.puts) keys.insert(put.key);
  for (const Delete& del : txn.deletes) keys.insert(del.key);
  return keys.size() == writes && !keys.contains(std::string_view());
}

void keep_newest(std::vector<Change>& changes) {
  std::unordered_set<std::string_view> later;
  std::vector<bool> is_kept(changes.size());
  for (std::size_t i = changes.size(); i-- > 0;) is_kept[i] = later.insert(changes[i].key).second;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!is_kept[i]) continue;
    if (kept != i) changes[kept] = std::move(changes[i]);
    ++kept;
  }
  changes.resize(kept);
}

SessionId KeySpace::begin_session() {
  last_session_ = last_session_.next();
  sessions_.insert(last_session_);
  return last_session_;
}

std::optional<SessionId> KeySpace::session_of(std::string_view key) const {
  const auto it = entries_.find(key);
  if (it == entries_.end() || it->second.session == SessionId()) return std::nullopt;
  return it->second.session;
}

Changes KeySpace::end_session(SessionId session) {
  Changes out{revision_, {}};
  if (sessions_.erase(session) == 0) return out;
  std::vector<std::string> bound;
  for (const auto& [key, entry] : entries_) {
    if (entry.session == session) bound.push_back(key);
  }
  out.revision = revision_.next();
  for (const std::string& key : bound) erase(key, out);
  append_to_log(out);
  out.revision = revision_;
  return out;
}

TxnResult KeySpace::apply(const Txn& txn, SessionId session) {
  BORG_CHECK(is_well_formed(txn));
  TxnResult result{TxnOutcome::kConflict, revision_, {revision_, {}}};
  const auto is_bound = [](const Put& put) { return put.bound_to_session; };
  if (std::any_of(txn.puts.begin(), txn.puts.end(), is_bound) && !is_live(session)) {
    result.outcome = TxnOutcome::kUnavailable;
    return result;
  }
  for (const Compare& compare : txn.compares) {
    if (!holds(compare)) return result;
  }
  Changes& out = result.changes;
  out.revision = revision_.next();
  for (const Put& each : txn.puts) put(each, session, out);
  for (const Delete& each : txn.deletes) erase(each.key, out);
  append_to_log(out);
  out.revision = revision_;
  result.outcome = TxnOutcome::kCommitted;
  result.revision = revision_;
  return result;
}

bool KeySpace::holds(const Compare& compare) const {
  const auto it = entries_.find(compare.key);
  return (it == entries_.end() ? Revision() : it->second.modified) == compare.modified;
}

void KeySpace::put(const Put& put, SessionId session, Changes& out) {
  const auto [it, is_new] = entries_.try_emplace(put.key);
  Entry& entry = it->second;
  entry.value = put.value;
  entry.modified = out.revision;
  if (is_new) entry.created = out.revision;
  entry.session = put.bound_to_session ? session : SessionId();
  out.changes.push_back({put.key, put.value, entry.modified, entry.created});
}

void KeySpace::erase(const std::string& key, Changes& out) {
  if (entries_.erase(key) == 0) return;
  out.changes.push_back({key, std::nullopt, out.revision, Revision()});
}

void KeySpace::append_to_log(const Changes& changes) {
  if (changes.changes.empty()) return;
  revision_ = changes.revision;
  log_.push_back(changes);
  if (log_.size() <= log_max_) return;
  log_starts_after_ = log_.front().revision;
  log_.pop_front();
}

Snapshot KeySpace::snapshot() const {
  Snapshot out{revision_, {}};
  out.entries.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    out.entries.push_back({key, entry.value, entry.modified, entry.created});
  }
  return out;
}

std::optional<Changes> KeySpace::changes_since(Revision seen) const {
  if (seen < log_starts_after_) return std::nullopt;
  Changes out{revision_, {}};
  const auto is_older = [](Revision revision, const Changes& c) { return revision < c.revision; };
  auto it = std::upper_bound(log_.begin(), log_.end(), seen, is_older);
  for (; it != log_.end(); ++it) {
    out.changes.insert(out.changes.end(), it->changes.begin(), it->changes.end());
  }
  keep_newest(out.changes);
  return out;
}

}  // namespace borg::coordination
