// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/strong_id.h"
#include "coordination/coordinator.h"

namespace borg::coordination {

/// One client's session within a key space. 0 is none.
using SessionId = StrongId<struct SessionIdTag, std::uint64_t>;

/// etcd's default for --max-txn-ops: so many compares, and so many puts and deletes together.
inline constexpr std::size_t kTxnOperationsMax = 128;

/// True if the transaction is within kTxnOperationsMax and names no key in two writes. A
/// coordinator may be given no other: it is our own bug.
[[nodiscard]] bool is_well_formed(const Txn& txn);

/// Drops every change that a later one of the same key supersedes; the order stays.
void keep_newest(std::vector<Change>& changes);

struct TxnResult {
  TxnOutcome outcome = TxnOutcome::kUnavailable;
  Revision revision;  ///< of the key space after it
  Changes changes;    ///< empty unless something was written
};

/// The coordinator's key space as pure logic: what `memory` and the simulator share among their
/// clients.
///
/// Runs:      sans-I/O, not thread-safe.
/// Errors:    a conflict, or a bound put without a live session (kUnavailable), leaves no trace.
/// Invariant: the revision grows by one with each transaction that changes something, and with
///            nothing else; every entry that is bound belongs to a live session.
class KeySpace {
 public:
  /// `log_revisions_max`: how far back changes_since() reaches.
  explicit KeySpace(std::size_t log_revisions_max = 4096) : log_max_(log_revisions_max) {}

  [[nodiscard]] SessionId begin_session();
  [[nodiscard]] bool is_live(SessionId session) const { return sessions_.contains(session); }
  /// The live session that the key is bound to.
  [[nodiscard]] std::optional<SessionId> session_of(std::string_view key) const;
  /// Deletes what is bound to the session, at one new revision. Once ended, nothing happens.
  Changes end_session(SessionId session);

  /// REQUIRES: is_well_formed(txn).
  TxnResult apply(const Txn& txn, SessionId session);

  [[nodiscard]] Revision revision() const { return revision_; }
  [[nodiscard]] Snapshot snapshot() const;
  /// All that changed after `seen`, newest value a key; nullopt if the log no longer has it.
  [[nodiscard]] std::optional<Changes> changes_since(Revision seen) const;

 private:
  struct Entry {
    std::string value;
    Revision modified;
    Revision created;
    SessionId session;
  };
  [[nodiscard]] bool holds(const Compare& compare) const;
  void put(const Put& put, SessionId session, Changes& out);
  void erase(const std::string& key, Changes& out);
  void append_to_log(const Changes& changes);

  std::size_t log_max_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::unordered_set<SessionId> sessions_;
  SessionId last_session_;
  Revision revision_;
  Revision log_starts_after_;
  std::deque<Changes> log_;
};

}  // namespace borg::coordination
