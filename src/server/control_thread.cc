// SPDX-License-Identifier: Apache-2.0
#include "server/control_thread.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/address.h"
#include "server/clock.h"

namespace borg::server {
namespace {

void write_log(const node::LogLine& line) {
  switch (line.level) {
    case node::LogLine::Level::kInfo:
      spdlog::info(line.text);
      break;
    case node::LogLine::Level::kWarning:
      spdlog::warn(line.text);
      break;
    case node::LogLine::Level::kError:
      spdlog::error(line.text);
      break;
  }
}

void warn_of_refusal(const wire::Endpoint& peer, const std::string& reason) {
  spdlog::warn("node {} refused our bus connection: {}", coordination::to_text(peer.node), reason);
}

/// For an event loop of ours.
Socket released(tcp::socket& socket) {
  ErrorCode ec;
  const auto descriptor = socket.release(ec);
  return ec ? Socket() : Socket(descriptor);
}

std::string text_of(const tcp::endpoint& endpoint) {
  return host_port_text(endpoint.address().to_string(), endpoint.port());
}

/// Stands for this thread where an admin request names the worker that asked.
constexpr WorkerIndex kNoWorker{0xffff};

constexpr std::chrono::milliseconds kFirstProbeWait{4};
constexpr std::chrono::milliseconds kProbeWaitMax{512};

/// The content of a bulk string reply.
std::string content_of(const std::string& reply) {
  const auto line_end = reply.find("\r\n");
  if (!reply.starts_with('$') || line_end == std::string::npos) return reply;
  return reply.substr(line_end + 2, reply.size() - line_end - 4);
}

}  // namespace

/// Finds out whether the process of a node is gone.
struct ControlThread::Probe {
  Probe(asio::io_context& context, NodeId node, tcp::endpoint endpoint)
      : peer(node), to(std::move(endpoint)), socket(context), timer(context) {}
  const NodeId peer;
  const tcp::endpoint to;
  tcp::socket socket;
  asio::steady_timer timer;
  std::chrono::milliseconds wait = kFirstProbeWait;
};

ControlThread::ControlThread(asio::io_context& context, Options options, Listeners listeners,
                             std::unique_ptr<coordination::Coordinator> coordinator,
                             std::vector<std::unique_ptr<WorkerThread>>& workers)
    : context_(context),
      options_(std::move(options)),
      core_(options_.self, *options_.node, options_.seed),
      coordinator_(std::move(coordinator)),
      workers_(workers),
      clients_(std::move(listeners.clients)),
      http_(std::move(listeners.http)),
      prober_(context, options_.node->cluster, options_.self),
      dialer_(
          context, options_.node->cluster, {options_.self, wire::Endpoint::kControlLane},
          [this](tcp::socket socket, wire::Endpoint peer) {
            enter();
            attach(released(socket), peer.node);
          },
          warn_of_refusal),
      loop_ready_(context, dup(loop_.descriptor())),
      tick_timer_(context),
      turn_timer_(context),
      signals_(context) {
  for (tcp::acceptor& acceptor : listeners.bus) {
    bus_.push_back(std::make_unique<BusAcceptor>(
        std::move(acceptor), options_.node->cluster, options_.self, options_.node->self.workers,
        prober_,
        [this](tcp::socket socket, const wire::Hello& hello) {
          on_accepted(std::move(socket), hello);
        },
        [](const std::string& reason) { spdlog::warn(reason); }));
  }
  for (std::uint16_t w = 0; w < options_.node->self.workers; ++w) {
    worker_dialers_.push_back(std::make_unique<Dialer>(
        context, options_.node->cluster, wire::Endpoint{options_.self, w},
        [this, w](tcp::socket socket, wire::Endpoint peer) {
          workers_[w]->post_link(released(socket), peer);
        },
        warn_of_refusal));
  }
}

ControlThread::~ControlThread() = default;

node::ControlCore::Exit ControlThread::run() {
  if (options_.leave_on_signals) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(signal);
    await_signal();
  }
  for (const auto& acceptor : bus_) acceptor->start();
  await_links();
  if (options_.start_http) {
    for (tcp::acceptor& acceptor : http_) {
      http_services_.push_back(options_.start_http(context_, std::move(acceptor), *this));
    }
  }
  schedule_tick();
  coordinator_->start([this](coordination::Event event) {
    asio::post(context_, [this, moved = std::move(event)]() mutable {
      if (exit_) return;
      enter();
      core_.on_coordinator(std::move(moved));
    });
  });
  while (!exit_) {
    if (context_.run_one() == 0) break;
    for (int n = 1; n < 512 && !exit_; ++n) {
      if (context_.poll_one() == 0) break;
    }
    if (in_turn_ && !exit_) end_turn();
  }
  stop();
  return exit_.value_or(node::ControlCore::Exit{1, "the control thread ended"});
}

