// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace borg::coordination {

struct KeyValue {
  std::string key;
  std::string value;
  Revision modified;  ///< the revision of the transaction that wrote it last
  Revision created;   ///< the revision of the transaction that created it
};

/// Holds if the key was last written at exactly this revision; Revision(0): if it is absent.
struct Compare {
  std::string key;
  Revision modified;
};
struct Put {
  std::string key;
  std::string value;
  bool bound_to_session = false;  ///< deleted when this client's session ends
};
struct Delete {
  std::string key;
};

/// Atomic: if every compare holds, all puts and deletes happen at one new revision, else none.
/// At most 128 + a few operations; keys are distinct.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Put> puts;
  std::vector<Delete> deletes;
};

enum class TxnOutcome : std::uint8_t {
  kCommitted,
  kConflict,     ///< a compare did not hold: nothing happened
  kUnavailable,  ///< for certain nothing happened and nothing will
  kUnknown,      ///< the answer was lost: it happened, or not, or will happen yet
};

/// Which transaction: chosen by the caller, unique within one Coordinator's life.
using TxnId = std::uint64_t;

// ---- events, in the order in which the coordinator's history has them ----

struct TxnDone {
  TxnId id = 0;
  TxnOutcome outcome = TxnOutcome::kUnknown;
  Revision revision;  ///< of the commit, if committed
};
/// The whole key space at one revision: first, and after every gap in the changes.
struct Snapshot {
  Revision revision;
  std::vector<KeyValue> entries;
};
/// What one or more consecutive transactions changed, newest value a key, in revision order.
/// Every change since the last Snapshot or Changes arrives; own transactions too.
struct Change {
  std::string key;
  std::optional<std::string> value;  ///< nullopt: deleted
  Revision modified;
  Revision created;
};
struct Changes {
  Revision revision;
  std::vector<Change> changes;
};
/// Our session lives and keys bound to it stay. Sent at start and at each proof of life; it is
/// certain that nobody saw the session end before `valid_until` (never() for `local`: the
/// session ends with the process).
struct SessionAlive {
  Instant valid_until;
};
/// Our session ended: keys bound to it are gone. A new one has begun when SessionAlive follows.
struct SessionLost {};
/// Something an operator should know; also when the trouble is over.
struct Trouble {
  bool over = false;
  std::string message;
};
/// The coordinator cannot be used at all, nor will it be (corrupt database, wrong cluster, no
/// permission): every transaction from now on is kUnavailable.
struct Fatal {
  std::string message;
};
using Event = std::variant<TxnDone, Snapshot, Changes, SessionAlive, SessionLost, Trouble, Fatal>;

/// The store in which nodes keep what they must agree on: small, linearizable, versioned, with
/// transactions that compare and then write, changes that are watched, and sessions that end
/// with their node.
///
/// Runs:    methods may be called from one thread (the control thread) and never block; events
///          are given to the sink from any thread, one at a time.
/// Errors:  nothing throws; a coordinator that is out of reach answers kUnavailable or kUnknown
///          within a bounded time (5 s) and says Trouble.
class Coordinator {
 public:
  using Sink = std::function<void(Event)>;
  virtual ~Coordinator() = default;

  /// Begins: opens or creates the key space and a session, sends SessionAlive and a Snapshot,
  /// then Changes for good.
  virtual void start(Sink sink) = 0;
  virtual void submit(TxnId id, Txn txn) = 0;
  /// Somebody heard that the key space has reached this revision: look now if ours is older.
  virtual void hint(Revision revision) = 0;
  /// There is reason to think that the holder of this session-bound key is dead: look now. If
  /// it is proven, the key is deleted, which arrives as Changes.
  virtual void suspect(std::string_view key) = 0;
  /// Ends the session (its keys are deleted) and stops; no event is sent after it returns.
  virtual void stop() = 0;
  /// True if a session ends only when its process is dead (`local`); false if it may also have
  /// been a slow or unreachable node (`etcd`).
  [[nodiscard]] virtual bool ended_session_proves_death() const = 0;
};

}  // namespace borg::coordination
