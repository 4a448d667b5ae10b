// SPDX-License-Identifier: Apache-2.0
#include "server/worker_thread.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "server/clock.h"

namespace borg::server {

namespace {

constexpr Duration kRunDelayEvery = Duration::millis(10);
constexpr std::size_t kReadRoomBytes = 256 * 1024;
/// What arrives in so few bytes waits for others, that they are executed together.
constexpr std::size_t kShortBytesMax = 2048;
constexpr std::size_t kArrivalBytesMax = 64 * 1024;

}  // namespace

WorkerThread::WorkerThread(Options options)
    : options_(std::move(options)),
      inbox_(loop_),
      read_room_(kReadRoomBytes),
      core_(options_.self, options_.index, options_.workers, *options_.node, options_.seed) {}

WorkerThread::~WorkerThread() { BORG_CHECK(!thread_.joinable()); }

void WorkerThread::start() {
  thread_ = std::thread([this] { run(); });
  const std::string name = "borg-worker-" + std::to_string(options_.index.value());
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void WorkerThread::stop() { inbox_.post(Stop{}); }

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
  schedule_tick(instant_now());
  while (!stopping_) {
    wait();
    // First: a client may have heard elsewhere of what they bring.
    take_messages();
    if (stopping_) break;
    loop_.tell();
    execute_arrivals();
    tick_if_due();
    if (wants_turn_ || !held_.empty()) enter();
    if (in_turn_) end_turn();
    ended_sessions_.clear();
    ended_connections_.clear();
  }
  if (!held_.empty()) flush_clients(instant_now() + ClientSession::kHoldMax);
  for (auto& [id, session] : sessions_) session->close();
  for (auto& [peer, connection] : connections_) connection->close();
}

/// For something to do, or the next tick.
void WorkerThread::wait() {
  const bool has_work = wants_turn_ || !inbox_.fall_asleep();
  Duration at_most = has_work ? Duration() : tick_at_ - instant_now();
  if (!held_.empty()) at_most = std::min(at_most, ClientSession::kHoldMax);
  loop_.wait(at_most);
}

void WorkerThread::take_messages() {
  inbox_.take(messages_);
  for (Message& message : messages_) {
    if (stopping_) break;
    std::visit([this](auto& each) { on(std::move(each)); }, message);
  }
  messages_.clear();
}

void WorkerThread::tick_if_due() {
  const Instant now = in_turn_ ? turn_began_ : instant_now();
  if (now < tick_at_) return;
  enter();
  core_.tick();
  schedule_tick(now);
}

void WorkerThread::enter() {
  if (in_turn_) return;
  in_turn_ = true;
  const Now now = read_clocks();
  turn_began_ = now.instant;
  in_turn_since_.store(turn_began_.as_nanos(), std::memory_order_release);
  core_.begin_turn(now);
  if (core_.moves_data() && now.instant - run_delay_seen_ >= kRunDelayEvery) {
    run_delay_seen_ = now.instant;
    if (const auto percent = run_delay_->percent(now.instant)) core_.thread_waited(*percent);
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
      at->second->process_input();
    }
    core_.end_turn();
  }
  if constexpr (kChecksInvariants) {
    const auto& broken = core_.broken_invariant();
    if (broken) check_failed(broken->c_str(), __FILE__, __LINE__);
  }
  const Now now = read_clocks();
  core_.confirm_replies(now);
  flush(now.instant);
  core_.resume_clients();
  if (ticks_slowly_ && !core_.is_calm()) schedule_tick(now.instant);
  in_turn_ = false;
  in_turn_since_.store(kNoTurn, std::memory_order_release);
  wants_turn_ = !core_.effects().resumed.empty() || !core_.effects().links.empty() ||
                !core_.effects().clients.empty() || core_.wants_turn();
}

void WorkerThread::flush(Instant now) {
  node::WorkerCore::Effects& effects = core_.effects();
  std::vector<node::Link*> links;
  links.swap(effects.links);
  for (node::Link* link : links) {
    link->dirty = false;
    flush_link(*link, now);
  }
  for (const wire::Endpoint& peer : std::exchange(effects.broken, {})) renew_link(peer);
  flush_clients(now);
  if (!effects.control.empty()) {
    options_.to_control(std::move(effects.control));
    effects.control.clear();
  }
}

void WorkerThread::flush_clients(Instant now) {
  std::vector<ConnectionId> clients;
  for (const ConnectionId id : held_) {
    const auto at = sessions_.find(id);
    if (at != sessions_.end() && !at->second->client()->dirty) clients.push_back(id);
  }
  held_.clear();
  for (node::Client* client : core_.effects().clients) {
    client->dirty = false;
    clients.push_back(client->id());
  }
  core_.effects().clients.clear();
  for (const ConnectionId id : clients) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) continue;
    at->second->flush(now);
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
      sibling->inbox_.post(SiblingReset{core_.endpoint()});
      core_.on_link_up(peer);
    } else {
      renew_link(link.peer);
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
  SiblingData data{.from = core_.endpoint(), .bytes = {}};
  data.bytes.swap(link.output);
  siblings_[link.peer.lane]->inbox_.post(std::move(data));
}

