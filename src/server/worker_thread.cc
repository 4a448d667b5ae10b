// SPDX-License-Identifier: Apache-2.0
#include "server/worker_thread.h"

#include <pthread.h>

#include <chrono>

#include "base/check.h"
#include "server/clock.h"

namespace borg::server {

constexpr Duration kRunDelayEvery = Duration::millis(10);

WorkerThread::WorkerThread(Options options)
    : options_(std::move(options)),
      work_(asio::make_work_guard(context_)),
      tick_timer_(context_),
      core_(options_.self, options_.index, options_.workers, *options_.node, options_.seed),
      dialer_(
          context_, options_.node->cluster, {options_.self, options_.index.value()},
          [this](tcp::socket socket, wire::Endpoint peer) {
            enter();
            attach(std::move(socket), peer);
          },
          [this](const wire::Endpoint&, const std::string& reason) {
            options_.log_warning("a node refused our bus connection: " + reason);
          }) {}

WorkerThread::~WorkerThread() { BORG_CHECK(!thread_.joinable()); }

void WorkerThread::start() {
  thread_ = std::thread([this] { run(); });
  const std::string name = "borg-worker-" + std::to_string(options_.index.value());
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void WorkerThread::stop() {
  asio::post(context_, [this] {
    stopping_ = true;
    dialer_.stop();
    tick_timer_.cancel();
    for (auto& [id, session] : sessions_) session->close();
    for (auto& [peer, connection] : connections_) connection->close();
    work_.reset();
    context_.stop();
  });
}

void WorkerThread::join() {
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::run() {
  run_delay_.emplace();
  enter();
  for (WorkerThread* sibling : siblings_) {
    if (sibling != this) core_.on_link_up({options_.self, sibling->options_.index.value()});
  }
  end_turn();
  schedule_tick();
  constexpr int kHandlersPerTurn = 512;
  while (!stopping_) {
    if (context_.run_one() == 0) break;
    for (int n = 1; n < kHandlersPerTurn && !stopping_; ++n) {
      if (context_.poll_one() == 0) break;
    }
    if (in_turn_ && !stopping_) end_turn();
  }
}

void WorkerThread::enter() {
  if (in_turn_) return;
  in_turn_ = true;
  const Now now = read_clocks();
  core_.begin_turn(now);
  if (core_.moves_data() && now.instant - run_delay_seen_ >= kRunDelayEvery) {
    run_delay_seen_ = now.instant;
    if (const auto percent = run_delay_->percent()) core_.thread_waited(*percent);
  }
}

void WorkerThread::end_turn() {
  core_.end_turn();
  // Clients that had to wait may go on now; that can take more than one round.
  for (int round = 0; round < 4 && !core_.effects().resumed.empty(); ++round) {
    std::vector<node::Client*> resumed;
    resumed.swap(core_.effects().resumed);
    for (const node::Client* client : resumed) {
      const auto at = sessions_.find(client->id());
      if (at == sessions_.end()) continue;
      const auto session = at->second;
      session->process_input();
    }
    core_.end_turn();
  }
  if constexpr (kChecksInvariants) {
    const auto& broken = core_.broken_invariant();
    if (broken) check_failed(broken->c_str(), __FILE__, __LINE__);
  }
  flush(instant_now());
  core_.resume_clients();
  if (ticks_slowly_ && !core_.is_calm()) schedule_tick();
  in_turn_ = false;
  if (!core_.effects().resumed.empty() || !core_.effects().links.empty() ||
      !core_.effects().clients.empty() || core_.wants_turn()) {
    asio::post(context_, [this] { enter(); });
  }
}

void WorkerThread::flush(Instant now) {
  node::WorkerCore::Effects& effects = core_.effects();
  std::vector<node::Link*> links;
  links.swap(effects.links);
  for (node::Link* link : links) {
    link->dirty = false;
    flush_link(*link, now);
  }
  std::vector<ConnectionId> clients;
  for (node::Client* client : effects.clients) {
    client->dirty = false;
    clients.push_back(client->id());
  }
  effects.clients.clear();
  for (const ConnectionId id : clients) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) continue;
    const auto session = at->second;
    session->flush(now);
  }
  if (!effects.control.empty()) {
    options_.to_control(std::move(effects.control));
    effects.control.clear();
  }
}

// ---- links ----

void WorkerThread::flush_link(node::Link& link, Instant now) {
  if (!link.up) return;
  const bool to_sibling = link.peer.node == options_.self;
  if (now >= link.output_valid_until) {
    // A read in there may be outdated by now: break the link, and everything is asked again.
    if (to_sibling) {
      const wire::Endpoint peer = link.peer;
      WorkerThread* sibling = siblings_[peer.lane];
      core_.on_link_down(peer);
      asio::post(sibling->context_,
                 [sibling, from = core_.endpoint()] { sibling->reset_sibling(from); });
      core_.on_link_up(peer);
    } else {
      break_link(link.peer);
    }
    return;
  }
  link.output_valid_until = Instant::never();
  if (to_sibling) {
    deliver_to_sibling(link);
    return;
  }
  const auto at = connections_.find(link.peer);
  if (at != connections_.end()) at->second->send(link.output);
}

void WorkerThread::deliver_to_sibling(node::Link& link) {
  if (link.output.empty()) return;
  WorkerThread* sibling = siblings_[link.peer.lane];
  ByteBuffer bytes;
  bytes.swap(link.output);
  asio::post(sibling->context_,
             [sibling, from = core_.endpoint(), moved = std::move(bytes)]() mutable {
               sibling->from_sibling(from, std::move(moved));
             });
}

void WorkerThread::from_sibling(const wire::Endpoint& from, ByteBuffer bytes) {
  if (stopping_) return;
  enter();
  std::size_t consumed = 0;
  BORG_CHECK(core_.on_link_data(from, bytes.view(), consumed) && consumed == bytes.size());
}

void WorkerThread::reset_sibling(const wire::Endpoint& from) {
  if (stopping_) return;
  enter();
  core_.on_link_down(from);
  core_.on_link_up(from);
}

void WorkerThread::attach(tcp::socket socket, const wire::Endpoint& peer) {
  break_link(peer);
  const auto connection = std::make_shared<BusConnection>(std::move(socket), peer, *this);
  connections_[peer] = connection;
  core_.on_link_up(peer);
  connection->start();
}

void WorkerThread::break_link(const wire::Endpoint& peer) {
  const auto at = connections_.find(peer);
  if (at == connections_.end()) return;
  at->second->close();
  connections_.erase(at);
  core_.on_link_down(peer);
  dialer_.disconnected(peer);
}

bool WorkerThread::on_bus_data(BusConnection& connection, std::string_view input,
                               std::size_t& consumed) {
  const bool ok = core_.on_link_data(connection.peer(), input, consumed);
  if (!ok) options_.log_warning("broke a bus connection: its peer sent what is not ours");
  return ok;
}

void WorkerThread::on_bus_writable(BusConnection& connection) {
  for (node::Link* link : core_.effects().links) {
    if (link->peer == connection.peer()) return;  // this turn's flush sends it
  }
  if (ByteBuffer* output = core_.unsent(connection.peer())) connection.send(*output);
}

void WorkerThread::on_bus_closed(BusConnection& connection) {
  const wire::Endpoint peer = connection.peer();
  const auto at = connections_.find(peer);
  if (at != connections_.end() && at->second.get() == &connection) break_link(peer);
}

// ---- clients ----

std::size_t WorkerThread::on_client_input(ClientSession& session, std::string_view input) {
  return core_.on_client_data(*session.client(), input);
}

bool WorkerThread::wants_input(const ClientSession& session) {
  return core_.wants_input(*session.client());
}

void WorkerThread::on_client_writable(ClientSession& session) {
  // Later in this turn there may be more to send; all of it leaves at its end.
  core_.flush_later(*session.client());
}

void WorkerThread::on_client_closed(ClientSession& session) {
  core_.disconnect(*session.client());
  sessions_.erase(session.id());
}

// ---- from other threads ----

void WorkerThread::post_control(node::ToWorker message) {
  asio::post(context_, [this, moved = std::move(message)]() mutable {
    if (stopping_) return;
    enter();
    core_.on_control(std::move(moved));
  });
}

void WorkerThread::post_client(tcp::socket::native_handle_type handle, bool v6, ConnectionId id) {
  asio::post(context_, [this, handle, v6, id] {
    ErrorCode ec;
    tcp::socket socket(context_);
    socket.assign(v6 ? tcp::v6() : tcp::v4(), handle, ec);
    if (ec || stopping_) return;
    enter();
    const auto session = std::make_shared<ClientSession>(std::move(socket), id, *this);
    sessions_.emplace(id, session);
    session->start(core_.connect(id, session->remote(), session->local()));
  });
}

void WorkerThread::post_link(tcp::socket::native_handle_type handle, bool v6, wire::Endpoint peer) {
  asio::post(context_, [this, handle, v6, peer] {
    ErrorCode ec;
    tcp::socket socket(context_);
    socket.assign(v6 ? tcp::v6() : tcp::v4(), handle, ec);
    if (ec || stopping_) return;
    enter();
    attach(std::move(socket), peer);
  });
}

void WorkerThread::post_peers(std::vector<Dialer::Wanted> peers) {
  asio::post(context_, [this, moved = std::move(peers)] {
    if (stopping_) return;
    enter();
    dialer_.set_wanted(moved);
  });
}

/// An idle node costs next to nothing: after some ticks without anything to do they come slowly,
/// until a turn leaves something that has to wait.
void WorkerThread::schedule_tick() {
  constexpr int kCalmTicksMin = 5;
  calm_ticks_ = core_.is_calm() ? calm_ticks_ + 1 : 0;
  ticks_slowly_ = calm_ticks_ > kCalmTicksMin;
  const Duration after = ticks_slowly_ ? node::WorkerCore::kCalmTick : node::WorkerCore::kTick;
  tick_timer_.expires_after(std::chrono::nanoseconds(after.as_nanos()));
  tick_timer_.async_wait([this](ErrorCode ec) {
    if (ec || stopping_) return;
    enter();
    core_.tick();
    schedule_tick();
  });
}

}  // namespace borg::server
