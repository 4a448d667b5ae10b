// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/partition_config.h"
#include "base/time.h"
#include "commands/command.h"
#include "node/client.h"
#include "node/inner_message.h"
#include "node/link.h"
#include "node/options.h"
#include "node/settings.h"
#include "replication/replica.h"
#include "wire/messages.h"

namespace borg::node {

class PubSub;

/// What the gateway needs of the worker around it.
class GatewayHost {
 public:
  virtual ~GatewayHost() = default;
  [[nodiscard]] virtual Now now() const = 0;
  [[nodiscard]] virtual const wire::Endpoint& self() const = 0;
  /// Null before the first view.
  [[nodiscard]] virtual const NodeView* view() const = 0;
  [[nodiscard]] virtual const PartitionConfig& config(PartitionId partition) const = 0;
  /// The worker that holds the partition on this node, or Endpoint{} if the node is unknown.
  [[nodiscard]] virtual wire::Endpoint holder(NodeId node, PartitionId partition) const = 0;
  /// The buffer of a link that stands, or null.
  virtual ByteBuffer* output_to(const wire::Endpoint& to) = 0;
  virtual void request_here(PartitionId partition,
                            const replication::Replica::RequestView& request) = 0;
  /// A configuration that another node has: adopted if it is newer.
  virtual bool learn(PartitionId partition, const PartitionConfig& config) = 0;
  virtual void to_control(ToControl message) = 0;
  virtual void client_has_output(Client& client) = 0;
  virtual void client_left(Client& client) = 0;
  /// The client wants to see, or no longer, what all clients of this node ask.
  virtual void set_monitor(Client& client, bool on) = 0;
  /// It was blocked, and is not any more.
  virtual void client_may_go_on(Client& client) = 0;
  /// True if a replica on this worker holds this request of this gateway as blocked.
  [[nodiscard]] virtual bool is_blocked_here(PartitionId partition, std::uint64_t seq) = 0;
  /// Its control thread vouches for this worker, which is in the middle of something long.
  [[nodiscard]] virtual bool is_busy(const wire::Endpoint& worker) const = 0;
  [[nodiscard]] virtual bool is_anybody_busy() const = 0;
  /// Answers a worker of this node.
  virtual void answer(const wire::Origin& origin, PartitionId partition,
                      std::string_view reply) = 0;
  [[nodiscard]] virtual std::uint16_t workers() const = 0;
  [[nodiscard]] virtual const Settings& settings() const = 0;
  /// True if a write of this partition that needs memory has no place at one of its holders, or
  /// what this node would keep of it until then has none here.
  [[nodiscard]] virtual bool out_of_memory(PartitionId partition) const = 0;
  virtual std::uint64_t draw_random() = 0;
  [[nodiscard]] virtual PubSub& pubsub() = 0;
  /// Commands of a transaction begin that the gateway itself executes; then, after each.
  virtual void begin_steps() = 0;
  virtual void note_step(const Client& client, const commands::CommandSpec& spec,
                         commands::Args args) = 0;
};

/// A command that is executed as several requests, whose replies become one.
class Composite {
 public:
  virtual ~Composite() = default;
  /// Part `part` was answered.
  virtual void part_done(std::size_t part, std::string_view reply) = 0;
  [[nodiscard]] virtual Client& client() = 0;
  /// Called once a turn after defer().
  virtual void go_on() {}
};

/// Of a write that was never sent.
inline constexpr std::string_view kNotWritten =
    "-CLUSTERDOWN No primary could serve the slot in time, nothing was written\r\n";
/// Of a command that only reads.
inline constexpr std::string_view kNotRead =
    "-CLUSTERDOWN No primary could serve the slot in time\r\n";
/// Of what the node's control thread was asked, an order perhaps.
inline constexpr std::string_view kNoWord =
    "-INDOUBT This node has not answered in time; BORG INFO shows what came of an order\r\n";
inline constexpr std::string_view kInDoubt =
    "-INDOUBT No answer in time, the outcome of this write is unknown\r\n";
/// It was sent more than once, as the first answer did not come, and then refused.
inline constexpr std::string_view kAnswerLost =
    "-INDOUBT The answer was lost with a node or a link, the outcome of this write is unknown\r\n";
inline constexpr std::string_view kLostInDoubt =
    "-INDOUBT All copies of this slot died, the outcome of this write is unknown\r\n";
inline constexpr std::string_view kDataLoss =
    "-DATALOSS All copies of this slot died, see borgctl accept-loss\r\n";

/// A request that workers known to be busy hold up waits so much longer than its deadline: one may
/// execute something long, and then its replicas do.
[[nodiscard]] inline Duration extra_time_max(const NodeOptions& options) {
  return options.liveness.busy_max * 2;
}
/// Results of requests are kept for longer than any gateway asks for them.
[[nodiscard]] inline Duration record_age(const NodeOptions& options) {
  const Duration deadline = options.request_deadline;
  return std::max(deadline * 10, deadline * 4 + extra_time_max(options));
}

/// Sends clients' commands to the primaries of their keys, and again to the next primary when
/// one fails, under the same request number, until there is an answer or the deadline passes.
///
/// Runs:      on its worker; sans-I/O.
/// Order:     the requests of one partition are sent, and sent again, in the order in which
///            they came, so commands of one connection on one key never overtake each other.
/// Blocking:  a command that may block is a long-lived request: see docs/consistency.md. It ends
///            with the primary's answer to it, or to the cancel that takes its place when its
///            time is over, its client has gone, or somebody asks for that.
/// Invariant: a request has one number for life; every request below floor() is answered.
class Gateway {
 public:
  Gateway(GatewayHost& host, const NodeOptions& options);
  ~Gateway();