void WorkerThread::break_link(const wire::Endpoint& peer) {
  const auto at = connections_.find(peer);
  if (at == connections_.end()) return;
  at->second->close();
  ended_connections_.push_back(std::move(at->second));
  connections_.erase(at);
  core_.on_link_down(peer);
}

void WorkerThread::renew_link(const wire::Endpoint& peer) {
  break_link(peer);
  options_.on_link_broken(peer);
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
  const auto at = connections_.find(connection.peer());
  if (at == connections_.end() || at->second.get() != &connection) return;
  renew_link(connection.peer());
}

// ---- clients ----

std::span<char> WorkerThread::read_room() {
  if (room_used_ > kArrivalBytesMax) execute_arrivals();
  return std::span(read_room_).subspan(room_used_);
}

void WorkerThread::on_client_arrival(ClientSession& session, std::string_view bytes) {
  if (bytes.size() > kShortBytesMax) return session.execute(bytes);
  arrivals_.push_back({&session, bytes});
  room_used_ += bytes.size();
}

/// A lookup waits for memory several times. Those of one pipeline are looked up ahead together by
/// the core; here it is those of all clients that are ready and have one command each.
void WorkerThread::execute_arrivals() {
  constexpr std::size_t kGroup = node::WorkerCore::kAheadMax;
  std::array<std::string_view, kGroup> inputs;
  for (std::size_t begin = 0; begin < arrivals_.size(); begin += kGroup) {
    const std::size_t count = std::min(kGroup, arrivals_.size() - begin);
    const auto group = std::span(arrivals_).subspan(begin, count);
    std::ranges::transform(group, inputs.begin(), &Arrival::bytes);
    core_.look_ahead(std::span(inputs).first(count));
    for (const Arrival& arrival : group) arrival.session->execute(arrival.bytes);
  }
  arrivals_.clear();
  room_used_ = 0;
}

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

void WorkerThread::on_client_held(ClientSession& session) { held_.push_back(session.id()); }

void WorkerThread::on_client_closed(ClientSession& session) {
  core_.disconnect(*session.client());
  const auto at = sessions_.find(session.id());
  ended_sessions_.push_back(std::move(at->second));
  sessions_.erase(at);
}

// ---- from other threads ----

std::optional<Instant> WorkerThread::in_turn_since() const {
  const std::int64_t nanos = in_turn_since_.load(std::memory_order_acquire);
  if (nanos == kNoTurn) return std::nullopt;
  return Instant::at_nanos(nanos);
}

void WorkerThread::post_control(node::ToWorker message) { inbox_.post(std::move(message)); }

void WorkerThread::post_client(Socket socket, ClientPlaces::Place place, ConnectionId id,
                               std::string remote, std::string local) {
  inbox_.post(NewClient{.socket = std::move(socket),
                        .place = std::move(place),
                        .id = id,
                        .remote = std::move(remote),
                        .local = std::move(local)});
}

void WorkerThread::post_link(Socket socket, wire::Endpoint peer) {
  inbox_.post(NewLink{.socket = std::move(socket), .peer = peer});
}

void WorkerThread::on(Stop /*message*/) { stopping_ = true; }

void WorkerThread::on(node::ToWorker message) {
  enter();
  core_.on_control(std::move(message));
}

void WorkerThread::on(NewClient message) {
  enter();
  const ConnectionId id = message.id;
  auto& session = sessions_[id];
  session = std::make_unique<ClientSession>(std::move(message.socket), std::move(message.place), id,
                                            loop_, *this);
  session->start(core_.connect(id, std::move(message.remote), std::move(message.local)));
}

void WorkerThread::on(NewLink message) {
  enter();
  const wire::Endpoint peer = message.peer;
  break_link(peer);
  auto& connection = connections_[peer];
  connection = std::make_unique<BusConnection>(std::move(message.socket), peer, loop_, *this);
  core_.on_link_up(peer);
  connection->start();
}

void WorkerThread::on(SiblingData message) {
  enter();
  std::size_t consumed = 0;
  BORG_CHECK(core_.on_link_data(message.from, message.bytes.view(), consumed) &&
             consumed == message.bytes.size());
}

void WorkerThread::on(SiblingReset message) {
  enter();
  core_.on_link_down(message.from);
  core_.on_link_up(message.from);
}

/// An idle node costs next to nothing: after some ticks without anything to do they come slowly,
/// until a turn leaves something that has to wait.
void WorkerThread::schedule_tick(Instant now) {
  constexpr int kCalmTicksMin = 5;
  calm_ticks_ = core_.is_calm() ? calm_ticks_ + 1 : 0;
  ticks_slowly_ = calm_ticks_ > kCalmTicksMin;
  tick_at_ = now + (ticks_slowly_ ? node::WorkerCore::kCalmTick : node::WorkerCore::kTick);
}

}  // namespace borg::server