void ControlThread::stop() {
  // The workers stop serving before the session ends: nobody else serves what they hold.
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
  coordinator_->stop();
  http_services_.clear();
  prober_.stop();
  dialer_.stop();
  for (const auto& dialer : worker_dialers_) dialer->stop();
  loop_ready_.close();
  for (const auto& acceptor : bus_) acceptor->stop();
  for (auto& [peer, connection] : connections_) connection->close();
}

void ControlThread::enter() {
  if (in_turn_) return;
  in_turn_ = true;
  core_.begin_turn(read_clocks());
  for (std::uint16_t w = 0; w < workers_.size(); ++w) {
    core_.note_worker(WorkerIndex(w), workers_[w]->in_turn_since());
  }
}

void ControlThread::end_turn() {
  core_.end_turn();
  apply_effects();
  if (ticks_slowly_ && !core_.is_calm()) schedule_tick();
  in_turn_ = false;
  ended_connections_.clear();
}

/// The event loop of the links is itself a descriptor that this thread's other loop watches.
void ControlThread::await_links() {
  loop_ready_.async_wait(asio::posix::stream_descriptor::wait_read, [this](ErrorCode ec) {
    if (ec || exit_) return;
    loop_.wait(Duration());
    loop_.tell();
    await_links();
  });
}

void ControlThread::apply_effects() {
  node::ControlCore::Effects effects = std::move(core_.effects());
  core_.effects() = {};
  for (const node::LogLine& line : effects.log) write_log(line);
  for (auto& [to, message] : effects.workers) {
    if (to && *to == kNoWorker) {
      const auto& reply = std::get<node::AdminReply>(message);
      const auto done = asked_.extract(reply.token);
      if (!done.empty()) done.mapped()(content_of(reply.reply));
      continue;
    }
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      if (!to || to->value() == w) workers_[w]->post_control(message);
    }
  }
  for (const NodeId peer : effects.links) {
    node::ControlLink& link = core_.link(peer);
    link.dirty = false;
    const auto at = connections_.find(peer);
    if (link.up && at != connections_.end()) at->second->send(link.output);
  }
  for (const NodeId peer : effects.broken) lose_link(peer);
  for (auto& submission : effects.transactions) {
    coordinator_->submit(submission.id, std::move(submission.txn));
  }
  if (effects.hint) coordinator_->hint(*effects.hint);
  for (const std::string& key : effects.suspects) coordinator_->suspect(key);
  if (effects.peers_changed) dial_peers();
  if (effects.addresses_to_try) try_addresses(*effects.addresses_to_try);
  if (effects.again_at) schedule_turn(*effects.again_at);
  if (effects.became_ready) {
    for (tcp::acceptor& acceptor : clients_) accept_clients(acceptor);
    options_.on_ready();
  }
  if (effects.exit) exit_ = std::move(effects.exit);
}

// ---- peers ----

void ControlThread::try_addresses(const std::vector<coordination::Member>& members) {
  prober_.probe_all(members, options_.node->self,
                    [this](const std::vector<node::AddressFinding>& findings) {
                      if (exit_) return;
                      enter();
                      core_.on_addresses_tried(findings);
                    });
}

