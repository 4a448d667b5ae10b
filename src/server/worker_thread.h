// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "node/worker.h"
#include "server/bus_connection.h"
#include "server/client_session.h"
#include "server/event_loop.h"
#include "server/inbox.h"
#include "server/run_delay.h"
#include "server/socket.h"

namespace borg::server {

/// One worker's thread: its event loop, its clients' and its links' sockets, and the core.
///
/// Runs:  start(), stop(), join(), in_turn_since() and post_…() from any thread; the rest on its
///        own.
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
    std::function<void(const wire::Endpoint&)> on_link_broken;  ///< dial it again
    std::function<void(std::string)> log_warning;
  };
  explicit WorkerThread(Options options);
  ~WorkerThread() override;

  void set_siblings(std::vector<WorkerThread*> siblings) { siblings_ = std::move(siblings); }
  void start();
  void stop();
  void join();

  /// When the turn began that it is in; nothing: it waits for something to do.
  [[nodiscard]] std::optional<Instant> in_turn_since() const;
  void post_control(node::ToWorker message);
  /// The addresses are "host:port", of the client and of this end.
  void post_client(Socket socket, ClientPlaces::Place place, ConnectionId id, std::string remote,
                   std::string local);
  /// A bus connection whose greeting was accepted.
  void post_link(Socket socket, wire::Endpoint peer);

 private:
  struct Stop {};
  struct NewClient {
    Socket socket;
    ClientPlaces::Place place;
    ConnectionId id;
    std::string remote;
    std::string local;
  };
  struct NewLink {
    Socket socket;
    wire::Endpoint peer;
  };
  struct SiblingData {
    wire::Endpoint from;
    ByteBuffer bytes;
  };
  struct SiblingReset {
    wire::Endpoint from;
  };
  using Message = std::variant<Stop, node::ToWorker, NewClient, NewLink, SiblingData, SiblingReset>;

  // SessionOwner
  void enter() override;
  std::span<char> read_room() override;
  void on_client_arrival(ClientSession& session, std::string_view bytes) override;
  std::size_t on_client_input(ClientSession& session, std::string_view input) override;
  bool wants_input(const ClientSession& session) override;
  void on_client_writable(ClientSession& session) override;
  void on_client_held(ClientSession& session) override;
  void on_client_closed(ClientSession& session) override;
  // BusOwner
  bool on_bus_data(BusConnection& connection, std::string_view input,
                   std::size_t& consumed) override;
  void on_bus_writable(BusConnection& connection) override;
  void on_bus_closed(BusConnection& connection) override;

  void on(Stop message);
  void on(node::ToWorker message);
  void on(NewClient message);
  void on(NewLink message);
  void on(SiblingData message);
  void on(SiblingReset message);

  void run();
  void wait();
  void take_messages();
  void execute_arrivals();
  void tick_if_due();
  void end_turn();
  void flush(Instant now);
  void flush_clients(Instant now);
  void flush_link(node::Link& link, Instant now);
  void deliver_to_sibling(node::Link& link);
  void break_link(const wire::Endpoint& peer);
  void renew_link(const wire::Endpoint& peer);
  void schedule_tick(Instant now);

  const Options options_;
  EventLoop loop_;
  Inbox<Message> inbox_;
  std::vector<Message> messages_;  // taken from there, empty between
  std::vector<char> read_room_;
  struct Arrival {
    ClientSession* session;
    std::string_view bytes;  // in read_room_
  };
  std::vector<Arrival> arrivals_;  // of this turn, not executed yet
  std::size_t room_used_ = 0;      // by them
  Instant turn_began_;
  Instant tick_at_;
  int calm_ticks_ = 0;
  bool ticks_slowly_ = false;
  std::optional<RunDelay> run_delay_;  // made on the thread
  Instant run_delay_seen_;
  node::WorkerCore core_;
  std::vector<WorkerThread*> siblings_;
  std::unordered_map<ConnectionId, std::unique_ptr<ClientSession>> sessions_;
  std::vector<ConnectionId> held_;  // sessions with replies that wait for others
  std::map<wire::Endpoint, std::unique_ptr<BusConnection>> connections_;
  std::vector<std::unique_ptr<ClientSession>> ended_sessions_;  // in this turn
  std::vector<std::unique_ptr<BusConnection>> ended_connections_;
  bool in_turn_ = false;
  static constexpr std::int64_t kNoTurn = INT64_MIN;
  std::atomic<std::int64_t> in_turn_since_ = kNoTurn;  // in nanoseconds
  bool wants_turn_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace borg::server
