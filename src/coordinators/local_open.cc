// SPDX-License-Identifier: Apache-2.0
// LocalDatabase: how it is opened, created and joined.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/random.h"
#include "coordinators/local_database.h"
#include "coordinators/local_directory.h"

namespace borg::coordinators {

using sqlite::Query;

namespace {

// In the file since v1: never change.
constexpr std::int64_t kApplicationId = 0x426f7267;  // "Borg"
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kSchema =
    "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK (one = 1), cluster BLOB NOT NULL,"
    " lock_file BLOB NOT NULL, revision INTEGER NOT NULL, trimmed INTEGER NOT NULL);"
    "CREATE TABLE entries(key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, session INTEGER);"
    "CREATE INDEX entries_by_revision ON entries(modified);"
    "CREATE INDEX entries_by_session ON entries(session) WHERE session IS NOT NULL;"
    "CREATE TABLE tombstones(key BLOB PRIMARY KEY NOT NULL, revision INTEGER NOT NULL);"
    "CREATE INDEX tombstones_by_revision ON tombstones(revision);"
    "CREATE TABLE sessions(id INTEGER PRIMARY KEY);"
    "PRAGMA application_id = 0x426f7267; PRAGMA user_version = 1;";

std::string error_text() { return std::generic_category().message(errno); }

std::string hex(std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
  return out;
}

std::int64_t pragma(sqlite::Connection& db, const char* sql) {
  Query query(db, sql);
  return query.next() ? query.integer(0) : -1;
}

/// False, with errno, if there is no such file and it cannot be made.
bool create_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

}  // namespace

std::array<FileIdentity, 4> LocalDatabase::identities() const {
  return {identity_of(path("borg.db")), identity_of(path("borg.db-wal")),
          identity_of(path("borg.db-shm")), identity_of(path(lock_file_))};
}

LocalStatus LocalDatabase::open(std::uint64_t seed) {
  if (directory_fd_ < 0) {
    const auto opened = open_local_directory(options_.directory);
    if (!opened) return fail(LocalStatus::kBroken, opened.error().message);
    directory_fd_ = *opened;
  }
  // One process at a time: SQLite's own locks do not cover the change to WAL mode.
  const std::string init = path("init.lock");
  const int fd = ::open(init.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(LocalStatus::kBroken, "cannot open " + init + ": " + error_text());
  LocalStatus status = LocalStatus::kBusy;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    status = open_locked(seed);
  } else {
    message_ = "another process is opening the database in " + options_.directory +
               " and does not get on with it";
  }
  ::close(fd);
  return status;
}

LocalStatus LocalDatabase::open_locked(std::uint64_t seed) {
  db_.close();
  db_.clear();
  message_.clear();
  LocalStatus status = LocalStatus::kOk;
  if (!db_.open(path("borg.db"), options_.busy_ms)) {
    status = verdict();
    return status == LocalStatus::kFailed ? LocalStatus::kBroken : status;
  }
  if (lock_file_.empty()) lock_file_ = "sessions-" + hex(Random(seed).next());
  status = open_schema();
  return status == LocalStatus::kOk ? begin_session(seed) : status;
}

LocalStatus LocalDatabase::open_schema() {
  // After a crash of the machine no node's data is left either, so nothing needs an fsync.
  db_.run("PRAGMA journal_mode = WAL");
  db_.run("PRAGMA synchronous = OFF");
  db_.run("PRAGMA journal_size_limit = 16777216");
  const std::int64_t page_bytes = pragma(db_, "PRAGMA page_size");
  if (page_bytes > 0) {
    const std::int64_t pages = options_.size_bytes_max / page_bytes;
    db_.run(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
  }
  if (pragma(db_, "SELECT count(*) FROM sqlite_schema") == 0) {
    if (!create_schema()) return fail(LocalStatus::kFailed, message_);
  } else if (!db_.failed() && !verify_schema()) {
    return LocalStatus::kBroken;
  }
  return verdict();
}

bool LocalDatabase::create_schema() {
  if (!create_file(path(lock_file_))) {
    message_ = "cannot create " + path(lock_file_) + ": " + error_text();
    return false;
  }
  db_.run("BEGIN IMMEDIATE");
  db_.run(kSchema);
  Query(db_, "INSERT INTO state VALUES (1, ?, ?, 0, 0)")
      .bind(options_.cluster)
      .bind(lock_file_)
      .run();
  db_.run("COMMIT");
  db_.roll_back();
  return true;
}

bool LocalDatabase::verify_schema() {
  const std::string file = "the database " + path("borg.db");
  const std::int64_t application = pragma(db_, "PRAGMA application_id");
  const std::int64_t version = pragma(db_, "PRAGMA user_version");
  if (db_.failed()) return true;
  if (application != kApplicationId) {
    message_ = file + " is not Borg's";
  } else if (version != kSchemaVersion) {
    message_ = file + " has version " + std::to_string(version) + ", this node knows " +
               std::to_string(kSchemaVersion) + " only";
  } else {
    Query check(db_, "PRAGMA quick_check(1)");
    if (check.next() && check.bytes(0) != "ok") message_ = file + " is damaged: " + check.bytes(0);
    Query cluster(db_, "SELECT cluster FROM state");
    if (cluster.next() && cluster.bytes(0) != options_.cluster) {
      message_ =
          file + " belongs to the cluster " + cluster.bytes(0) + ", not to " + options_.cluster;
    }
  }
  return message_.empty();
}

LocalStatus LocalDatabase::begin_session(std::uint64_t seed) {
  const State state = read_state();
  if (db_.failed()) return verdict();
  lock_file_ = state.lock_file;
  if (!lock_.open(path(lock_file_))) {
    // Another file in its place would show every session that lives to be dead.
    return fail(LocalStatus::kBroken, "cannot open " + path(lock_file_) + ": " + error_text() +
                                          "; if no node of the cluster runs, remove " +
                                          options_.directory);
  }
  Random random(seed);
  do {
    session_ = static_cast<std::int64_t>(random.next() >> 2);
  } while (session_ == 0 || !lock_.is_free(static_cast<std::uint64_t>(session_)));
  // The lock before the row: whoever sees the row must find it locked.
  if (!lock_.acquire(static_cast<std::uint64_t>(session_))) {
    return fail(LocalStatus::kFailed, "cannot lock " + path(lock_file_) + ": " + error_text());
  }
  Query(db_, "INSERT INTO sessions(id) VALUES (?)").bind(session_).run();
  if (!db_.failed()) identities_ = identities();
  return verdict();
}

}  // namespace borg::coordinators
