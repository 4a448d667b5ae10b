// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "coordination/coordinator.h"

namespace borg::coordinators {

struct EtcdOptions {
  std::vector<std::string> endpoints;  ///< host:port each
  std::string cluster = "borg";        ///< keys are kept under /borg/<cluster>/
  Duration session_ttl = Duration::seconds(5);
  /// PEM texts. TLS is used if there is any; without a CA the system's are trusted.
  bool is_tls = false;
  std::string ca;
  std::string cert;
  std::string key;
  std::string user;  ///< empty: no authentication
  std::string password;
  /// A transaction is answered by then; one that was not sent: kUnavailable.
  Duration answer_within = Duration::millis(4500);
  /// One call to one member.
  Duration call_within = Duration::seconds(1);
};

/// The nodes of several machines agree through etcd: transactions, leases, watches.
///
/// A session is a lease that is kept alive every fifth of its time to live. It may end while its
/// node lives: after a pause, or when etcd was out of reach; SessionLost then says so.
/// A keep-alive counts only if a linearizable read in the same Raft term follows it, as a deposed
/// leader would still renew leases that its successor lets expire.
///
/// Runs:   as Coordinator; three threads of its own: transactions, session, watch.
/// Order:  transactions run in the order of submit(). TxnDone{kCommitted, r} comes after the
///         Changes or the Snapshot that hold r; one whose Changes do not come in time is told
///         as kUnknown. A kConflict comes after the Changes that caused it, if they were puts.
/// Errors: Trouble while no member answers; Fatal if access is denied or if etcd turns out to be
///         another one, or to have lost its history.
class EtcdCoordinator final : public coordination::Coordinator {
 public:
  explicit EtcdCoordinator(EtcdOptions options);
  ~EtcdCoordinator() override;
  EtcdCoordinator(const EtcdCoordinator&) = delete;
  EtcdCoordinator& operator=(const EtcdCoordinator&) = delete;

  void start(Sink sink) override;
  void submit(coordination::TxnId id, coordination::Txn txn) override;
  /// Watches push: this only finds out sooner that ours is stuck.
  void hint(Revision revision) override;
  /// Nothing to look at: a lease ends when it ends.
  void suspect(std::string_view /*key*/) override {}
  /// What was submitted and has no answer yet gets none. REQUIRES: not called from the sink.
  void stop() override;
  [[nodiscard]] bool ended_session_proves_death() const override { return false; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace borg::coordinators
