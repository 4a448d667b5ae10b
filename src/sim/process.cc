// SPDX-License-Identifier: Apache-2.0
#include "sim/process.h"

#include <algorithm>

#include "base/probe.h"

namespace borg::sim {

Process::Process(Sim& s, const Setting& where, std::size_t at_host, const std::string& node_name,
                 NodeId node_id, std::uint16_t worker_count)
    : sim(s),
      setting(where),
      host(at_host),
      name(node_name),
      id(node_id),
      options(s.options.node),
      life(s.random, s.options.clocks) {
  options.self.name = name;
  options.self.host = "10.0.0." + std::to_string(host + 1);
  options.self.workers = worker_count;
  options.self.port = 7001;
  if (s.options.unequal_weights)
    options.self.weight = 50 + 50 * static_cast<std::uint32_t>(host % 4);
  if (s.options.unequal_leases) {
    options.liveness.lease = options.liveness.lease * s.random.between(10, 30) / 10;
  }
  if (s.options.unequal_silences) {
    const Duration longer = options.liveness.silence * s.random.between(10, 20) / 10;
    options.liveness.silence = std::min(longer, options.liveness.lease * 9 / 10);
  }
  if (s.options.fillers > 0) {
    options.memory_bytes_max = static_cast<std::size_t>(
        s.random.between(static_cast<std::int64_t>(s.options.memory_bytes_least),
                         static_cast<std::int64_t>(s.options.memory_bytes_most)));
  }
  if (s.options.zones) options.self.zone = host % 2 == 0 ? "east" : "west";
  control = std::make_unique<ControlActor>(s, *this, s.random.next());
  for (std::uint16_t w = 0; w < worker_count; ++w) {
    workers.push_back(std::make_unique<WorkerActor>(s, *this, w, s.random.next()));
  }
  port = std::make_unique<CoordinatorPort>(
      *setting.coordinator, s, life, [this](coordination::Event event) {
        control->post([this, e = std::move(event)]() { control->core.on_coordinator(e); });
      });
}

Process::~Process() = default;

void Process::start() {
  control->say("starts, id " + std::to_string(id.value() % 1000));
  port->start();
  for (std::size_t a = 0; a < workers.size(); ++a) {
    for (std::size_t b = a + 1; b < workers.size(); ++b) {
      setting.network->connect_within(*workers[a], *workers[b]);
    }
  }
  tick();
}

void Process::tick() {
  if (!life.alive) return;
  if (!life.paused) {
    control->post([this] { control->core.tick(); });
    for (auto& worker : workers) {
      const bool is_due = !worker->core.is_calm() || sim.permille(100);
      if (is_due) worker->post([w = worker.get()] { w->core.tick(); });
    }
  }
  // Timers are late more often than early.
  sim.queue.after(sim.draw(Duration::millis(20), Duration::millis(22)), [this] { tick(); });
}

void Process::leave() {
  control->say("is asked to leave");
  is_leaving = true;
  control->post([this] { control->core.leave(); });
}

void Process::ask(std::vector<std::string> command) {
  std::string words;
  for (const std::string& word : command) words += " " + word;
  control->say("is asked for" + words);
  control->post([this, request = node::AdminRequest{
                           .worker = WorkerIndex(0), .token = 0, .args = std::move(command)}] {
    control->core.on_worker(request);
  });
}

void Process::exit(const node::ControlCore::Exit& exit) {
  control->say("exits " + std::to_string(exit.code) + " " + exit.message);
  exit_message = exit.message;
  port->stop();
  end();
  setting.network->process_died(host, id, false);
  setting.on_exit(*this);
}

void Process::kill(bool is_silent) {
  if (!life.alive) return;
  control->say(is_silent ? "loses power" : "is killed");
  port->died();
  end();
  setting.network->process_died(host, id, is_silent);
  if (!is_silent) setting.on_kill(*this);
}

void Process::end() {
  life.alive = false;
  for (auto& worker : workers) worker->close_all_sessions();
}

void Process::pause() {
  control->say("is paused");
  life.paused = true;
}

void Process::resume() {
  if (!life.paused) return;
  control->say("goes on");
  life.paused = false;
  if (!life.alive) return;
  control->wake();
  for (auto& worker : workers) worker->wake();
}

LinkActor* Process::actor(std::uint16_t lane) {
  if (lane == wire::Endpoint::kControlLane) return control.get();
  return lane < workers.size() ? workers[lane].get() : nullptr;
}

bool Process::wants(const wire::Endpoint& to) const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [&](const coordination::Member& m) { return m.id == to.node; });
}

