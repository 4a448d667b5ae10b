// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/answer_times.h"
#include "sim/expiries.h"
#include "sim/faults.h"
#include "sim/faulty_node.h"
#include "sim/fillers.h"
#include "sim/history.h"
#include "sim/invariants.h"
#include "sim/linearizability.h"
#include "sim/messengers.h"
#include "sim/network.h"
#include "sim/process.h"
#include "sim/sim_client.h"
#include "sim/sim_coordinator.h"

namespace borg::sim {

/// A cluster, its clients, and everything around them; all of it follows from one seed.
class World {
 public:
  World(std::uint64_t seed, bool prints);
  World(std::uint64_t seed, bool prints, const SimOptions& options);
  ~World();

  /// Faults, then healing, then all checks. Throws Violation.
  void run();

  // ---- run() in parts ----

  void begin();
  void run_for(Duration span);
  /// Until every partition is where it should be.
  void settle(Duration limit);
  /// The clients end, the cluster comes to rest, and all is checked.
  void finish();

  struct Result {
    std::uint64_t trace = 0;
    std::uint64_t events = 0;
    Duration virtual_time;
    ClientCounts clients;
    std::uint64_t undecided = 0;  ///< keys whose histories were too long to judge
    std::size_t lost_partitions = 0;
    std::size_t accepted_losses = 0;
  };
  [[nodiscard]] Result result() const;
  struct Traffic {
    std::uint64_t messages = 0;  ///< between nodes
    std::uint64_t bytes = 0;
    std::uint64_t transactions = 0;
    std::uint64_t commits = 0;
    std::uint64_t copies_made = 0;
    std::uint64_t view_keys = 0;  ///< in the coordinator
    std::uint64_t view_bytes = 0;
  };
  [[nodiscard]] Traffic traffic() const;
  /// Called for every change in the coordinator, if it is set.
  std::function<void(const coordination::Changes&)> on_changes;
  [[nodiscard]] const SimOptions& options() const { return sim_.options; }

  // ---- for the faults ----

  [[nodiscard]] std::vector<Process*> live();
  [[nodiscard]] std::size_t host_of(NodeId node) const;
  /// Null if there never was such a node.
  [[nodiscard]] Process* process(NodeId node) const;
  /// Those in sync, by the coordinator.
  [[nodiscard]] NodeList holders(std::uint16_t partition) const {
    return invariants_.config(partition).in_sync;
  }
  [[nodiscard]] bool has_losses() const { return invariants_.lost() > 0; }
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  /// True if the data survives without the process, and another one is left.
  [[nodiscard]] bool can_spare(const Process& process);
  /// Live ones that nobody asked to leave.
  [[nodiscard]] std::size_t staying();
  void note_death();
  void restart_later(std::size_t host, Duration delay);
  Process* add_host();
  [[nodiscard]] bool is_settled(std::string* why = nullptr);
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] Sim& sim() { return sim_; }

 private:
  struct Host {
    std::string name;
    std::uint16_t workers = 1;
    Process* process = nullptr;
  };
  void start_process(std::size_t host);
  void on_exit(Process& process);
  void prove_death(const Process& process);
  explicit World(Sim sim);
  void fill();
  void start_clients();
  void heal();
  void come_to_rest();
  void check_links();
  [[nodiscard]] std::string missing_link();
  void check_last_answers(const ClientCounts& before) const;
  void finish_clients();
  void finish_messengers();
  void finish_fillers();
  void lift_memory_limits();
  [[nodiscard]] LifeBounds bounds_of_lives() const;
  void check_histories();
  void check_answer(std::size_t host, Duration invoked, Duration may_take,
                    const std::string& error) const;
  Process* choose_process();
  LinkActor* find(const wire::Endpoint& endpoint);

  Sim sim_;
  Network network_;
  Invariants invariants_;
  SimCoordinator coordinator_;
  std::vector<Host> hosts_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<NodeId, Process*> by_id_;
  History history_;
  Workload workload_;
  ClientCounts counts_;
  AnswerTimes answer_times_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::unique_ptr<Messengers> messengers_;
  std::unique_ptr<Fillers> fillers_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<FaultyNode> faulty_node_;
  std::uint64_t undecided_ = 0;
};

}  // namespace borg::sim