  /// Executes one request of a client, as parsed: then client.answers is it, or null if it was
  /// not executed. `first` is of its first argument, if somebody has computed that already.
  void execute(Client& client, commands::Args args, const storage::KeyRef* first = nullptr);
  /// The connection is closed: its replies go nowhere. Calls client_left() when none is pending.
  void disconnect(Client& client);

  /// An answer, from a link or from a replica on this worker.
  void on_reply(std::uint64_t seq, PartitionId partition, wire::ReplyStatus status,
                std::string_view bytes, Instant valid_until);
  void on_admin_reply(const AdminReply& reply);

  /// The partition has another primary, or the way to it is new: its requests are sent again
  /// when the turn ends.
  void route_changed(PartitionId partition);
  void view_changed();
  /// This worker itself could not hear answers for so long.
  void stood_still(Duration span);
  void end_turn();
  void tick();

  [[nodiscard]] std::uint64_t floor() const { return base_; }
  [[nodiscard]] std::size_t pending() const;
  /// Of requests that are kept until they are answered.
  [[nodiscard]] std::size_t pending_bytes() const;
  /// Ends the client's blocking command if it has one ("timeout" or "error" says how); then, or
  /// at once, `origin` is told whether that happened.
  void unblock(const Client& client, std::string_view why, const wire::Origin& origin,
               PartitionId partition);
  /// Clients whose command waits at a primary.
  [[nodiscard]] std::size_t blocked_clients() const { return waiting_; }
  /// When a blocked command wants a tick next.
  [[nodiscard]] Instant next_wake() const {
    return wakes_.empty() ? Instant::never() : wakes_.begin()->first;
  }
  [[nodiscard]] std::uint64_t commands_executed() const { return commands_; }
  [[nodiscard]] std::uint64_t forwarded() const { return forwarded_; }
  /// The last execute() was of a command that waits for EXEC.
  [[nodiscard]] bool has_queued() const { return has_queued_; }

  // ---- for composites and the commands that the gateway itself answers ----

  struct PartRequest {
    PartitionId partition;
    bool any_replica = false;  ///< this node's replica answers, whatever its role
    bool is_write = false;
    resp::Version version = resp::Version::kResp2;
    commands::Args args;
  };
  void submit_part(const std::shared_ptr<Composite>& composite, std::size_t part,
                   const PartRequest& request);
  /// go_on() is called at the end of this turn.
  void defer(std::shared_ptr<Composite> composite);
  void finish(Client& client, Client::Slot slot, std::string_view reply);
  void ask_control(Client& client, commands::Args args);
  /// This node's replica of the partition answers, whatever its role.
  void ask_own_replica(Client& client, PartitionId partition, commands::Args args);
  /// Sends these arguments, instead of what the client wrote, to the partition's primary.
  void forward(Client& client, PartitionId partition, bool is_write, commands::Args args);
  /// Executes a command now, whether the client is in MULTI or not. REQUIRES: the number of
  /// arguments is right.
  void run(Client& client, const commands::CommandSpec& spec, commands::Args args,
           const storage::KeyRef* first = nullptr);
  [[nodiscard]] GatewayHost& host() { return host_; }
  [[nodiscard]] const NodeOptions& options() const { return options_; }

