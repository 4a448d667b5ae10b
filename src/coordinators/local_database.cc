// SPDX-License-Identifier: Apache-2.0
#include "coordinators/local_database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"
#include "coordination/key_space.h"

namespace borg::coordinators {

using coordination::Change;
using coordination::Changes;
using coordination::Compare;
using coordination::Delete;
using coordination::Event;
using coordination::Put;
using coordination::Snapshot;
using coordination::Txn;
using coordination::TxnOutcome;
using sqlite::Query;

namespace {

/// How many revisions back a deletion can be read before it needs a Snapshot.
constexpr std::int64_t kTombstoneRevisions = 4096;

std::int64_t number(Revision revision) { return static_cast<std::int64_t>(revision.value()); }
Revision revision_at(const Query& query, int column) {
  return Revision(static_cast<std::uint64_t>(query.integer(column)));
}

}  // namespace

LocalDatabase::LocalDatabase(LocalDatabaseOptions options) : options_(std::move(options)) {}

LocalDatabase::~LocalDatabase() {
  // The session's lock goes last: once it is free we must not be able to write.
  db_.close();
  lock_.close();
  if (directory_fd_ >= 0) close(directory_fd_);
}

std::string LocalDatabase::path(const std::string& file) const {
  return options_.directory + "/" + file;
}

LocalStatus LocalDatabase::fail(LocalStatus status, std::string message) {
  message_ = std::move(message);
  return status;
}

/// What the connection's error means before a COMMIT was tried.
LocalStatus LocalDatabase::verdict() {
  if (!db_.failed()) return LocalStatus::kOk;
  data_version_ = -1;
  message_ = "the database " + path("borg.db") + ": " + db_.message();
  switch (db_.code()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return LocalStatus::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      message_ += "; if no node of the cluster runs, remove " + options_.directory;
      return LocalStatus::kBroken;
    default:
      return LocalStatus::kFailed;
  }
}

LocalDatabase::State LocalDatabase::read_state() {
  State state;
  Query query(db_, "SELECT revision, trimmed, lock_file FROM state");
  if (!query.next()) return state;
  state.revision = revision_at(query, 0);
  state.trimmed = revision_at(query, 1);
  state.lock_file = query.bytes(2);
  return state;
}

bool LocalDatabase::begin_write(LocalOutcome& out) {
  db_.clear();
  db_.run("BEGIN IMMEDIATE");
  out.status = verdict();
  if (out.status != LocalStatus::kOk) return false;
  out.status = check_files();
  if (out.status == LocalStatus::kOk) return true;
  db_.roll_back();
  return false;
}

/// Writing to files that nobody else can find any more would look like success.
LocalStatus LocalDatabase::check_files() {
  if (identities() == identities_) return LocalStatus::kOk;
  return fail(LocalStatus::kBroken,
              "the files in " + options_.directory + " were deleted or replaced while in use");
}

void LocalDatabase::commit(LocalOutcome& out, Revision revision) {
  if (db_.failed()) {
    db_.roll_back();
    out = {verdict(), TxnOutcome::kUnavailable, Revision(), std::nullopt};
    return;
  }
  if (db_.run("COMMIT")) {
    has_snapshot_ = true;
    seen_ = revision;
    return;
  }
  // A full disk cannot have taken the commit's last frame, and a lock that was not given means
  // that nothing was tried. Any other failure may have come after the last frame.
  const bool is_certain = db_.code() == SQLITE_FULL || db_.code() == SQLITE_BUSY;
  db_.roll_back();
  const LocalStatus status = verdict();
  out = {is_certain ? status : LocalStatus::kInDoubt, TxnOutcome::kUnavailable, Revision(),
         std::nullopt};
  if (is_certain) return;
  out.txn = TxnOutcome::kUnknown;
  if (status == LocalStatus::kBroken) out.status = status;
}

LocalOutcome LocalDatabase::apply(const Txn& txn) {
  BORG_CHECK(coordination::is_well_formed(txn));
  LocalOutcome out;
  if (!begin_write(out)) return out;
  State state = read_state();
  if (hold(txn.compares)) {
    if (write(txn, state.revision.next())) advance(state);
    out.txn = TxnOutcome::kCommitted;
  } else {
    out.txn = TxnOutcome::kConflict;
  }
  out.revision = state.revision;
  out.news = read_news(state);
  commit(out, state.revision);
  return out;
}

bool LocalDatabase::hold(const std::vector<Compare>& compares) {
  Query query(db_, "SELECT modified FROM entries WHERE key = ?");
  for (const Compare& compare : compares) {
    const Revision modified = query.bind(compare.key).next() ? revision_at(query, 0) : Revision();
    if (modified != compare.modified) return false;
    query.reset();
  }
  return true;
}

/// Returns whether anything changed.
bool LocalDatabase::write(const Txn& txn, Revision revision) {
  Query upsert(db_,
               "INSERT INTO entries(key, value, created, modified, session)"
               " VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT(key) DO UPDATE SET"
               " value = excluded.value, modified = excluded.modified, session = excluded.session");
  Query revive(db_, "DELETE FROM tombstones WHERE key = ?");
  for (const Put& put : txn.puts) {
    upsert.bind(put.key).bind(put.value).bind(number(revision));
    (put.bound_to_session ? upsert.bind(session_) : upsert.bind_null()).run();
    revive.bind(put.key).run();
  }
  Query erase(db_, "DELETE FROM entries WHERE key = ?");
  Query bury(db_, "INSERT OR REPLACE INTO tombstones(key, revision) VALUES (?, ?)");
  bool is_changed = !txn.puts.empty();
  for (const Delete& del : txn.deletes) {
    if (erase.bind(del.key).run() == 0) continue;
    bury.bind(del.key).bind(number(revision)).run();
    is_changed = true;
  }
  return is_changed;
}

/// Returns whether anything but the sessions themselves changed.
bool LocalDatabase::end_sessions(const std::vector<std::int64_t>& sessions, Revision revision) {
  Query bury(db_,
             "INSERT OR REPLACE INTO tombstones(key, revision)"
             " SELECT key, ?1 FROM entries WHERE session = ?2");
  Query erase(db_, "DELETE FROM entries WHERE session = ?");
  Query forget(db_, "DELETE FROM sessions WHERE id = ?");
  bool is_changed = false;
  for (const std::int64_t session : sessions) {
    bury.bind(number(revision)).bind(session).run();
    is_changed |= erase.bind(session).run() != 0;
    forget.bind(session).run();
  }
  return is_changed;
}

/// Makes the next revision the current one.
void LocalDatabase::advance(State& state) {
  state.revision = state.revision.next();
  const std::int64_t oldest = number(state.revision) - kTombstoneRevisions;
  Query last(db_, "SELECT max(revision) FROM tombstones WHERE revision <= ?");
  if (last.bind(oldest).next() && !last.is_null(0)) {
    state.trimmed = revision_at(last, 0);
    Query(db_, "DELETE FROM tombstones WHERE revision <= ?").bind(oldest).run();
  }
  Query update(db_, "UPDATE state SET revision = ?, trimmed = ?");
  update.bind(number(state.revision)).bind(number(state.trimmed)).run();
}

std::optional<Event> LocalDatabase::read_news(const State& state) {
  if (!has_snapshot_ || seen_ < state.trimmed) return read_snapshot(state.revision);
  if (seen_ == state.revision) return std::nullopt;
  return read_changes(state.revision);
}

Snapshot LocalDatabase::read_snapshot(Revision revision) {
  Snapshot out{revision, {}};
  Query query(db_, "SELECT key, value, modified, created FROM entries ORDER BY key");
  while (query.next()) {
    out.entries.push_back(
        {query.bytes(0), query.bytes(1), revision_at(query, 2), revision_at(query, 3)});
  }
  return out;
}

Changes LocalDatabase::read_changes(Revision revision) {
  Changes out{revision, {}};
  Query query(db_,
              "SELECT modified, key, value, created FROM entries WHERE modified > ?1 UNION ALL"
              " SELECT revision, key, NULL, 0 FROM tombstones WHERE revision > ?1 ORDER BY 1");
  query.bind(number(seen_));
  while (query.next()) {
    Change change{query.bytes(1), std::nullopt, revision_at(query, 0), revision_at(query, 3)};
    if (!query.is_null(2)) change.value = query.bytes(2);
    out.changes.push_back(std::move(change));
  }
  return out;
}

LocalOutcome LocalDatabase::poll() {
  LocalOutcome out;
  out.status = check_files();
  if (out.status != LocalStatus::kOk) return out;
  db_.clear();
  // Read before the rest: what is committed in between makes the next poll look again.
  const std::int64_t version = data_version();
  if (!db_.failed() && version == data_version_ && has_snapshot_) return out;
  db_.run("BEGIN");
  const State state = read_state();
  const bool is_going_back = !db_.failed() && state.revision < seen_;
  out.news = read_news(state);
  db_.roll_back();
  out.status = verdict();
  if (is_going_back) {
    out.status = fail(LocalStatus::kBroken, "the database in " + options_.directory +
                                                " has lost changes that it once had");
  }
  if (out.status != LocalStatus::kOk) return {out.status, out.txn, Revision(), std::nullopt};
  data_version_ = version;
  has_snapshot_ = true;
  seen_ = state.revision;
  return out;
}

std::int64_t LocalDatabase::data_version() {
  Query query(db_, "PRAGMA data_version");
  return query.next() ? query.integer(0) : -1;
}

LocalOutcome LocalDatabase::end(const std::vector<std::int64_t>& sessions) {
  LocalOutcome out;
  if (!begin_write(out)) return out;
  State state = read_state();
  if (end_sessions(sessions, state.revision.next())) advance(state);
  out.news = read_news(state);
  commit(out, state.revision);
  return out;
}

LocalOutcome LocalDatabase::reap() {
  db_.clear();
  std::vector<std::int64_t> dead;
  {
    Query query(db_, "SELECT id FROM sessions");
    while (query.next()) {
      const std::int64_t id = query.integer(0);
      if (id != session_ && lock_.is_free(static_cast<std::uint64_t>(id))) dead.push_back(id);
    }
  }
  LocalOutcome out;
  out.status = verdict();
  if (out.status != LocalStatus::kOk || dead.empty()) return out;
  return end(dead);
}

LocalOutcome LocalDatabase::end_session() { return end({session_}); }

bool LocalDatabase::probe() {
  LocalOutcome out;
  if (!begin_write(out)) return false;
  db_.run("UPDATE state SET revision = revision");
  const bool is_written = db_.run("COMMIT");
  db_.roll_back();
  return is_written;
}

}  // namespace borg::coordinators
