// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordinators/etcd.h"

namespace borg::coordinators {

/// What every answer of etcd begins with.
struct EtcdHead {
  std::uint64_t cluster_id = 0;
  std::uint64_t raft_term = 0;
  Revision revision;
};
struct EtcdSnapshot {
  EtcdHead head;
  coordination::Snapshot snapshot;
};
struct EtcdTxnReply {
  EtcdHead head;
  bool is_committed = false;
  bool is_changed = false;
  Revision newest_compared;  ///< after a conflict: of the keys in the compares
};
struct EtcdLease {
  EtcdHead head;
  std::int64_t id = 0;
  std::int64_t ttl_seconds = 0;  ///< 0: there is no such lease
};
struct EtcdNews {
  bool is_compacted = false;  ///< changes are missing: read everything again
  coordination::Changes changes;
};

enum class EtcdError : std::uint8_t {
  kNotSent,  ///< no member could be connected: for certain nothing happened
  kRefused,  ///< a member's answer says that nothing happened
  kLost,     ///< no answer: it may have happened, or may happen yet
  kDenied,   ///< refused, and will be again: the operator must act
};
struct EtcdFailure {
  EtcdError error = EtcdError::kLost;
  std::string message;
};
template <class T>
using EtcdResult = Result<T, EtcdFailure>;

/// Calls to one etcd cluster, by way of whichever member answers; keys without the prefix.
///
/// Runs:   one call at a time; interrupt() and shut_down() on any thread.
/// Errors: a call fails within its deadline. After a failure the next one tries another member.
class EtcdClient {
 public:
  using Clock = std::chrono::steady_clock;

  explicit EtcdClient(const EtcdOptions& options);
  ~EtcdClient();
  EtcdClient(const EtcdClient&) = delete;
  EtcdClient& operator=(const EtcdClient&) = delete;

  EtcdResult<EtcdSnapshot> read_all(Clock::time_point deadline);
  /// A linearizable read of nothing but the head.
  EtcdResult<EtcdHead> read_head(Clock::time_point deadline);
  /// `lease` is for the puts that are bound to the session.
  EtcdResult<EtcdTxnReply> transact(const coordination::Txn& txn, std::int64_t lease,
                                    Clock::time_point deadline);
  EtcdResult<EtcdLease> grant_lease(std::int64_t ttl_seconds, Clock::time_point deadline);
  EtcdResult<EtcdLease> keep_alive(std::int64_t lease, Clock::time_point deadline);
  EtcdResult<EtcdHead> revoke_lease(std::int64_t lease, Clock::time_point deadline);

  /// The watch is the client's current call until end_watch().
  std::optional<EtcdFailure> begin_watch(Revision first, Clock::time_point deadline);
  /// Blocks for the next news, perhaps empty; nullopt when the watch broke.
  std::optional<EtcdNews> next_news();
  EtcdFailure end_watch();

  /// Ends the current call, as if the connection had broken.
  void interrupt();
  /// From now on calls fail at once, the current one too.
  void shut_down();
  /// Undoes shut_down().
  void reopen();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace borg::coordinators
