// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordination/key_space.h"
#include "sim/actor.h"
#include "sim/sim.h"

namespace borg::sim {

class SimCoordinator;

/// One process's client of the coordinator.
///
/// Where deaths are proven (`local`) the session ends with the process and with nothing else;
/// else (`etcd`) it lives as long as keep-alives arrive.
class CoordinatorPort {
 public:
  using Sink = std::function<void(coordination::Event)>;

  CoordinatorPort(SimCoordinator& coordinator, Sim& sim, const Life& life, Sink sink);

  void start();
  void submit(coordination::TxnId id, coordination::Txn txn);
  void hint(Revision revision);
  void suspect(const std::string& key);
  /// The process left in order.
  void stop();
  /// It died.
  void died();

  void set_reachable(bool reachable);
  [[nodiscard]] bool is_reachable() const { return reachable_; }

 private:
  friend class SimCoordinator;
  struct Held {
    coordination::TxnDone done;
    Revision needed;
  };

  void arrive(coordination::TxnId id, coordination::Txn txn);
  void apply(coordination::TxnId id, const coordination::Txn& txn);
  void lose_answer(coordination::TxnId id, coordination::Txn txn);
  void apply_late(coordination::SessionId session, const coordination::Txn& txn);
  void unreachable(coordination::TxnId id, coordination::Txn txn);
  void answer(coordination::TxnId id, coordination::TxnOutcome outcome, Duration delay);
  void news(bool hinted);
  void deliver();
  void keep_alive();
  void keep_alive_when_awake();
  void renew(Instant sent);
  void expire(std::uint64_t lease);
  [[nodiscard]] Duration draw_delay();

  SimCoordinator& coordinator_;
  Sim& sim_;
  const Life& life_;
  Sink sink_;
  coordination::SessionId session_;
  Revision delivered_;
  bool has_snapshot_ = false;
  bool reachable_ = true;
  bool stopped_ = false;
  Duration next_delivery_ = Duration::nanos(INT64_MAX);
  std::vector<Held> held_;
  std::vector<std::function<void()>> when_reachable_;
  std::uint64_t lease_ = 0;  ///< counts renewals
  std::uint64_t heard_lease_ = 0;
  coordination::SessionId heard_session_;  ///< the one that the node knows of
};

/// The store that all processes share, with delays, lost answers and outages.
class SimCoordinator {
 public:
  using Observer = std::function<void(const coordination::Changes&)>;

  SimCoordinator(Sim& sim, Observer observer) : sim_(sim), observer_(std::move(observer)) {}

  [[nodiscard]] coordination::KeySpace& space() { return space_; }
  [[nodiscard]] const coordination::KeySpace& space() const { return space_; }
  void add(CoordinatorPort& port) { ports_.push_back(&port); }
  void remove(CoordinatorPort& port) { std::erase(ports_, &port); }
  void committed(const coordination::Changes& changes);
  [[nodiscard]] std::uint64_t transactions() const { return transactions_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }

 private:
  friend class CoordinatorPort;
  Sim& sim_;
  Observer observer_;
  coordination::KeySpace space_{64};
  std::uint64_t transactions_ = 0;
  std::uint64_t commits_ = 0;
  std::vector<CoordinatorPort*> ports_;
  std::vector<coordination::SessionId> dead_;  ///< sessions whose process is gone
};

}  // namespace borg::sim
