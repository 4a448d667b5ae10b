// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordination/coordinator.h"
#include "coordinators/session_lock.h"
#include "coordinators/sqlite.h"

namespace borg::coordinators {

enum class LocalStatus : std::uint8_t {
  kOk,
  kBusy,     ///< another process holds a lock: for certain nothing happened; try again
  kFailed,   ///< for certain nothing happened (disk full, out of memory, …)
  kInDoubt,  ///< the commit itself failed: it happened, or it did not
  kBroken,   ///< corrupt, deleted, replaced or not ours: not to be used any more
};

struct LocalOutcome {
  LocalStatus status = LocalStatus::kFailed;
  coordination::TxnOutcome txn = coordination::TxnOutcome::kUnavailable;
  Revision revision;
  /// Snapshot or Changes: what is new since the last one, this transaction included.
  std::optional<coordination::Event> news;
};

struct LocalDatabaseOptions {
  std::string directory;  ///< absolute
  std::string cluster;
  std::int64_t size_bytes_max = 1 << 30;
  int busy_ms = 20;  ///< how long one call may wait for another process
};

/// The key space in an SQLite file, and our session in it.
///
/// What changed since a revision is read from the entries' own revisions, and from tombstones
/// for the deleted ones; a reader that is behind the oldest tombstone gets a Snapshot.
///
/// Runs:   on one thread; blocks for the disk, and for another process at most busy_ms.
/// Errors: a failure is told by the status, with message(); no call leaves a transaction open.
class LocalDatabase {
 public:
  explicit LocalDatabase(LocalDatabaseOptions options);
  ~LocalDatabase();
  LocalDatabase(const LocalDatabase&) = delete;
  LocalDatabase& operator=(const LocalDatabase&) = delete;

  /// Opens or creates the key space and begins our session. `seed` picks the session's name.
  /// On kBusy or kFailed it may be called again.
  LocalStatus open(std::uint64_t seed);
  /// REQUIRES: open() said kOk; so for all below.
  LocalOutcome apply(const coordination::Txn& txn);
  /// What is new. Costs next to nothing if nobody wrote.
  LocalOutcome poll();
  /// Ends the sessions whose holders are proven dead.
  LocalOutcome reap();
  /// Ends our session.
  LocalOutcome end_session();
  /// True if a write would go through now.
  bool probe();

  [[nodiscard]] Revision seen() const { return seen_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  struct State {
    Revision revision;
    Revision trimmed;  ///< the newest tombstone that is no longer there
    std::string lock_file;
  };

  LocalStatus open_locked(std::uint64_t seed);
  LocalStatus open_schema();
  bool create_schema();
  bool verify_schema();
  LocalStatus begin_session(std::uint64_t seed);
  LocalStatus fail(LocalStatus status, std::string message);
  LocalStatus verdict();
  LocalStatus check_files();
  std::int64_t data_version();
  [[nodiscard]] std::string path(const std::string& file) const;
  [[nodiscard]] std::array<FileIdentity, 4> identities() const;

  bool begin_write(LocalOutcome& out);
  void commit(LocalOutcome& out, Revision revision);
  State read_state();
  bool hold(const std::vector<coordination::Compare>& compares);
  bool write(const coordination::Txn& txn, Revision revision);
  bool end_sessions(const std::vector<std::int64_t>& sessions, Revision revision);
  LocalOutcome end(const std::vector<std::int64_t>& sessions);
  void advance(State& state);
  std::optional<coordination::Event> read_news(const State& state);
  coordination::Snapshot read_snapshot(Revision revision);
  coordination::Changes read_changes(Revision revision);

  LocalDatabaseOptions options_;
  sqlite::Connection db_;
  SessionLock lock_;
  std::string lock_file_;
  int directory_fd_ = -1;
  std::int64_t session_ = 0;
  std::array<FileIdentity, 4> identities_;
  bool has_snapshot_ = false;
  Revision seen_;
  std::int64_t data_version_ = -1;
  std::string message_;
};

}  // namespace borg::coordinators