void ControlThread::dial_peers() {
  const auto peers = core_.peers_to_dial();
  std::vector<Dialer::Wanted> lanes;
  std::vector<Dialer::Wanted> controls;
  for (const coordination::Member& peer : peers) {
    controls.push_back({{peer.id, wire::Endpoint::kControlLane}, peer.host, peer.bus_port});
    for (std::uint16_t lane = 0; lane < peer.workers; ++lane) {
      lanes.push_back({{peer.id, lane}, peer.host, peer.bus_port});
    }
  }
  dialer_.set_wanted(controls);
  for (const auto& dialer : worker_dialers_) dialer->set_wanted(lanes);
}

void ControlThread::on_accepted(tcp::socket socket, const wire::Hello& hello) {
  if (exit_) return;
  if (hello.to.lane == wire::Endpoint::kControlLane) {
    enter();
    attach(released(socket), hello.from.node);
  } else {
    workers_[hello.to.lane]->post_link(released(socket), hello.from);
  }
}

void ControlThread::attach(Socket socket, NodeId peer) {
  const auto old = connections_.find(peer);
  if (old != connections_.end()) {
    old->second->close();
    ended_connections_.push_back(std::move(old->second));
    connections_.erase(old);
    core_.on_link_down(peer);
  }
  const wire::Endpoint endpoint{peer, wire::Endpoint::kControlLane};
  auto& connection = connections_[peer];
  connection = std::make_unique<BusConnection>(std::move(socket), endpoint, loop_, *this);
  core_.on_link_up(peer);
  connection->start();
}

bool ControlThread::on_bus_data(BusConnection& connection, std::string_view input,
                                std::size_t& consumed) {
  const bool ok = core_.on_link_data(connection.peer().node, input, consumed);
  if (!ok) spdlog::warn("broke a control connection: its peer sent what is not ours");
  return ok;
}

void ControlThread::on_bus_writable(BusConnection& connection) {
  connection.send(core_.link(connection.peer().node).output);
}

void ControlThread::on_bus_closed(BusConnection& connection) {
  const NodeId peer = connection.peer().node;
  const auto at = connections_.find(peer);
  if (at == connections_.end() || at->second.get() != &connection) return;
  lose_link(peer);
}

void ControlThread::lose_link(NodeId peer) {
  const auto at = connections_.find(peer);
  if (at == connections_.end()) return;
  at->second->close();
  ended_connections_.push_back(std::move(at->second));
  connections_.erase(at);
  core_.on_link_down(peer);
  dialer_.disconnected({peer, wire::Endpoint::kControlLane});
  probe(peer);
}

/// A node of this machine whose connection ended: if its port refuses a new one its process is
/// gone, and so are its threads. (A node stops its workers before it closes that port.)
void ControlThread::probe(NodeId peer) {
  const auto view = core_.view();
  const membership::MemberRecord* record = view == nullptr ? nullptr : view->cluster->member(peer);
  ErrorCode ec;
  if (record == nullptr) return;
  const coordination::Member& self = options_.node->self;
  if (record->member.is_mapped || self.is_mapped || record->member.host != self.host) return;
  const auto host = asio::ip::make_address(record->member.host, ec);
  if (ec) return;
  look(std::make_shared<Probe>(context_, peer, tcp::endpoint(host, record->member.bus_port)));
}

/// Again and again for about a second, unless the node connects: the kernel closes what a killed
/// process had open piece by piece, and mostly the port after the connection.
void ControlThread::look(const std::shared_ptr<Probe>& probe) {
  probe->socket = tcp::socket(context_);
  probe->socket.async_connect(probe->to, [this, probe](ErrorCode connect_ec) {
    if (exit_ || connections_.contains(probe->peer)) return;
    if (connect_ec == asio::error::connection_refused) {
      enter();
      core_.on_death_proven(probe->peer);
      return;
    }
    if (probe->wait > kProbeWaitMax) return;
    probe->timer.expires_after(probe->wait);
    probe->wait *= 2;
    probe->timer.async_wait([this, probe](ErrorCode timer_ec) {
      if (!timer_ec && !exit_) look(probe);
    });
  });
}

// ---- clients ----

