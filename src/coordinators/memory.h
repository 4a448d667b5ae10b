// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "coordination/coordinator.h"
#include "coordination/key_space.h"

namespace borg::coordinators {

/// The key space that the `memory` coordinators of one process share.
///
/// Runs: on any thread; one lock orders everything.
class MemoryStore {
 public:
  /// Called with the store locked: it may queue the event and nothing else.
  using Listener = std::function<void(const coordination::Event&)>;

  /// Begins a session; the listener is told SessionAlive, a Snapshot, and Changes from then on.
  coordination::SessionId join(Listener listener);
  /// Ends the session; its listener is not called again.
  void leave(coordination::SessionId session);
  /// The session's listener gets TxnDone, after the Changes.
  void apply(coordination::SessionId session, coordination::TxnId id, const coordination::Txn& txn);

 private:
  void publish(const coordination::Changes& changes);

  std::mutex mutex_;
  coordination::KeySpace space_;
  std::map<coordination::SessionId, Listener> listeners_;
};

/// Nodes in one process: tests and the embedded test cluster.
///
/// Runs:  as Coordinator; events come on a thread of its own, or within pump().
/// Order: TxnDone{kCommitted, r} comes after the Changes or the Snapshot that hold r.
class MemoryCoordinator final : public coordination::Coordinator {
 public:
  enum class Delivery { kThread, kPump };
  explicit MemoryCoordinator(std::shared_ptr<MemoryStore> store,
                             Delivery delivery = Delivery::kThread);
  ~MemoryCoordinator() override;
  MemoryCoordinator(const MemoryCoordinator&) = delete;
  MemoryCoordinator& operator=(const MemoryCoordinator&) = delete;

  void start(Sink sink) override;
  void submit(coordination::TxnId id, coordination::Txn txn) override;
  void hint(Revision /*revision*/) override {}
  void suspect(std::string_view /*key*/) override {}
  /// REQUIRES: not called from within the sink.
  void stop() override;
  /// A session ends only in stop().
  [[nodiscard]] bool ended_session_proves_death() const override { return true; }

  /// With Delivery::kPump: gives what is queued to the sink. Returns the number of events.
  std::size_t pump();

 private:
  class Mailbox;
  std::shared_ptr<MemoryStore> store_;
  std::shared_ptr<Mailbox> mailbox_;
  coordination::SessionId session_;
};

}  // namespace borg::coordinators
