// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/worker.h"

namespace borg::node::testing {

/// A request as clients send it.
[[nodiscard]] std::string command(const std::vector<std::string>& args);
[[nodiscard]] std::string bulk(std::string_view value);

/// A client's end of its connection.
struct Connection {
  WorkerCore* worker = nullptr;
  Client* client = nullptr;
  std::string unread;  ///< sent, and not taken yet
  std::string output;
  bool closed = false;
  /// What came since the last call.
  std::string take();
};

/// Nodes 1, 2, 3 … with all their workers and no control threads: what those would say, the
/// test says. Links are streams of bytes that arrive in order, in pieces, or break.
class WorkerWorld {
 public:
  explicit WorkerWorld(int nodes, std::uint16_t workers = 1,
                       const std::function<void(NodeOptions&)>& change_options = {});
  ~WorkerWorld();

  Now now{Instant::at_nanos(1'000'000'000), WallTime{1'700'000'000'000}};
  /// What the next publish() gives out. All nodes are members, copies are min(2, nodes).
  membership::ClusterView view;
  std::size_t live_nodes;
  /// The end of a lease that `to` was given by `by`, or of the proof that `to` is not replaced.
  membership::PeerLease& lease(int to, int by) { return *leases_[{to, by}]; }

  /// Every partition is held by these nodes, the first its primary, at a new epoch and term.
  void place(std::initializer_list<int> nodes, std::initializer_list<int> syncing = {});
  void place(PartitionId partition, std::initializer_list<int> nodes,
             std::initializer_list<int> syncing = {});
  void publish();
  void publish_to(int node);
  void tell(int node, ToWorker message);

  Connection& connect(int node, std::uint16_t lane = 0);
  /// Without waiting for anything that is on the way.
  void type(Connection& connection, std::string_view bytes);
  void send(Connection& connection, const std::vector<std::string>& args);
  /// Sends, lets everything arrive, and returns the answer.
  std::string ask(Connection& connection, const std::vector<std::string>& args);
  void close(Connection& connection);

  /// Until nothing is on the way; at most this many bytes arrive at a time.
  void run(std::size_t piece = SIZE_MAX);
  /// What is on its way between two nodes' workers now.
  void deliver_once(int from, int to);
  void pass(Duration d);  ///< with ticks of every worker
  void cut(int a, int b);
  void heal(int a, int b);
  /// As heal(), with more happening in node a's workers in the same turn.
  void heal(int a, int b, const std::function<void(WorkerCore&)>& more);
  bool receive(int node, std::uint16_t lane, const wire::Endpoint& from, std::string_view bytes);
  /// One turn of a worker.
  void turn(WorkerCore& worker, const std::function<void()>& events);

  [[nodiscard]] WorkerCore& worker(int node, std::uint16_t lane = 0);
  [[nodiscard]] std::size_t bytes_on_the_way() const;
  std::vector<ToControl> to_control;
  std::size_t protocol_errors = 0;
  std::size_t clients_resumed = 0;

 private:
  using Pipe = std::pair<wire::Endpoint, wire::Endpoint>;
  void take_effects(WorkerCore& worker);
  void flush(WorkerCore& from, Link& link);
  void flush(Client& client);
  bool deliver(const Pipe& pipe, std::size_t piece);
  void set_links(int a, int b, bool up);
  void read(Connection& connection);

  std::uint16_t lanes_;
  std::vector<std::unique_ptr<NodeOptions>> options_;
  std::map<wire::Endpoint, std::unique_ptr<WorkerCore>> workers_;
  std::map<Pipe, std::string> pipes_;
  std::set<Pipe> up_;
  std::map<std::pair<int, int>, std::shared_ptr<membership::PeerLease>> leases_;
  std::deque<Connection> connections_;
  std::uint64_t epoch_ = 0;
};

/// A key of this partition.
[[nodiscard]] std::string key_of(PartitionId partition, std::string_view name = "k");

}  // namespace borg::node::testing