void Process::update_peers() {
  peers_ = control->core.peers_to_dial();
  const auto soon = [this] { return sim.draw(Duration(), Duration::millis(3)); };
  for (const coordination::Member& peer : peers_) {
    setting.network->dial(*control, {peer.id, wire::Endpoint::kControlLane}, soon());
    for (auto& worker : workers) {
      for (std::uint16_t lane = 0; lane < peer.workers; ++lane) {
        setting.network->dial(*worker, {peer.id, lane}, soon());
      }
    }
  }
}

void Process::to_workers(const std::optional<WorkerIndex>& to, const node::ToWorker& message) {
  const auto* answer = std::get_if<node::AdminReply>(&message);
  // Token 0: an operator's; what clients ask for has numbers from 1 on.
  if (answer != nullptr && answer->token == 0) last_answer = answer->reply;
  for (std::size_t w = 0; w < workers.size(); ++w) {
    if (to && to->value() != w) continue;
    workers[w]->post([actor = workers[w].get(), message] { actor->core.on_control(message); });
  }
}

// ---- the control thread ----

ControlActor::ControlActor(Sim& sim, Process& process, std::uint64_t seed)
    : LinkActor(sim, process.life, process.name, {process.id, wire::Endpoint::kControlLane},
                process.host),
      core(process.id, process.options, seed),
      process_(process) {}

void ControlActor::begin_turn(Now now) {
  core.begin_turn(now);
  for (std::uint16_t w = 0; w < process_.workers.size(); ++w) {
    core.note_worker(WorkerIndex(w), process_.workers[w]->in_turn_since());
  }
}

void ControlActor::take_effects(Now now) {
  auto& effects = core.effects();
  if (effects.again_at) {
    sim_.queue.after(std::max(*effects.again_at - now.instant, Duration()) + Duration::micros(100),
                     [this] {
                       if (life_.alive) post([] {});
                     });
  }
  effects.again_at.reset();
  for (auto& line : effects.log) say("log: " + line.text);
  effects.log.clear();
  for (auto& [to, message] : effects.workers) process_.to_workers(to, message);
  effects.workers.clear();
  for (auto& submission : effects.transactions) {
    if (sim_.trace.prints()) {
      std::string text = "txn " + std::to_string(submission.id) + ":";
      for (const auto& put : submission.txn.puts) {
        text += " " + put.key + "=" + printable(put.value);
      }
      for (const auto& del : submission.txn.deletes) text += " -" + del.key;
      say(printable(text, 8000));
    }
    process_.port->submit(submission.id, std::move(submission.txn));
  }
  effects.transactions.clear();
  if (effects.hint) process_.port->hint(*effects.hint);
  effects.hint.reset();
  for (const std::string& key : effects.suspects) process_.port->suspect(key);
  effects.suspects.clear();
  for (const NodeId peer : effects.links) {
    node::ControlLink& link = core.link(peer);
    link.dirty = false;
    if (link.up) {
      process_.setting.network->send(*this, {peer, wire::Endpoint::kControlLane},
                                     link.output.view());
    }
    link.output.clear();
  }
  effects.links.clear();
  for (const NodeId peer : effects.broken) {
    process_.setting.network->break_link(*this, {peer, wire::Endpoint::kControlLane});
  }
  effects.broken.clear();
  if (effects.peers_changed) process_.update_peers();
  effects.peers_changed = false;
  if (effects.became_ready) {
    say("ready");
    process_.is_ready = true;
  }
  effects.became_ready = false;
  if (!effects.exit) return;
  const auto exit = *effects.exit;
  effects.exit.reset();
  process_.exit(exit);
}

// ---- a worker ----

WorkerActor::WorkerActor(Sim& sim, Process& process, std::uint16_t index, std::uint64_t seed)
    : LinkActor(sim, process.life, process.name + "." + std::to_string(index), {process.id, index},
                process.host),
      core(process.id, WorkerIndex(index), process.options.self.workers, process.options, seed),
      process_(process) {}