void ControlThread::accept_clients(tcp::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](ErrorCode ec, tcp::socket socket) {
    if (exit_ || ec == asio::error::operation_aborted) return;
    if (ec) {  // out of descriptors: some will be closed
      const auto timer = std::make_shared<asio::steady_timer>(context_);
      timer->expires_after(std::chrono::milliseconds(50));
      timer->async_wait([this, &acceptor, timer](ErrorCode timer_ec) {
        if (!timer_ec) accept_clients(acceptor);
      });
      return;
    }
    if (!refuses(socket)) hand_on(socket);
    accept_clients(acceptor);
  });
}

/// One too many is told so, if it listens at once: nobody waits for it.
bool ControlThread::refuses(tcp::socket& client) {
  if (core_.takes_client(places_.taken())) return false;
  static constexpr std::string_view kWhy = "-ERR max number of clients reached\r\n";
  ErrorCode ec;
  client.non_blocking(true, ec);
  client.write_some(asio::buffer(kWhy), ec);
  client.close(ec);
  return true;
}

void ControlThread::hand_on(tcp::socket& client) {
  ErrorCode ec;
  const auto remote = client.remote_endpoint(ec);
  const auto local = client.local_endpoint(ec);
  Socket socket = released(client);
  if (socket.descriptor() < 0) return;
  workers_[next_worker_]->post_client(std::move(socket), places_.take(),
                                      ConnectionId(next_connection_++), text_of(remote),
                                      text_of(local));
  next_worker_ = (next_worker_ + 1) % workers_.size();
}

void ControlThread::ask(std::vector<std::string> args, std::function<void(std::string)> done) {
  enter();
  const std::uint64_t token = next_question_++;
  asked_.emplace(token, std::move(done));
  core_.on_worker(node::AdminRequest{.worker = kNoWorker, .token = token, .args = std::move(args)});
}

void ControlThread::post_from_worker(std::vector<node::ToControl> messages) {
  asio::post(context_, [this, moved = std::move(messages)]() mutable {
    if (exit_) return;
    enter();
    for (node::ToControl& message : moved) core_.on_worker(std::move(message));
  });
}

void ControlThread::post_link_broken(WorkerIndex worker, const wire::Endpoint& peer) {
  asio::post(context_, [this, worker, peer] {
    if (!exit_) worker_dialers_[worker.value()]->disconnected(peer);
  });
}

void ControlThread::post_leave() {
  asio::post(context_, [this] {
    if (exit_) return;
    enter();
    core_.leave();
  });
}

// ---- time and signals ----

void ControlThread::schedule_tick() {
  ticks_slowly_ = core_.is_calm();
  tick_timer_.expires_after(std::chrono::nanoseconds(core_.tick_after().as_nanos()));
  tick_timer_.async_wait([this](ErrorCode ec) {
    if (ec || exit_) return;
    enter();
    core_.tick();
    schedule_tick();
  });
}

/// Of several only the last counts: it is never before one that was asked for and did not come.
void ControlThread::schedule_turn(Instant at) {
  turn_timer_.expires_after(std::chrono::nanoseconds((at - instant_now()).as_nanos()));
  turn_timer_.async_wait([this](ErrorCode ec) {
    if (!ec && !exit_) enter();
  });
}

void ControlThread::await_signal() {
  signals_.async_wait([this](ErrorCode ec, int signal) {
    if (ec) return;
    if (signal != SIGTERM && signal != SIGINT) {
      // A terminal that closes, or a habit from another program, is no reason to lose data.
      const char* const name = signal == SIGHUP    ? "SIGHUP"
                               : signal == SIGUSR1 ? "SIGUSR1"
                                                   : "SIGUSR2";
      spdlog::warn("{} is ignored: SIGTERM or SIGINT makes this node leave", name);
      await_signal();
      return;
    }
    if (leaving_) {
      spdlog::warn("asked twice: stopping at once");
      std::_Exit(1);
    }
    leaving_ = true;
    enter();
    core_.leave();
    await_signal();
  });
}

}  // namespace borg::server
