// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
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
  [[nodiscard]] virtual std::uint16_t workers() const = 0;
  [[nodiscard]] virtual const Settings& settings() const = 0;
  [[nodiscard]] virtual bool out_of_memory() const = 0;
  virtual std::uint64_t draw_random() = 0;
  [[nodiscard]] virtual PubSub& pubsub() = 0;
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

/// Sends clients' commands to the primaries of their keys, and again to the next primary when
/// one fails, under the same request number, until there is an answer or the deadline passes.
///
/// Runs:      on its worker; sans-I/O.
/// Order:     the requests of one partition are sent, and sent again, in the order in which
///            they came, so commands of one connection on one key never overtake each other.
/// Invariant: a request has one number for life; every request below floor() is answered.
class Gateway {
 public:
  Gateway(GatewayHost& host, const NodeOptions& options);
  ~Gateway();

  /// Executes one request of a client, as parsed. `first` is of its first argument, if somebody
  /// has computed that already.
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
  void end_turn();
  void tick();

  [[nodiscard]] std::uint64_t floor() const { return base_; }
  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] std::uint64_t commands_executed() const { return commands_; }
  [[nodiscard]] std::uint64_t forwarded() const { return forwarded_; }
  /// Of the last execute(): null if there is no such command, or its arguments are too few or
  /// too many.
  [[nodiscard]] const commands::CommandSpec* accepted() const { return accepted_; }

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
    Instant deadline;
  };
  struct Direct {  // the request that a replica on this worker is executing right now
    std::uint64_t seq = 0;
    bool answered = false;
    Target* target = nullptr;
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
  Pending& new_pending(std::uint64_t seq);
  void release(std::uint64_t seq);
  void fail(Pending& pending, std::string_view error);
  void resend_changed();
  void split(Client& client, const commands::CommandSpec& spec, commands::Args args,
             const commands::KeyRange& range);
  [[nodiscard]] bool is_here(PartitionId partition, bool any_replica) const;

  GatewayHost& host_;
  const NodeOptions& options_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t base_ = 1;      // seq of slots_.front(), or next_seq_ if it is empty
  std::deque<Pending*> slots_;  // null: answered
  const commands::CommandSpec* accepted_ = nullptr;
  Pending reserved_;  // stands for a request that is just being submitted
  std::vector<std::unique_ptr<Pending>> pool_;
  std::vector<Pending*> free_;
  Direct* direct_ = nullptr;
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
