// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordination/coordinator.h"
#include "node/control.h"
#include "server/address_prober.h"
#include "server/asio.h"
#include "server/bus_acceptor.h"
#include "server/bus_connection.h"
#include "server/dialer.h"
#include "server/http_port.h"
#include "server/listener.h"
#include "server/worker_thread.h"

namespace borg::server {

/// The control thread: the coordinator's events, the links between control threads, all
/// listening sockets, signals.
///
/// Runs: run() on the caller's thread until the node has left or must stop.
class ControlThread final : public BusOwner, public NodeQuestions {
 public:
  struct Options {
    NodeId self;
    std::uint64_t seed = 0;
    const node::NodeOptions* node = nullptr;
    std::function<void()> on_ready;
    StartHttp start_http;  ///< null: the HTTP port stays silent
    bool leave_on_signals = true;
  };
  ControlThread(asio::io_context& context, Options options, Listeners listeners,
                std::unique_ptr<coordination::Coordinator> coordinator,
                std::vector<std::unique_ptr<WorkerThread>>& workers);
  ~ControlThread() override;

  /// Returns how the node ended.
  node::ControlCore::Exit run();
  /// From any thread.
  void post_from_worker(std::vector<node::ToControl> messages);
  void post_link_broken(WorkerIndex worker, const wire::Endpoint& peer);
  void post_leave();

  // NodeQuestions
  [[nodiscard]] bool is_ready() const override { return core_.ready(); }
  void ask(std::vector<std::string> args, std::function<void(std::string)> done) override;

 private:
  // BusOwner
  void enter() override;
  bool on_bus_data(BusConnection& connection, std::string_view input,
                   std::size_t& consumed) override;
  void on_bus_writable(BusConnection& connection) override;
  void on_bus_closed(BusConnection& connection) override;

  void end_turn();
  void apply_effects();
  void dial_peers();
  void attach(Socket socket, NodeId peer);
  void lose_link(NodeId peer);
  void await_links();
  void on_accepted(tcp::socket socket, const wire::Hello& hello);
  void try_addresses(const std::vector<coordination::Member>& members);
  void accept_clients(tcp::acceptor& acceptor);
  void hand_on(tcp::socket& client);
  [[nodiscard]] bool refuses(tcp::socket& client);
  struct Probe;
  void probe(NodeId peer);
  void look(const std::shared_ptr<Probe>& probe);
  void schedule_tick();
  void schedule_turn(Instant at);
  void await_signal();
  void stop();

  asio::io_context& context_;
  const Options options_;
  node::ControlCore core_;
  std::unique_ptr<coordination::Coordinator> coordinator_;
  std::vector<std::unique_ptr<WorkerThread>>& workers_;
  std::vector<tcp::acceptor> clients_;
  std::vector<tcp::acceptor> http_;
  AddressProber prober_;
  std::vector<std::unique_ptr<BusAcceptor>> bus_;  // one for each address
  Dialer dialer_;
  std::vector<std::unique_ptr<Dialer>> worker_dialers_;  // for the links of each
  EventLoop loop_;                                       // for the links of this thread
  asio::posix::stream_descriptor loop_ready_;
  asio::steady_timer tick_timer_;
  bool ticks_slowly_ = false;
  asio::steady_timer turn_timer_;  // for what the core wants to do soon, but not at once
  asio::signal_set signals_;
  std::map<NodeId, std::unique_ptr<BusConnection>> connections_;
  std::vector<std::unique_ptr<BusConnection>> ended_connections_;  // in this turn
  std::vector<std::unique_ptr<HttpService>> http_services_;        // likewise
  std::map<std::uint64_t, std::function<void(std::string)>> asked_;
  std::uint64_t next_question_ = 1;
  std::uint64_t next_connection_ = 1;
  ClientPlaces places_;
  std::size_t next_worker_ = 0;
  bool leaving_ = false;
  bool in_turn_ = false;
  std::optional<node::ControlCore::Exit> exit_;
};

}  // namespace borg::server
