// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/actor.h"
#include "wire/messages.h"

namespace borg::sim {

class Connection;

/// A thread that has links to threads of other nodes, or to other workers of its own.
class LinkActor : public Actor {
 public:
  LinkActor(Sim& sim, Life& life, std::string name, wire::Endpoint own, std::size_t at_host)
      : Actor(sim, life, std::move(name)), endpoint(own), host(at_host) {}

  virtual void link_up(const wire::Endpoint& peer) = 0;
  virtual void link_down(const wire::Endpoint& peer) = 0;
  virtual bool link_data(const wire::Endpoint& peer, std::string_view input,
                         std::size_t& consumed) = 0;

  const wire::Endpoint endpoint;
  const std::size_t host;
  std::map<wire::Endpoint, std::shared_ptr<Connection>> links;  ///< of which this end knows
  std::set<wire::Endpoint> dialed;  ///< being connected to, or connected
};

/// One stream of bytes each way between two threads.
///
/// Bytes arrive in order or not at all. A cut path delays them until it heals, and perhaps for a
/// while longer, as TCP does. An end that closes is known to the other only if the news gets
/// through: over a cut path it is lost, and the other end stands half open. It hears of the break
/// when it sends something and the answer, that there is no such connection, gets back to it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum Side : std::size_t { kDialer = 0, kAcceptor = 1 };
  struct End {
    LinkActor* actor = nullptr;
    bool up = false;
    bool over = false;         ///< has heard, or never will
    bool news_posted = false;  ///< data waits in the inbox
    std::string received;
    // What this end sent.
    struct Chunk {
      Duration at;
      std::string bytes;
      bool is_welcome = false;
    };
    std::deque<Chunk> sent;
    bool is_moving = false;  ///< an event is under way for the first chunk
    Duration last_at;
    Duration resumes_at;         ///< nothing is sent again before, after a cut
    bool is_unanswered = false;  ///< has sent something after the other end had closed
  };

  std::array<End, 2> ends;
  bool broken = false;
  bool internal = false;  ///< within one process
};

/// Who can reach whom, and the connections that there are.
class Network {
 public:
  using Find = std::function<LinkActor*(const wire::Endpoint&)>;
  using Wants = std::function<bool(const LinkActor&, const wire::Endpoint&)>;

  Network(Sim& sim, Find find, Wants wants)
      : sim_(sim), find_(std::move(find)), wants_(std::move(wants)) {}

  /// Connects, and connects again when that fails or breaks, as long as it is wanted.
  void dial(LinkActor& from, const wire::Endpoint& to, Duration delay);
  /// Two workers of one process, from its start.
  void connect_within(LinkActor& a, LinkActor& b);
  void send(LinkActor& from, const wire::Endpoint& to, std::string_view bytes);
  void break_link(LinkActor& from, const wire::Endpoint& to);
  /// Some hear of it on one end only.
  void break_random_links(std::size_t n);
  /// A process ended: its peers hear of it soon, or late if it was the machine that died.
  void process_died(std::size_t host, NodeId node, bool is_silent);

  // Hosts are numbers; a cut is one-way.
  void cut(std::size_t from, std::size_t to);
  void heal(std::size_t from, std::size_t to);
  void heal_all();
  /// What is sent this way takes longer by a span that is drawn for each piece.
  void slow(std::size_t from, std::size_t to, Duration low, Duration high);
  /// Ends that.
  void hasten(std::size_t from, std::size_t to) { slow_.erase({from, to}); }
  /// True if both threads have the same connection to each other, and it stands.
  [[nodiscard]] static bool is_linked(const LinkActor& a, const LinkActor& b);
  [[nodiscard]] bool is_open(std::size_t from, std::size_t to) const {
    return !cuts_.contains({from, to});
  }
  // Between nodes, from the start.
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  using Pair = std::shared_ptr<Connection>;
  using Side = Connection::Side;

  void attempt(LinkActor& from, const wire::Endpoint& to);
  void failed(LinkActor& from, const wire::Endpoint& to, Duration delay);
  void accept(const Pair& c);
  void welcome(const Pair& c);
  void push(const Pair& c, Side from, std::string_view bytes, bool is_welcome);
  void move(const Pair& c, Side from);
  void arrive(const Pair& c, Side from);
  void give(const Pair& c, Side to);
  void print_frames(const LinkActor& from, const LinkActor& to, std::string_view bytes) const;
  /// When each end hears of it; nothing: it does not, or not by this.
  struct Hearing {
    std::optional<Duration> dialer;
    std::optional<Duration> acceptor;
  };
  void break_now(const Pair& c, const Hearing& hearing);
  void close(const Pair& c, Side side, Duration delay);
  void reset(const Pair& c, Side side);
  void forget_ended();
  void hear(const Pair& c, Side side, Duration delay);
  void end(Connection& c, Side side);
  void break_if_cut(const Pair& c);
  [[nodiscard]] bool is_open(const Connection& c, Side from) const;
  [[nodiscard]] Duration draw_retry();
  [[nodiscard]] Duration draw_latency(const Connection& c, Side from);

  Sim& sim_;
  Find find_;
  Wants wants_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<Pair> all_;
  using Path = std::pair<std::size_t, std::size_t>;
  std::set<Path> cuts_;
  std::map<Path, std::pair<Duration, Duration>> slow_;
};

}  // namespace borg::sim