 private:
  struct Target {
    Client* client = nullptr;
    Client::Slot slot = 0;
    std::shared_ptr<Composite> composite;
    std::size_t part = 0;
  };
  struct Pending {
    std::uint64_t seq = 0;
    PartitionId partition;
    Target target;
    ByteBuffer args;  // encoded
    bool is_write = false;
    bool any_replica = false;
    bool sent = false;
    std::uint32_t copies = 0;  // sent, and not known to have been turned away
    Epoch term;                // of the partition when it was sent last
    std::uint8_t resp = 2;
    std::uint64_t finished = 0;  // of a long-lived one: see wire::Request
    Instant deadline;
    Instant gives_up_at;       // whatever may be said for waiting on
    bool is_extended = false;  // the deadline is later than those of requests that came later
  };
  struct Unblocker {  // who wants to know what came of CLIENT UNBLOCK
    wire::Origin origin;
    PartitionId partition;
  };
  /// A long-lived request.
  struct Blocking : Pending {
    std::string key;            // one of its keys
    bool is_waiting = false;    // a primary has said so
    bool is_cancelled = false;  // args are those of the cancel
    Instant times_out_at = Instant::never();
    Instant asked_at = Instant::never();  // when the first copy without an answer was sent
    Instant refresh_at = Instant::never();
    Instant wakes_at = Instant::never();  // its place in wakes_
    std::vector<Unblocker> unblockers;
  };
  /// A request that a replica on this worker is executing right now.
  struct Direct {
    std::uint64_t seq = 0;
    bool answered = false;
    Target* target = nullptr;
    Direct* outer = nullptr;  // in the middle of which it was submitted: to note a slow command
  };

  /// What is known of a client's command, for a replica on this worker.
  struct Known {
    const commands::CommandSpec* spec = nullptr;
    const storage::KeyRef* key = nullptr;
  };
  void submit(Target target, PartitionId partition, bool is_write, bool any_replica,
              std::uint8_t resp, commands::Args args, Known known);
  bool execute_here(std::uint64_t seq, Target& target, PartitionId partition, bool any_replica,
                    std::uint8_t resp, commands::Args args, Known known);
  [[nodiscard]] bool is_lost(PartitionId partition) const;
  void send(Pending& pending);
  void deliver(Target& target, std::string_view bytes, Instant valid_until);
  void deliver_part(Target& target, std::string_view bytes, Instant valid_until);
  Pending* find(std::uint64_t seq);
  [[nodiscard]] Direct* find_direct(std::uint64_t seq) const;
  Pending& new_pending(std::uint64_t seq);
  void release(std::uint64_t seq);
  void fail(Pending& pending, std::string_view error);
  void resend_changed();
  [[nodiscard]] bool is_held_up(const Pending& pending) const;
  bool wait_on(Pending& pending);
  void wait_on_all();
  void split(Client& client, const commands::CommandSpec& spec, commands::Args args,
             const commands::KeyRange& range);
  [[nodiscard]] static bool is_too_large(commands::Args args);
  [[nodiscard]] wire::Origin origin_of(const Pending& pending) const;

  // gateway_blocking.cc
  void forward_blocking(Client& client, const commands::CommandSpec& spec, PartitionId partition,
                        std::string_view key, commands::Args args);
  void on_waiting(Blocking& blocking);
  void wake_at(Blocking& blocking);
  void tick_blocking(Instant now);
  void wake(Blocking& blocking, Instant now);
  void cancel(Blocking& blocking, std::string_view why);
  void note_asked(Pending& pending);
  void resend_blocking(const std::vector<bool>& changed, Instant now);
  void fail_lost_blocking();
  void finish_blocking(Blocking& blocking, std::string_view reply, Instant valid_until);
  [[nodiscard]] bool is_here(PartitionId partition, bool any_replica) const;

  GatewayHost& host_;
  const NodeOptions& options_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t base_ = 1;      // seq of slots_.front(), or next_seq_ if it is empty
  std::deque<Pending*> slots_;  // null: answered
  bool has_queued_ = false;
  Pending reserved_;  // stands for a request that is just being submitted
  std::vector<std::unique_ptr<Pending>> pool_;
  std::vector<Pending*> free_;
  Direct* direct_ = nullptr;  // the innermost
  std::uint64_t next_blocking_ = 1;
  std::map<std::uint64_t, Blocking> blocking_;                    // by seq
  std::set<std::pair<Instant, std::uint64_t>> wakes_;             // each of them once
  std::map<std::uint16_t, std::vector<std::uint64_t>> finished_;  // by partition: to be told
  std::size_t waiting_ = 0;
  std::vector<bool> changed_;        // by partition: send again at the end of the turn
  std::vector<bool> changed_later_;  // the same at the next tick
  std::vector<bool> lost_;           // by partition: all its replicas died, says the view
  bool any_changed_ = false;
  bool any_changed_later_ = false;
  std::vector<std::shared_ptr<Composite>> deferred_;
  struct Admin {
    std::uint64_t token;
    Client* client;
    Client::Slot slot;
    Instant deadline;
  };
  std::deque<Admin> admin_;
  std::uint64_t next_token_ = 1;
  std::uint64_t commands_ = 0;
  std::uint64_t forwarded_ = 0;
};

}  // namespace borg::node
