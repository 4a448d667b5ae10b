// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "commands/event_flags.h"
#include "node/gateway.h"
#include "node/interests.h"
#include "node/subscribers.h"
#include "wire/pubsub.h"

namespace borg::node {

/// One worker's part in bringing messages from any client to the subscribers on all nodes.
///
/// A message goes from the publisher's worker to one worker of each node, chosen by the channel's
/// slot (or, of an event of a key, by the key's), and from there to its siblings that have
/// subscribers. So all messages of one publisher to one channel take the same way, and every step
/// of it keeps their order. Nothing is ever sent twice: what is under way when a link breaks is
/// lost. Each worker that was given a message says how many clients have it in their output, and
/// PUBLISH answers with the sum.
///
/// Runs:      on its worker; sans-I/O.
/// Patience:  PUBLISH and PUBSUB wait for a node no longer than it takes to find it silent; then
///            its subscribers do not count, and nobody waits for it until it is heard again.
/// Limits:    a peer that does not say what became of 64 MB of messages gets no more; a
///            subscriber that does not read is disconnected (NodeOptions::pubsub_limits).
class PubSub {
 public:
  PubSub(GatewayHost& host, Gateway& gateway, const NodeOptions& options)
      : host_(host), gateway_(gateway), options_(options) {}

  // ---- commands ----
  /// Confirmed when every message that is published from then on, anywhere, comes here.
  void subscribe(Client& client, ChannelKind kind, commands::Args names);
  /// Without names: of all that there are of this kind.
  void unsubscribe(Client& client, ChannelKind kind, commands::Args names);
  void publish(Client& client, bool is_sharded, std::string_view channel, std::string_view message);
  /// The names that match, of the whole cluster. Nullopt: all.
  void list(Client& client, ChannelKind kind, std::optional<std::string_view> pattern);
  void count(Client& client, ChannelKind kind, commands::Args names);
  void count_patterns(Client& client);

  /// Tells of an event of a key: nobody waits for it. All events of a partition take the same way,
  /// whatever their channels.
  void announce(const commands::KeyEvent& event, const commands::EventFlags& flags);
  /// Ends all subscriptions of the client, without a word.
  void leave(Client& client);

  // ---- events ----
  void link_up(const wire::Endpoint& peer);
  void link_down(const wire::Endpoint& peer);
  /// False: the peer must not send this.
  bool on_frame(const wire::Endpoint& from, const wire::Frame& frame);
  void tick();
  /// How many have subscribers at this node.
  [[nodiscard]] std::size_t names_at_node(ChannelKind kind) const;
  /// Nothing here waits for time to pass.
  [[nodiscard]] bool is_calm() const { return deadlines_.empty() && slow_.empty(); }

 private:
  /// A message on its way to other workers.
  struct Delivery {
    struct Part {
      wire::Endpoint to;
      std::size_t bytes = 0;
      bool waited_for = false;
    };
    std::vector<Part> parts;  // not heard of yet
    std::size_t waits = 0;    // for so many of them
    std::uint64_t receivers = 0;
    // Who is told the number: a client, the worker that it came from, or nobody (any more).
    Client* client = nullptr;
    Client::Slot slot = 0;
    wire::Endpoint from;
    std::uint64_t id_there = 0;
  };
  struct Peer {
    std::size_t bytes_under_way = 0;
    bool is_mute = false;  // has kept somebody waiting in vain, and owes that answer yet
  };
  /// A SUBSCRIBE that siblings have to know of.
  struct Confirmation {
    Client* client = nullptr;
    Client::Slot slot = 0;
    std::set<Interests::Lane> waits_for;
    std::string reply;
  };
  /// A PUBSUB that other workers have to answer.
  struct Query {
    Client* client = nullptr;
    Client::Slot slot = 0;
    ChannelKind kind = ChannelKind::kChannel;
    enum class Wanted : std::uint8_t { kNames, kCounts, kNumberOfNames };
    Wanted wanted = Wanted::kNames;
    std::set<wire::Endpoint> waits_for;
    std::vector<std::string> asked;     // of kCounts
    std::vector<std::uint64_t> counts;  // beside them
    std::set<std::string> found;
  };

  // pubsub.cc
  void confirm(Client& client, std::string_view reply);
  void remove(Client& client, ChannelKind kind, std::string_view name);
  [[nodiscard]] std::vector<Interests::Lane> lanes_to_tell(ChannelKind kind,
                                                           std::string_view name) const;
  ByteBuffer* sibling(Interests::Lane lane);
  void tell(ChannelKind kind, std::string_view name, wire::InterestChange change);
  void tell_everything(Interests::Lane lane);
  void push(Client& client, std::string_view text);
  void kill(Client& client);
  void watch_slow_clients();
  bool on_interest(const wire::Endpoint& from, const wire::Interest& m);
  void on_interest_taken(const wire::Endpoint& from, const wire::InterestTaken& m);

  template <class F>
  void for_each_other_member(F&& visit) const {
    const NodeView* const view = host_.view();
    if (view == nullptr) return;
    for (const membership::MemberRecord& record : view->cluster->members) {
      if (record.member.id != host_.self().node) visit(record.member);
    }
  }

  // pubsub_delivery.cc
  void announce(PartitionId partition, const std::string& channel, std::string_view message);
  void spread(Delivery& delivery, std::uint64_t id, PartitionId partition, wire::Publish message);
  void spread_here(Delivery& delivery, std::uint64_t id, wire::Publish message);
  void send(Delivery& delivery, std::uint64_t id, const wire::Endpoint& to,
            const wire::Publish& message);
  std::size_t deliver_here(const wire::Publish& message);
  bool on_publish(const wire::Endpoint& from, const wire::Publish& m);
  void heard(const wire::Endpoint& peer);
  void on_published(const wire::Endpoint& from, const wire::Published& m);
  void keep(std::uint64_t id, Delivery delivery);
  void drop_parts(Delivery& delivery, const wire::Endpoint& of);
  void tell_receivers(Delivery& delivery);
  void give_up(std::uint64_t id);

  // pubsub_query.cc
  void start(Query query, commands::Args names);
  [[nodiscard]] std::vector<std::string> answer_here(ChannelKind kind, bool counts,
                                                     const wire::Args& names) const;
  bool on_query(const wire::Endpoint& from, const wire::PubsubQuery& m);
  bool on_answer(const wire::Endpoint& from, const wire::PubsubAnswer& m);
  static void add(Query& query, const std::vector<std::string_view>& items);
  void finish(const Query& query);

  GatewayHost& host_;
  Gateway& gateway_;
  const NodeOptions& options_;
  Subscribers subscribers_;
  Interests interests_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Delivery> deliveries_;
  std::map<std::uint64_t, Confirmation> confirmations_;
  std::map<std::uint64_t, Query> queries_;
  std::map<wire::Endpoint, Peer> peers_;
  struct Deadline {
    Instant at;
    std::uint64_t id;
  };
  std::deque<Deadline> deadlines_;  // of deliveries and queries for which clients wait
  std::set<Client*> slow_;          // with more output than they should have
};

}  // namespace borg::node
