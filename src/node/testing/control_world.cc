// SPDX-License-Identifier: Apache-2.0
#include "node/testing/control_world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace borg::node::testing {

using coordination::Changes;
using coordination::SessionAlive;
using coordination::SessionLost;
using coordination::TxnDone;
using coordination::TxnOutcome;
using replication::Report;

ControlWorld::ControlWorld() = default;
ControlWorld::~ControlWorld() = default;

bool ControlWorld::Node::logged(std::string_view text) const {
  return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
    return line.text.find(text) != std::string::npos;
  });
}

std::size_t ControlWorld::index_of(const Node& node) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (&nodes_[i] == &node) return i;
  }
  return nodes_.size();
}

ControlWorld::Node& ControlWorld::start(const std::string& name,
                                        const std::function<void(NodeOptions&)>& change) {
  Node& node = nodes_.emplace_back();
  node.id = NodeId(nodes_.size() * 0x1111);
  node.options.self.name = name;
  node.options.self.host = "127.0.0.1";
  node.options.self.port = static_cast<std::uint16_t>(7000 + nodes_.size());
  if (change) change(node.options);
  node.core = std::make_unique<ControlCore>(node.id, node.options, nodes_.size());
  node.session = space.begin_session();
  node.events.emplace_back(SessionAlive{Instant::never()});
  node.events.emplace_back(space.snapshot());
  return node;
}

void ControlWorld::kill(Node& node, bool is_noticed) {
  node.core.reset();
  const std::size_t index = index_of(node);
  if (is_noticed) noticed_.insert(index);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!up_.contains({i, index})) continue;
    for (const Pair& pair : {Pair{i, index}, Pair{index, i}}) {
      up_.erase(pair);
      pipes_.erase(pair);
    }
    tell(nodes_[i], [&](ControlCore& core) { core.on_link_down(node.id); });
  }
}

void ControlWorld::end_session(Node& node) {
  publish(space.end_session(node.session));
  if (node.running()) node.events.emplace_back(SessionLost{});
}

void ControlWorld::renew_session(Node& node) {
  node.session = space.begin_session();
  node.events.emplace_back(SessionAlive{Instant::never()});
}

void ControlWorld::cut(Node& a, Node& b) {
  for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    const Pair pair{index_of(*from), index_of(*to)};
    cut_.insert(pair);
    pipes_.erase(pair);
    if (up_.erase(pair) == 0) continue;
    tell(*from, [&, peer = to->id](ControlCore& core) { core.on_link_down(peer); });
  }
}

void ControlWorld::heal(Node& a, Node& b) {
  cut_.erase({index_of(a), index_of(b)});
  cut_.erase({index_of(b), index_of(a)});
}

// ---- the coordinator ----

void ControlWorld::publish(const Changes& changes) {
  if (changes.changes.empty()) return;
  for (Node& node : nodes_) {
    if (node.running()) node.events.emplace_back(changes);
  }
}

void ControlWorld::submit(Node& node, const ControlCore::Submission& submission) {
  if (!node.reaches_coordinator) {
    node.events.emplace_back(TxnDone{submission.id, TxnOutcome::kUnavailable, Revision()});
    return;
  }
  if (on_transaction) on_transaction(node, submission.txn);
  ASSERT_TRUE(coordination::is_well_formed(submission.txn));
  const auto result = space.apply(submission.txn, node.session);
  publish(result.changes);
  const TxnOutcome outcome = node.loses_answers ? TxnOutcome::kUnknown : result.outcome;
  node.events.emplace_back(TxnDone{submission.id, outcome, result.revision});
}

/// Whose session holds the key, if that one is dead and its death can be noticed.
void ControlWorld::suspect(const std::string& key) {
  const auto session = space.session_of(key);
  for (const std::size_t index : noticed_) {
    if (session == nodes_[index].session) end_session(nodes_[index]);
  }
}

// ---- workers that have nothing to do ----

void ControlWorld::work(Node& node, const ToWorker& message) {
  node.to_workers.push_back(message);
  if (!node.workers_work) return;
  if (const auto* park = std::get_if<Park>(&message)) {
    node.from_workers.emplace_back(
        Report{.kind = Report::Kind::kDrained, .partition = park->partition, .epoch = park->epoch});
  } else if (const auto* request = std::get_if<WorkerStatsRequest>(&message)) {
    for (std::uint16_t w = 0; w < node.options.self.workers; ++w) {
      Stats stats;
      stats.primary_keys = stats.keys = 1u << w;
      stats.commands = 10;
      if (w == 0) stats.add(node.holds);
      auto counts = request->with_counts ? std::make_shared<CommandCounts>() : nullptr;
      if (counts != nullptr) counts->of(*commands::find_command("get")).calls = 3;
      node.from_workers.emplace_back(WorkerStats{WorkerIndex(w), stats, std::move(counts)});
    }
  } else if (const auto* view = std::get_if<std::shared_ptr<const NodeView>>(&message)) {
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      const PartitionConfig& config = (*view)->cluster->partitions[p];
      if (config.primary() != node.id) continue;
      for (const NodeId syncing : config.syncing) {
        node.from_workers.emplace_back(Report{.kind = Report::Kind::kCaughtUp,
                                              .partition = PartitionId(p),
                                              .epoch = config.epoch,
                                              .node = syncing});
      }
    }
  }
}

// ---- turns ----

