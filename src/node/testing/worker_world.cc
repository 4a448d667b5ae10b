// SPDX-License-Identifier: Apache-2.0
#include "node/testing/worker_world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "base/slot.h"

namespace borg::node::testing {
namespace {

NodeId id_of(int node) { return NodeId(static_cast<std::uint64_t>(node)); }

NodeList list_of(std::initializer_list<int> nodes) {
  NodeList list;
  for (const int node : nodes) list.push_back(id_of(node));
  return list;
}

}  // namespace

std::string bulk(std::string_view value) {
  return "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
}

std::string command(const std::vector<std::string>& args) {
  std::string text = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) text += bulk(arg);
  return text;
}

std::string key_of(PartitionId partition, std::string_view name) {
  for (int i = 0;; ++i) {
    const std::string tag = "{" + std::to_string(i) + "}";
    if (partition_of(slot_of_key(tag)) == partition) return tag + std::string(name);
  }
}

std::string Connection::take() {
  std::string taken;
  taken.swap(output);
  return taken;
}

WorkerWorld::WorkerWorld(int nodes, std::uint16_t workers,
                         const std::function<void(NodeOptions&)>& change_options)
    : live_nodes(static_cast<std::size_t>(nodes)), lanes_(workers) {
  view.settings = coordination::Settings{};
  view.settings->copies = view.settings->min_copies = std::min<std::uint32_t>(2, live_nodes);
  for (int node = 1; node <= nodes; ++node) {
    options_.push_back(std::make_unique<NodeOptions>());
    if (change_options) change_options(*options_.back());
    membership::MemberRecord record;
    record.member.id = id_of(node);
    record.member.name = "n" + std::to_string(node);
    record.member.workers = workers;
    record.has_session = true;
    view.members.push_back(record);
    for (int other = 1; other <= nodes; ++other) {
      leases_[{node, other}] = std::make_shared<membership::PeerLease>();
      leases_[{node, other}]->set(Instant::never());
    }
    for (std::uint16_t lane = 0; lane < workers; ++lane) {
      workers_.emplace(wire::Endpoint{id_of(node), lane},
                       std::make_unique<WorkerCore>(id_of(node), WorkerIndex(lane), workers,
                                                    *options_.back(), 1));
    }
  }
  for (int a = 1; a <= nodes; ++a) {
    for (int b = a; b <= nodes; ++b) set_links(a, b, true);
  }
}

WorkerWorld::~WorkerWorld() = default;

WorkerCore& WorkerWorld::worker(int node, std::uint16_t lane) {
  return *workers_.at(wire::Endpoint{id_of(node), lane});
}

// ---- what the control threads would say ----

void WorkerWorld::place(std::initializer_list<int> nodes, std::initializer_list<int> syncing) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) place(PartitionId(p), nodes, syncing);
}

void WorkerWorld::place(PartitionId partition, std::initializer_list<int> nodes,
                        std::initializer_list<int> syncing) {
  PartitionConfig& config = view.partitions[partition.value()];
  const NodeId former = config.primary();
  config.epoch = config.epoch.next();
  config.in_sync = list_of(nodes);
  config.syncing = list_of(syncing);
  if (config.primary() != former) config.term = config.epoch;
}

void WorkerWorld::publish() {
  view.revision = view.revision.next();
  for (int node = 1; node <= static_cast<int>(options_.size()); ++node) publish_to(node);
}

void WorkerWorld::publish_to(int node) {
  auto node_view = std::make_shared<NodeView>();
  node_view->cluster = std::make_shared<const membership::ClusterView>(view);
  node_view->live_nodes = live_nodes;
  for (int other = 1; other <= static_cast<int>(options_.size()); ++other) {
    if (other != node) node_view->leases.emplace(id_of(other), leases_[{node, other}]);
  }
  node_view->sole = leases_[{node, node}];
  tell(node, std::shared_ptr<const NodeView>(node_view));
}

void WorkerWorld::tell(int node, ToWorker message) {
  for (auto& [endpoint, core] : workers_) {
    if (endpoint.node != id_of(node)) continue;
    turn(*core, [&] { core->on_control(message); });
  }
}

// ---- clients ----

Connection& WorkerWorld::connect(int node, std::uint16_t lane) {
  Connection& connection = connections_.emplace_back();
  connection.worker = &worker(node, lane);
  turn(*connection.worker, [&] {
    connection.client =
        &connection.worker->connect(ConnectionId(connections_.size()), "1.2.3.4:5", "1.2.3.4:7001");
  });
  return connection;
}

void WorkerWorld::type(Connection& connection, std::string_view bytes) {
  connection.unread += bytes;
  read(connection);
}

void WorkerWorld::read(Connection& connection) {
  turn(*connection.worker, [&] {
    const std::size_t taken =
        connection.worker->on_client_data(*connection.client, connection.unread);
    connection.unread.erase(0, taken);
  });
}

void WorkerWorld::send(Connection& connection, const std::vector<std::string>& args) {
  type(connection, command(args));
}

std::string WorkerWorld::ask(Connection& connection, const std::vector<std::string>& args) {
  connection.take();
  send(connection, args);
  run();
  return connection.take();
}

void WorkerWorld::close(Connection& connection) {
  connection.closed = true;
  turn(*connection.worker, [&] { connection.worker->disconnect(*connection.client); });
  connection.client = nullptr;
}

// ---- turns ----