void WorkerActor::accept(const std::shared_ptr<Session>& session) {
  post([this, session] {
    if (session->closed) return;
    session->id = next_connection_++;
    session->client = &core.connect(ConnectionId(session->id), "client", "node");
    sessions_[session->id] = session;
  });
}

void WorkerActor::receive(const std::shared_ptr<Session>& session, std::string bytes) {
  post([this, session, more = std::move(bytes)] {
    if (session->closed || session->client == nullptr) return;
    session->input += more;
    read(*session);
  });
}

void WorkerActor::read(Session& session) {
  session.input.erase(0, core.on_client_data(*session.client, session.input));
}

void WorkerActor::hang_up(const std::shared_ptr<Session>& session) {
  post([this, session] {
    if (!session->closed) close(session);
  });
}

/// In a turn, or after one: the core forgets the client in its next.
void WorkerActor::close(const std::shared_ptr<Session>& session) {
  session->closed = true;
  sessions_.erase(session->id);
  if (session->client != nullptr) core.disconnect(*session->client);
  session->client = nullptr;
  sim_.queue.after(sim_.draw(Duration::micros(20), Duration::micros(200)),
                   [session] { session->on_closed(); });
}

void WorkerActor::close_all_sessions() {
  for (const auto& [id, session] : sessions_) {
    session->closed = true;
    session->client = nullptr;
    sim_.queue.after(sim_.draw(Duration::micros(20), Duration::millis(1)),
                     [session = session] { session->on_closed(); });
  }
  sessions_.clear();
}

std::shared_ptr<Session> WorkerActor::session_of(const node::Client* client) {
  const auto at = sessions_.find(client->id().value());
  return at == sessions_.end() ? nullptr : at->second;
}

void WorkerActor::take_effects(Now now) {
  core.confirm_replies(now);
  flush_links(now);
  flush_clients(now);
  auto& effects = core.effects();
  for (node::Client* client : effects.resumed) {
    if (auto session = session_of(client)) {
      post([this, session] {
        if (!session->closed) read(*session);
      });
    }
  }
  effects.resumed.clear();
  for (node::ToControl& message : effects.control) {
    process_.control->post([this, m = std::move(message)] { process_.control->core.on_worker(m); });
  }
  effects.control.clear();
  process_.setting.after_turn(process_, endpoint.lane);
}

void WorkerActor::flush_links(Now now) {
  auto& effects = core.effects();
  for (node::Link* link : effects.links) {
    link->dirty = false;
    if (link->up && !link->output.empty()) {
      if (now.instant < link->output_valid_until) {
        process_.setting.network->send(*this, link->peer, link->output.view());
      } else {
        reached<"a lease runs out before a link's output leaves">();
        say("a lease ran out before a link's output left");
        process_.setting.network->break_link(*this, link->peer);
      }
    }
    link->output.clear();
    link->output_valid_until = Instant::never();
  }
  effects.links.clear();
  for (const wire::Endpoint& peer : effects.broken) {
    process_.setting.network->break_link(*this, peer);
  }
  effects.broken.clear();
}

void WorkerActor::flush_clients(Now now) {
  auto& effects = core.effects();
  for (node::Client* client : effects.clients) {
    client->dirty = false;
    const auto session = session_of(client);
    if (session == nullptr || client->gone || session->closed) {
      client->output.clear();
      continue;
    }
    const bool late = !(now.instant < client->output_valid_until);
    if (!late && !client->killed && !client->output.empty()) {
      sim_.trace.mix(client->output.view());
      const Duration now_at = sim_.queue.now();
      session->last_answered = std::max(
          session->last_answered, now_at + sim_.draw(Duration::micros(20), Duration::micros(300)));
      sim_.queue.after(
          session->last_answered - now_at,
          [session, bytes = std::string(client->output.view())] { session->on_reply(bytes); });
    }
    client->output.clear();
    client->output_valid_until = Instant::never();
    if (!late && !client->closing) continue;
    if (late) reached<"a lease runs out before a reply leaves">();
    if (late) say("a lease ran out before a reply left");
    session->closed = true;  // nothing more is read
    post([this, session] {
      session->closed = false;
      close(session);
    });
  }
  effects.clients.clear();
}

}  // namespace borg::sim
