// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "node/worker.h"
#include "server/asio.h"
#include "server/bus_connection.h"
#include "server/client_session.h"
#include "server/dialer.h"
#include "server/run_delay.h"

namespace borg::server {

/// One worker's thread: its event loop, its clients' and its links' sockets, and the core.
///
/// Runs:  start(), stop(), join() and post_…() from any thread; the rest on its own.
/// Turn:  all that is ready is handled, then the core ends its turn, then everything that it
///        wants to send leaves: one system call a socket and turn.
class WorkerThread final : public SessionOwner, public BusOwner {
 public:
  struct Options {
    NodeId self;
    WorkerIndex index;
    std::uint16_t workers = 1;
    std::uint64_t seed = 0;
    const node::NodeOptions* node = nullptr;
    std::function<void(std::vector<node::ToControl>)> to_control;
    std::function<void(std::string)> log_warning;
  };
  explicit WorkerThread(Options options);
  ~WorkerThread() override;

  void set_siblings(std::vector<WorkerThread*> siblings) { siblings_ = std::move(siblings); }
  void start();
  void stop();
  void join();

  void post_control(node::ToWorker message);
  void post_client(tcp::socket::native_handle_type socket, bool v6, ConnectionId id);
  void post_link(tcp::socket::native_handle_type socket, bool v6, wire::Endpoint peer);
  void post_peers(std::vector<Dialer::Wanted> peers);

 private:
  // SessionOwner
  void enter() override;
  std::size_t on_client_input(ClientSession& session, std::string_view input) override;
  bool wants_input(const ClientSession& session) override;
  void on_client_writable(ClientSession& session) override;
  void on_client_closed(ClientSession& session) override;
  // BusOwner
  bool on_bus_data(BusConnection& connection, std::string_view input,
                   std::size_t& consumed) override;
  void on_bus_writable(BusConnection& connection) override;
  void on_bus_closed(BusConnection& connection) override;

  void run();
  void end_turn();
  void flush(Instant now);
  void flush_link(node::Link& link, Instant now);
  void deliver_to_sibling(node::Link& link);
  void from_sibling(const wire::Endpoint& from, ByteBuffer bytes);
  void reset_sibling(const wire::Endpoint& from);
  void attach(tcp::socket socket, const wire::Endpoint& peer);
  void break_link(const wire::Endpoint& peer);
  void schedule_tick();

  const Options options_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer tick_timer_;
  int calm_ticks_ = 0;
  bool ticks_slowly_ = false;
  std::optional<RunDelay> run_delay_;  // made on the thread
  Instant run_delay_seen_;
  node::WorkerCore core_;
  Dialer dialer_;
  std::vector<WorkerThread*> siblings_;
  std::unordered_map<ConnectionId, std::shared_ptr<ClientSession>> sessions_;
  std::map<wire::Endpoint, std::shared_ptr<BusConnection>> connections_;
  bool in_turn_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace borg::server
