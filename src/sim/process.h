// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/control.h"
#include "node/worker.h"
#include "sim/network.h"
#include "sim/session.h"
#include "sim/sim_coordinator.h"

namespace borg::sim {

class Process;

/// The control thread of a simulated process.
class ControlActor final : public LinkActor {
 public:
  ControlActor(Sim& sim, Process& process, std::uint64_t seed);
  void link_up(const wire::Endpoint& peer) override { core.on_link_up(peer.node); }
  void link_down(const wire::Endpoint& peer) override { core.on_link_down(peer.node); }
  bool link_data(const wire::Endpoint& peer, std::string_view input,
                 std::size_t& consumed) override {
    return core.on_link_data(peer.node, input, consumed);
  }
  node::ControlCore core;

 protected:
  void begin_turn(Now now) override;
  /// Its times are those at which its turns begin: earlier is safe.
  void go_on(Now /*now*/) override {}
  void end_turn() override { core.end_turn(); }
  void take_effects(Now now) override;

 private:
  Process& process_;
};

/// One worker thread, with the clients that are connected to it.
class WorkerActor final : public LinkActor {
 public:
  WorkerActor(Sim& sim, Process& process, std::uint16_t index, std::uint64_t seed);
  void link_up(const wire::Endpoint& peer) override { core.on_link_up(peer); }
  void link_down(const wire::Endpoint& peer) override { core.on_link_down(peer); }
  bool link_data(const wire::Endpoint& peer, std::string_view input,
                 std::size_t& consumed) override {
    return core.on_link_data(peer, input, consumed);
  }
  // Posted by clients.
  void accept(const std::shared_ptr<Session>& session);
  void receive(const std::shared_ptr<Session>& session, std::string bytes);
  void hang_up(const std::shared_ptr<Session>& session);
  void close_all_sessions();

  node::WorkerCore core;

 protected:
  void begin_turn(Now now) override { core.begin_turn(now); }
  void go_on(Now now) override { core.go_on(now); }
  void end_turn() override { core.end_turn(); }
  void take_effects(Now now) override;

 private:
  void read(Session& session);
  void flush_links(Now now);
  void flush_clients(Now now);
  void close(const std::shared_ptr<Session>& session);
  std::shared_ptr<Session> session_of(const node::Client* client);

  Process& process_;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
  std::uint64_t next_connection_ = 1;
};

/// One life of one node: a control thread and its workers, and its client of the coordinator.
class Process {
 public:
  struct Setting {
    Network* network = nullptr;
    SimCoordinator* coordinator = nullptr;
    std::function<void(Process&)> on_exit;        ///< left in order, or gave up
    std::function<void(const Process&)> on_kill;  ///< and its system still answers for it
    std::function<void(Process&, std::size_t worker)> after_turn;
  };
  Process(Sim& sim, const Setting& setting, std::size_t host, const std::string& name, NodeId id,
          std::uint16_t workers);
  ~Process();

  void start();
  void leave();
  /// An operator's command, whose answer nobody waits for.
  void ask(std::vector<std::string> command);
  void kill(bool is_silent);
  void pause();
  void resume();
  [[nodiscard]] bool wants(const wire::Endpoint& to) const;
  /// Starts to dial whom the control core wants to know.
  void update_peers();
  void exit(const node::ControlCore::Exit& exit);
  void to_workers(const std::optional<WorkerIndex>& to, const node::ToWorker& message);

  [[nodiscard]] bool alive() const { return life.alive; }
  [[nodiscard]] LinkActor* actor(std::uint16_t lane);
  [[nodiscard]] const replication::Replica* replica(PartitionId p) const {
    return workers[p.value() % workers.size()]->core.replica(p);
  }
  /// As the worker of the partition has it. REQUIRES: it has a replica of it.
  [[nodiscard]] const node::NodeView& view_of(std::uint16_t p) const {
    return *workers[p % workers.size()]->core.view();
  }
  [[nodiscard]] bool may_serve(PartitionId p) const {
    return workers[p.value() % workers.size()]->core.may_serve(p, control->local_now());
  }

  Sim& sim;
  const Setting setting;
  const std::size_t host;
  const std::string name;
  const NodeId id;
  node::NodeOptions options;
  Life life;
  bool is_ready = false;
  bool is_leaving = false;
  bool is_drained = false;  ///< or was asked to be
  std::string exit_message;
  std::string last_answer;  ///< to an operator's command, in RESP
  std::unique_ptr<ControlActor> control;
  std::vector<std::unique_ptr<WorkerActor>> workers;
  std::unique_ptr<CoordinatorPort> port;

 private:
  void tick();
  void end();
  std::vector<coordination::Member> peers_;
};

}  // namespace borg::sim