void WorkerWorld::turn(WorkerCore& core, const std::function<void()>& events) {
  core.begin_turn(now);
  events();
  core.end_turn();
  EXPECT_EQ(core.broken_invariant(), std::nullopt);
  take_effects(core);
}

void WorkerWorld::take_effects(WorkerCore& core) {
  WorkerCore::Effects effects;
  std::swap(effects, core.effects());
  for (Link* link : effects.links) flush(core, *link);
  for (Client* client : effects.clients) flush(*client);
  for (ToControl& message : effects.control) to_control.push_back(std::move(message));
  clients_resumed += effects.resumed.size();
  for (Client* client : effects.resumed) {
    for (Connection& connection : connections_) {
      if (connection.client == client) read(connection);
    }
  }
}

void WorkerWorld::flush(WorkerCore& from, Link& link) {
  link.dirty = false;
  const Pipe pipe{from.endpoint(), link.peer};
  EXPECT_TRUE(now.instant < link.output_valid_until) << "no test lets a link's output expire";
  if (up_.contains(pipe)) pipes_[pipe] += link.output.view();
  link.output.clear();
  link.output_valid_until = Instant::never();
}

void WorkerWorld::flush(Client& client) {
  client.dirty = false;
  for (Connection& connection : connections_) {
    if (connection.client != &client) continue;
    if (client.killed) {
      connection.closed = true;
    } else if (now.instant < client.output_valid_until) {
      connection.output += client.output.view();
      connection.closed = connection.closed || client.closing;
    } else {
      connection.closed = true;
    }
    client.output.clear();
    client.output_valid_until = Instant::never();
  }
}

bool WorkerWorld::deliver(const Pipe& pipe, std::size_t piece) {
  std::string& bytes = pipes_[pipe];
  if (bytes.empty()) return false;
  WorkerCore& to = *workers_.at(pipe.second);
  const std::string arrived = bytes;
  // A frame that is not whole yet is shown again with the next piece behind it.
  for (std::size_t size = std::min(piece, arrived.size());;
       size = std::min(size + piece, arrived.size())) {
    std::size_t consumed = 0;
    bool ok = true;
    turn(to, [&] { ok = to.on_link_data(pipe.first, arrived.substr(0, size), consumed); });
    if (!ok) {
      ++protocol_errors;
      bytes.clear();
      return true;
    }
    bytes.erase(0, consumed);
    if (consumed > 0) return true;
    BORG_CHECK(size < arrived.size());
  }
}

void WorkerWorld::run(std::size_t piece) {
  bool moved = true;
  for (int rounds = 0; moved && rounds < 100'000; ++rounds) {
    moved = false;
    for (const auto& [from, core] : workers_) {
      for (const auto& [to, other] : workers_) moved = deliver({from, to}, piece) || moved;
    }
    for (const auto& [endpoint, core] : workers_) turn(*core, [] {});
  }
  EXPECT_FALSE(moved) << "the workers never come to rest";
}

void WorkerWorld::deliver_once(int from, int to) {
  for (std::uint16_t a = 0; a < lanes_; ++a) {
    for (std::uint16_t b = 0; b < lanes_; ++b)
      deliver({{id_of(from), a}, {id_of(to), b}}, SIZE_MAX);
  }
}

void WorkerWorld::pass(Duration d) {
  for (Duration step; d > Duration(); d = d - step) {
    step = std::min(d, WorkerCore::kCalmTick);
    now.instant = now.instant + step;
    now.wall.ms += step.as_millis();
    for (const auto& [endpoint, core] : workers_) turn(*core, [&] { core->tick(); });
  }
}

// ---- links ----

void WorkerWorld::set_links(int a, int b, bool up) { heal(up ? a : -a, b, {}); }

void WorkerWorld::cut(int a, int b) { set_links(a, b, false); }

void WorkerWorld::heal(int a, int b) { set_links(a, b, true); }

void WorkerWorld::heal(int a, int b, const std::function<void(WorkerCore&)>& more) {
  const bool up = a > 0;
  a = std::abs(a);
  for (const auto& [from, core] : workers_) {
    for (const auto& [to, other] : workers_) {
      const bool concerned = (from.node == id_of(a) && to.node == id_of(b)) ||
                             (from.node == id_of(b) && to.node == id_of(a));
      if (!concerned || from == to) continue;
      pipes_[{from, to}].clear();
      if (up) up_.insert({from, to});
      if (!up) up_.erase({from, to});
    }
  }
  for (const auto& [from, core] : workers_) {
    for (const auto& [to, other] : workers_) {
      const bool from_a = from.node == id_of(a) && to.node == id_of(b);
      const bool from_b = from.node == id_of(b) && to.node == id_of(a);
      if ((!from_a && !from_b) || from == to) continue;
      turn(*core, [&, peer = to] {
        if (up) core->on_link_up(peer);
        if (!up) core->on_link_down(peer);
        if (more && from_a) more(*core);
      });
    }
  }
}

bool WorkerWorld::receive(int node, std::uint16_t lane, const wire::Endpoint& from,
                          std::string_view bytes) {
  WorkerCore& core = worker(node, lane);
  bool ok = false;
  std::size_t consumed = 0;
  turn(core, [&] { ok = core.on_link_data(from, bytes, consumed); });
  return ok;
}

std::size_t WorkerWorld::bytes_on_the_way() const {
  std::size_t bytes = 0;
  for (const auto& [pipe, content] : pipes_) bytes += content.size();
  return bytes;
}

}  // namespace borg::node::testing