void ControlWorld::turn(Node& node, const std::function<void(ControlCore&)>& events) {
  if (!node.running()) return;
  node.core->begin_turn(now);
  events(*node.core);
  node.core->end_turn();
  take_effects(node);
}

void ControlWorld::tell(Node& node, const std::function<void(ControlCore&)>& event) {
  turn(node, event);
}

void ControlWorld::take_effects(Node& node) {
  ControlCore::Effects effects;
  std::swap(effects, node.core->effects());
  for (const NodeId peer : effects.links) {
    ControlLink& link = node.core->link(peer);
    link.dirty = false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Pair pair{index_of(node), i};
      if (nodes_[i].id == peer && up_.contains(pair)) pipes_[pair] += link.output.view();
    }
    link.output.clear();
  }
  for (LogLine& line : effects.log) node.log.push_back(std::move(line));
  for (const auto& submission : effects.transactions) submit(node, submission);
  for (const auto& [worker, message] : effects.workers) work(node, message);
  for (const std::string& key : effects.suspects) suspect(key);
  if (effects.addresses_to_try) node.addresses_to_try = std::move(effects.addresses_to_try);
  if (effects.exit) {
    node.exit = effects.exit;
    end_session(node);
    kill(node, true);
  }
}

void ControlWorld::connect_all() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].running()) continue;
    for (const auto& member : nodes_[i].core->peers_to_dial()) {
      for (std::size_t k = 0; k < nodes_.size(); ++k) {
        const bool is_it = nodes_[k].id == member.id && nodes_[k].running();
        if (!is_it || up_.contains({i, k}) || cut_.contains({i, k})) continue;
        up_.insert({i, k});
        up_.insert({k, i});
        tell(nodes_[i], [&](ControlCore& core) { core.on_link_up(nodes_[k].id); });
        tell(nodes_[k], [&](ControlCore& core) { core.on_link_up(nodes_[i].id); });
      }
    }
  }
}

void ControlWorld::deliver() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    while (node.running() && node.hears_coordinator && !node.events.empty()) {
      coordination::Event event = std::move(node.events.front());
      node.events.pop_front();
      turn(node, [&](ControlCore& core) { core.on_coordinator(std::move(event)); });
    }
    while (node.running() && !node.from_workers.empty()) {
      std::deque<ToControl> messages;
      messages.swap(node.from_workers);
      turn(node, [&](ControlCore& core) {
        for (ToControl& message : messages) core.on_worker(std::move(message));
      });
    }
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      std::string bytes;
      bytes.swap(pipes_[{k, i}]);
      if (bytes.empty() || !node.running()) continue;
      turn(node, [&](ControlCore& core) {
        std::size_t consumed = 0;
        EXPECT_TRUE(core.on_link_data(nodes_[k].id, bytes, consumed));
        EXPECT_EQ(consumed, bytes.size());
      });
    }
  }
}

void ControlWorld::step() {
  now.instant = now.instant + ControlCore::kTick;
  now.wall.ms += ControlCore::kTick.as_millis();
  connect_all();
  deliver();
  for (Node& node : nodes_) turn(node, [](ControlCore& core) { core.tick(); });
}

void ControlWorld::run(Duration d) {
  const Instant end = now.instant + d;
  while (now.instant < end) step();
}

bool ControlWorld::run_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    step();
  }
  return condition();
}

std::string ControlWorld::ask(Node& node, std::vector<std::string> args) {
  const std::uint64_t token = 1000 + node.to_workers.size();
  tell(node, [&](ControlCore& core) {
    core.on_worker(AdminRequest{WorkerIndex(0), token, std::move(args)});
  });
  std::string reply;
  const bool answered = run_until([&] {
    for (const ToWorker& message : node.to_workers) {
      const auto* answer = std::get_if<AdminReply>(&message);
      if (answer != nullptr && answer->token == token) reply = answer->reply;
    }
    return !reply.empty();
  });
  EXPECT_TRUE(answered);
  return reply;
}

// ---- what came of it ----

membership::ClusterView ControlWorld::view() const {
  membership::ViewBuilder builder;
  builder.apply(space.snapshot());
  return builder.current();
}

bool ControlWorld::settled() const {
  const membership::ClusterView now_there = view();
  if (!now_there.settings || now_there.target.replicas.empty()) return false;
  const std::vector<NodeId> takers = membership::takers(now_there);
  if (now_there.target.nodes != takers) return false;
  for (const Node& node : nodes_) {
    if (node.running() && now_there.member(node.id) == nullptr) return false;
  }
  const std::size_t copies = std::min<std::size_t>(now_there.settings->copies, takers.size());
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = now_there.partitions[p];
    const NodeList& target = now_there.target.replicas[p];
    if (c.in_sync.size() != copies || !c.syncing.empty()) return false;
    if (c.primary() != target.front()) return false;
    for (const NodeId node : target) {
      if (!c.in_sync.contains(node)) return false;
    }
  }
  return true;
}

std::size_t ControlWorld::partitions_of(const Node& node, bool as_primary) const {
  const membership::ClusterView now_there = view();
  return static_cast<std::size_t>(std::count_if(
      now_there.partitions.begin(), now_there.partitions.end(), [&](const PartitionConfig& c) {
        return as_primary ? c.primary() == node.id : c.is_replica(node.id);
      }));
}

}  // namespace borg::node::testing
