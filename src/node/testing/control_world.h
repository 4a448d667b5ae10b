// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordination/key_space.h"
#include "membership/cluster_view.h"
#include "node/control.h"

namespace borg::node::testing {

/// Control threads of whole nodes on one key space. Their workers are pretended: each hands over
/// and syncs at once, as workers without data and without clients would.
class ControlWorld {
 public:
  ControlWorld();
  ~ControlWorld();

  struct Node {
    NodeId id;
    NodeOptions options;
    std::unique_ptr<ControlCore> core;
    coordination::SessionId session;
    std::deque<coordination::Event> events;  ///< of the coordinator, not given to it yet
    std::deque<ToControl> from_workers;
    std::vector<ToWorker> to_workers;
    std::vector<LogLine> log;
    std::optional<ControlCore::Exit> exit;
    /// The last that it wanted to have tried; on_addresses_tried() is left to the test.
    std::optional<std::vector<coordination::Member>> addresses_to_try;
    bool hears_coordinator = true;    ///< false: its events wait
    bool reaches_coordinator = true;  ///< false: its transactions are kUnavailable
    bool loses_answers = false;       ///< its transactions are carried out, their outcome kUnknown
    bool workers_work = true;
    Stats holds = {};  ///< what one of its workers says beside the little that each does
    bool running() const { return core != nullptr && !exit; }
    [[nodiscard]] bool logged(std::string_view text) const;
  };

  /// Starts a node; nothing happens before run().
  Node& start(const std::string& name, const std::function<void(NodeOptions&)>& change = {});
  /// The process is gone. `is_noticed`: its session ends when somebody suspects it.
  void kill(Node& node, bool is_noticed = true);
  void end_session(Node& node);
  void renew_session(Node& node);
  void cut(Node& a, Node& b);
  void heal(Node& a, Node& b);
  void run(Duration d = Duration::seconds(3));
  /// Runs until it is true, for at most a minute.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition);
  void tell(Node& node, const std::function<void(ControlCore&)>& event);
  /// An admin command through this node; the reply.
  std::string ask(Node& node, std::vector<std::string> args);

  [[nodiscard]] membership::ClusterView view() const;
  /// Every partition is where the target wants it, on min(copies, active members) nodes.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::size_t partitions_of(const Node& node, bool as_primary) const;
  coordination::KeySpace space;
  Now now{Instant::at_nanos(1'000'000'000), WallTime{1'700'000'000'000}};
  /// Looks at every transaction before it is carried out.
  std::function<void(const Node&, const coordination::Txn&)> on_transaction;

 private:
  using Pair = std::pair<std::size_t, std::size_t>;
  void turn(Node& node, const std::function<void(ControlCore&)>& events);
  void take_effects(Node& node);
  void submit(Node& node, const ControlCore::Submission& submission);
  void publish(const coordination::Changes& changes);
  void work(Node& node, const ToWorker& message);
  void connect_all();
  void deliver();
  void step();
  void suspect(const std::string& key);
  [[nodiscard]] std::size_t index_of(const Node& node) const;

  std::deque<Node> nodes_;
  std::map<Pair, std::string> pipes_;
  std::set<Pair> up_;
  std::set<Pair> cut_;
  std::set<std::size_t> noticed_;
};

}  // namespace borg::node::testing
