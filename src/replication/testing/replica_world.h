// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "replication/replica.h"
#include "replication/replica_invariants.h"

namespace borg::replication::testing {

/// What is on its way from one replica to another: a frame of the stream, or an answer to one.
struct Parcel {
  ByteBuffer frame;
  std::optional<SentFrame> sent;   ///< the receiver acknowledges it
  std::optional<SentFrame> acked;  ///< this is that acknowledgement, and there is no frame
};

struct GivenReply {
  int node = 0;  ///< who gave it
  wire::Origin origin;
  wire::ReplyStatus status = wire::ReplyStatus::kDone;
  std::string bytes;
  Instant valid_until;
};

/// Replicas of one partition on nodes 1, 2, 3 …, joined by links that deliver in order, when the
/// test says so. Time, leases and the number of copies are the test's to set.
class ReplicaWorld {
 public:
  explicit ReplicaWorld(int nodes);
  ~ReplicaWorld();

  /// What a node's replica is told about its surroundings.
  struct Surroundings {
    Instant serve_until = Instant::never();  ///< with others in sync
    Instant alone_until = Instant::never();
    bool may_be_alone = false;
    std::size_t copies_required = 2;
    bool too_few_nodes = false;
    bool out_of_memory = false;
    bool is_own_gateway = false;
    bool wants_events = false;
    SyncLimits sync_limits;
  };
  Surroundings& around(int node);
  Now now{Instant::at_nanos(1'000'000'000), WallTime{1'700'000'000'000}};
  void pass(Duration d);

  [[nodiscard]] static PartitionConfig config(std::uint64_t epoch, std::uint64_t term,
                                              std::initializer_list<int> in_sync,
                                              std::initializer_list<int> syncing = {});
  /// To all nodes, or to these.
  void configure(const PartitionConfig& config);
  void configure(std::initializer_list<int> nodes, const PartitionConfig& config);

  /// A request of gateway 100; returns its number.
  std::uint64_t ask(int node, std::vector<std::string> args);
  /// As the gateway on the replica's own worker asks.
  std::uint64_t ask_here(int node, std::vector<std::string> args);
  /// The same request once more, perhaps to another node.
  void ask_again(int node, std::uint64_t request);
  /// A copy of this request's origin, term and arguments as ask() gives them to the replica.
  struct Asked {
    wire::Origin origin;
    Epoch term;
    std::vector<std::string> args;
    bool any_replica = false;
    bool is_only_copy = false;
  };
  [[nodiscard]] const Asked& asked(std::uint64_t request) const { return asked_.at(request); }
  void give(int node, const Asked& asked);
  std::uint64_t floor = 1;  ///< of the requests to come

  /// Delivers what is on its way, snapshots included, until nothing moves any more.
  void run();
  /// Delivers everything that is on its way from one node to another now, not the answers.
  void deliver(int from, int to);
  void deliver_one(int from, int to);
  /// Puts a frame on the way that no replica wrote.
  template <class Message>
  void inject(int from, int to, const Message& m) {
    auto& wire = wires_[{from, to}];
    wire.push_back(std::make_unique<Parcel>());
    wire::encode(wire.back()->frame, m);
  }
  [[nodiscard]] std::size_t on_the_way(int from, int to) const;
  [[nodiscard]] std::size_t bytes_on_the_way(int from, int to) const;
  /// Everything between the two is lost; both hear of it.
  void cut(int a, int b);
  void heal(int a, int b);
  /// The node is gone: nothing reaches it or leaves it.
  void kill(int node);
  void poke(int node);
  bool send_chunk(int from, int to);
  void park(int node, Epoch epoch);
  void unpark(int node, Epoch epoch);
  std::size_t expire_some(int node);

  [[nodiscard]] Replica& replica(int node);
  [[nodiscard]] std::optional<std::string> value(int node, std::string_view key);
  [[nodiscard]] bool same_data(int a, int b);
  /// The one reply to this request, if there was exactly one.
  [[nodiscard]] std::optional<std::string> reply(std::uint64_t request) const;
  [[nodiscard]] const GivenReply* given(std::uint64_t request) const;
  std::vector<GivenReply> replies;
  std::vector<std::string> events;  ///< announced: "name key"
  std::vector<std::pair<int, Report>> reports;
  [[nodiscard]] std::size_t count(Report::Kind kind) const;
  [[nodiscard]] const PartitionId& partition() const { return partition_; }

 private:
  class Node;
  using Pair = std::pair<int, int>;
  void check_invariants();
  bool pump_snapshots();
  void take(int from, int to, Parcel parcel);

  PartitionId partition_;
  std::map<int, std::unique_ptr<Node>> nodes_;
  std::map<Pair, std::deque<std::unique_ptr<Parcel>>> wires_;
  std::map<Pair, bool> is_up_;
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t next_request_ = 1;
};

/// A key of the world's partition.
[[nodiscard]] std::string key(std::string_view name);
[[nodiscard]] std::string bulk(std::string_view value);
inline constexpr std::string_view kOk = "+OK\r\n";

}  // namespace borg::replication::testing
