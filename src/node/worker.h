// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "node/busy_workers.h"
#include "node/client.h"
#include "node/command_meter.h"
#include "node/gateway.h"
#include "node/inner_message.h"
#include "node/latency_events.h"
#include "node/link.h"
#include "node/monitors.h"
#include "node/options.h"
#include "node/pubsub.h"
#include "node/request_admission.h"
#include "node/slow_log.h"
#include "node/sync_pacer.h"
#include "node/worker_memory.h"
#include "replication/replica.h"
#include "replication/replica_invariants.h"

namespace borg::node {

/// One worker of a node: the replicas of its partitions, and the gateway of its clients.
///
/// The caller (server/ or sim/) owns time, sockets and threads. A turn is begin_turn(), any
/// number of events, end_turn(); then the caller takes the effects in the order in which
/// Effects lists them.
/// Runs:      on one thread; sans-I/O.
/// Order:     a link's or client's output may leave only while now < output_valid_until, read
///            from the clock after end_turn(); else the link is broken, the client closed.
class WorkerCore final : private GatewayHost,
                         private replication::ReplicaSink,
                         private commands::TransactionObserver {
 public:
  WorkerCore(NodeId self, WorkerIndex index, std::uint16_t workers, const NodeOptions& options,
             std::uint64_t seed);
  ~WorkerCore() override;

  void begin_turn(Now now);
  /// Within a turn that takes long: what is executed next is executed at this time. A worker that
  /// is given a counter (NodeOptions::read_ticks) sees by itself when its own commands took long.
  void go_on(Now now);

  // ---- events ----
  Client& connect(ConnectionId id, std::string address, std::string local_address);
  /// Loads what the first requests of some inputs seem to need, so that those of different clients
  /// do not wait for memory one after the other. on_client_data() with each of them comes next.
  void look_ahead(std::span<const std::string_view> inputs);
  static constexpr std::size_t kAheadMax = 16;  ///< of them at a time
  /// Executes the whole requests at the front of `input`; returns how many bytes they took.
  /// Stops early if the client must wait (see Client::closing and wants_input()).
  std::size_t on_client_data(Client& client, std::string_view input);
  /// The connection is closed; the caller must not use the client any more.
  void disconnect(Client& client);
  void on_link_up(const wire::Endpoint& peer);
  void on_link_down(const wire::Endpoint& peer);
  /// Takes the whole frames at the front of `input`. False: the peer does not speak our
  /// protocol, break the link.
  bool on_link_data(const wire::Endpoint& peer, std::string_view input, std::size_t& consumed);
  void on_control(ToWorker message);
  /// About every kTick; about every kCalmTick will do while is_calm().
  void tick();
  static constexpr Duration kTick = Duration::millis(20);
  static constexpr Duration kCalmTick = Duration::millis(200);
  /// Nothing here waits for time to pass.
  [[nodiscard]] bool is_calm() const;

  /// Sends again, acknowledges and pumps what this turn asks for.
  void end_turn();
  /// After end_turn(), with the time then: in a turn that took long, leases under which replies
  /// were given early may have been renewed since. Then those replies are good still.
  void confirm_replies(Now now);
  /// After end_turn(): there is data to move or to free, and nothing to wait for but a turn.
  [[nodiscard]] bool wants_turn() const;
  [[nodiscard]] bool moves_data() const { return !jobs_.empty() || !garbage_.empty(); }
  /// While moves_data(), now and then: see SyncPacer::waited().
  void thread_waited(std::uint32_t percent) { pacer_.waited(percent); }

  // ---- effects, after end_turn(); the caller empties them ----
  struct Effects {
    std::vector<Link*> links;            ///< with output, to workers of this node too
    std::vector<wire::Endpoint> broken;  ///< links to be broken: nothing comes over them
    std::vector<Client*> clients;        ///< with output, or closing
    std::vector<Client*> resumed;        ///< may go on: give on_client_data() their input again
    std::vector<ToControl> control;
  };
  [[nodiscard]] Effects& effects() { return effects_; }

  /// False while the client has too much output or too many commands under way.
  [[nodiscard]] bool wants_input(const Client& client) const;
  [[nodiscard]] const replication::Replica* replica(PartitionId partition) const {
    return replicas_[partition.value()].get();
  }
  /// True if this node would answer for the partition at this moment.
  [[nodiscard]] bool may_serve(PartitionId partition, Now now) const;
  [[nodiscard]] const NodeView* view() const override { return view_.get(); }
  [[nodiscard]] const wire::Endpoint& endpoint() const { return self_; }
  [[nodiscard]] Stats stats() const;
  /// That has the keys of its partitions.
  [[nodiscard]] const storage::Heap& heap() const { return *heap_; }
  /// What a standing link has to send still, or null.
  [[nodiscard]] ByteBuffer* unsent(const wire::Endpoint& peer);
  /// Lists the client as having output.
  void flush_later(Client& client) { client_has_output(client); }
  /// Clients that had to wait for their output to leave may go on when it has.
  void resume_clients();
  /// After end_turn(), in builds with kChecksInvariants: what does not hold of a replica that
  /// this turn touched.
  [[nodiscard]] const std::optional<std::string>& broken_invariant() const { return broken_; }

 private:
  // GatewayHost
  [[nodiscard]] Now now() const override { return now_; }
  [[nodiscard]] const wire::Endpoint& self() const override { return self_; }
  [[nodiscard]] const PartitionConfig& config(PartitionId partition) const override {
    return configs_[partition.value()];
  }
  [[nodiscard]] wire::Endpoint holder(NodeId node, PartitionId partition) const override;
  ByteBuffer* output_to(const wire::Endpoint& to) override;
  void request_here(PartitionId partition,
                    const replication::Replica::RequestView& request) override;
  bool learn(PartitionId partition, const PartitionConfig& config) override;
  void to_control(ToControl message) override;
  void client_has_output(Client& client) override;
  void client_left(Client& client) override;
  void set_monitor(Client& client, bool on) override;
  void client_may_go_on(Client& client) override { throttled_.push_back(client.id()); }
  [[nodiscard]] bool is_blocked_here(PartitionId partition, std::uint64_t seq) override;
  [[nodiscard]] bool is_busy(const wire::Endpoint& worker) const override {
    return busy_.contains(worker, now_.instant);
  }
  void answer(const wire::Origin& origin, PartitionId partition, std::string_view reply) override;
  [[nodiscard]] std::uint16_t workers() const override { return workers_; }
  [[nodiscard]] const Settings& settings() const override { return *settings_; }
  std::uint64_t draw_random() override { return random_.next(); }
  [[nodiscard]] PubSub& pubsub() override { return pubsub_; }
  void begin_steps() override { meter_.begin(); }
  void note_step(const Client& client, const commands::CommandSpec& spec,
                 commands::Args args) override;

  // ReplicaSink
  ByteBuffer* replicate(const replication::SentFrame& frame) override;
  ByteBuffer* link(NodeId to, PartitionId partition) override;
  void reply(const wire::Origin& origin, PartitionId partition, wire::ReplyStatus status,
             std::string_view bytes, Instant valid_until) override;
  void report(const replication::Report& report) override;
  [[nodiscard]] Instant serve_until(const PartitionConfig& config) const override;
  [[nodiscard]] bool may_be_alone(PartitionId partition) const override;
  [[nodiscard]] std::size_t copies_required() const override;
  [[nodiscard]] bool too_few_nodes() const override;
  [[nodiscard]] bool out_of_memory(const PartitionConfig& config,
                                   std::uint64_t need) const override {
    return memory_.is_out(config, heap().stored_bytes(), need);
  }
  void note_large_write(const PartitionConfig& config, std::uint64_t need) override {
    memory_.note_taken(config, need);
  }
  [[nodiscard]] bool out_of_memory(PartitionId partition) const override {
    return out_of_memory(config(partition), 0);
  }
  [[nodiscard]] bool is_own_gateway(const wire::Origin& origin) const override {
    return origin.gateway == self_;
  }
  [[nodiscard]] bool wants_events() const override { return settings_->keyspace_events.any(); }
  void announce(const commands::KeyEvent& event) override;
  [[nodiscard]] replication::SyncLimits sync_limits() const override { return options_.sync; }
  ByteBuffer& scratch() override;

  [[nodiscard]] bool is_anybody_busy() const override { return !busy_.empty(); }
  void note_answered(PartitionId partition);
  [[nodiscard]] commands::TransactionObserver* transaction_observer() override { return this; }
  void on_step(const commands::CommandSpec& spec, commands::Args args) override;
  void follow_time();

  [[nodiscard]] bool is_mine(PartitionId partition) const;
  replication::Replica& replica_of(PartitionId partition);
  Link* find_link(const wire::Endpoint& peer);
  Link& link_to(const wire::Endpoint& peer);
  void mark_dirty(Link& link);
  void use_link(const wire::Endpoint& peer);
  void adopt(PartitionId partition, const PartitionConfig& config);
  void set_view(std::shared_ptr<const NodeView> view);
  bool on_frame(Link& link, std::size_t at);
  bool on_request(Link& link, std::size_t at);
  bool on_reply_frame(std::string_view payload);
  bool on_ack(Link& link, std::string_view payload);
  bool on_nack(Link& link, std::string_view payload);
  bool on_operation(Link& link, std::size_t at);
  bool on_replication(Link& link, const wire::Frame& frame);
  // worker_desk.cc
  void answer_worker_request(PartitionId partition,
                             const replication::Replica::RequestView& request);
  void unblock_client(PartitionId partition, const replication::Replica::RequestView& request);
  void write_clients(commands::Args args, resp::Writer& reply) const;
  void kill_clients(commands::Args args, resp::Writer& reply);
  void pause(commands::Args args);
  void end_pause();
  [[nodiscard]] PresentFacts present_facts() const;
  [[nodiscard]] bool is_held_back(const Client& client, commands::Args args) const;
  void hold(Client& client);
  // worker_meter.cc
  void execute(Client& client, commands::Args args, const storage::KeyRef* first);
  void note_unexecuted(const Client& client, commands::Args args);
  void count_resetstat();
  void show_command(const Client& client, commands::Args args);
  void note_slow(const commands::CommandSpec& spec, commands::Args args, std::uint64_t nanos,
                 std::string_view address, std::string_view name);
  void note_latency(std::string_view event, std::uint64_t nanos);
  bool answer_about_slowness(std::string_view what, commands::Args args, resp::Writer& reply);
  void note_others_command(const commands::CommandSpec* spec, const Link& link,
                           commands::Args args);
  [[nodiscard]] std::string address_of(const wire::Endpoint& peer) const;
  bool monitor(std::string_view what, commands::Args args);
  void feed_monitors();
  void show_to_monitors(std::string_view lines);
  void close_idle_clients();
  void watch_links();
  void watch(Link& link, bool is_moving);
  void forgive_links(Instant now);
  void work_on_keys();
  void expire_keys();
  [[nodiscard]] bool begins_compaction();
  void sweep_records();
  [[nodiscard]] MemoryUse memory_use() const;
  void look_at_memory(bool may_fall);
  void look_at_large_requests();
  void give_up_large_requests();
  void refuse_too_large(Client& client);
  void collect_garbage();
  void compact_heap();
  void poke_waiting();
  void note_waiting(replication::Replica& replica);
  void rebuild_jobs();
  void list_garbage();
  void check_touched();
  void pick_job();
  void pump_snapshots();
  /// Where the data of what is ahead is.
  struct Loading {
    const replication::Replica* replica = nullptr;
    storage::KeyRef key{};
  };
  /// Fills ahead_ from the input; returns how many. `status` is of the parser's last call.
  std::size_t parse_ahead(Client& client, std::string_view input,
                          resp::RequestParser::Status& status);
  std::size_t read_frames_ahead(std::string_view input, wire::FrameStatus& status);
  void locate(Loading& loading, commands::Args args) const;
  void locate_key(Loading& loading, std::string_view key) const;
  void prefetch(std::size_t count);
  /// Of the request or frame that is number `at` ahead; null if nothing was found out of it.
  [[nodiscard]] const storage::KeyRef* key_ahead(std::size_t at) const {
    return loading_[at].key.key.data() == nullptr ? nullptr : &loading_[at].key;
  }

  const NodeOptions& options_;
  const wire::Endpoint self_;
  const std::uint16_t workers_;
  Random random_;
  Now now_;             ///< when the turn began, for whatever waits for something
  Now execution_time_;  ///< for what is executed next: later, in a turn that takes long
  Effects effects_;
  std::shared_ptr<const NodeView> view_;
  std::shared_ptr<const Settings> settings_;
  std::vector<PartitionConfig> configs_;
  const std::shared_ptr<storage::Heap> heap_ = std::make_shared<storage::Heap>();
  std::array<std::unique_ptr<replication::Replica>, kPartitionCount> replicas_;
  Gateway gateway_;
  PubSub pubsub_;
  std::map<ConnectionId, std::unique_ptr<Client>> clients_;
  std::vector<ConnectionId> departed_;
  std::vector<ConnectionId> throttled_;
  enum class Pause : std::uint8_t { kNone, kWrites, kAll };
  Pause pause_ = Pause::kNone;  // CLIENT PAUSE
  Instant pause_ends_;
  Instant idle_clients_seen_;
  bool expires_actively_ = true;  // DEBUG SET-ACTIVE-EXPIRE
  CommandMeter meter_;
  // Whose command is being executed: a client of this worker, or one of another worker.
  const Client* asking_client_ = nullptr;
  wire::Endpoint asking_worker_ = self_;
  Monitors monitors_;
  int own_monitors_ = 0;          // clients here that have said MONITOR
  SlowLog slow_log_;              // of the node, on the first worker
  LatencyEvents latency_events_;  // the same
  std::map<wire::Endpoint, std::unique_ptr<Link>> links_;
  BusyWorkers busy_;
  struct Answered {  // in this turn, as far as leases go
    PartitionId partition;
    Epoch term;
  };
  std::vector<Answered> answered_;
  std::bitset<kPartitionCount> has_answered_;
  std::vector<Link*> to_ack_;
  Link* receiving_ = nullptr;  // whose replication frame is being dealt with
  struct Ahead {               // a request that is parsed and not executed yet
    std::vector<std::string_view> args;
    std::size_t end = 0;  // of it in the input
  };
  std::array<Ahead, kAheadMax> ahead_;
  struct AheadFrame {  // the same of another worker's frame
    wire::Frame frame{};
    bool is_good = true;
    wire::Request request;  // if it is one
    wire::Operation operation;
    wire::Args args;  // of either: of an operation no more than are needed to find its key
  };
  std::array<AheadFrame, kAheadMax> frames_ahead_;
  std::array<Loading, kAheadMax> loading_;
  ByteBuffer scratch_;

  // With kChecksInvariants alone.
  std::vector<replication::ReplicaInvariants> invariants_;
  std::vector<PartitionId> touched_;
  std::optional<std::string> broken_;

  std::vector<PartitionId> waiting_;  // replicas with something that poke() may move
  std::vector<bool> is_waiting_;
  struct Job {  // a snapshot under way
    PartitionId partition;
    NodeId to;
  };
  std::vector<Job> jobs_;
  std::size_t next_job_ = 0;
  bool jobs_changed_ = false;
  bool jobs_are_blocked_ = false;     // all of them, until acks come
  std::vector<PartitionId> garbage_;  // with memory to be given back
  struct Compaction {                 // of the heap, under way through all partitions
    std::uint16_t partition = kPartitionCount;
    storage::PartitionStore::CompactCursor cursor;
    std::size_t holes_after = 0;  // of the last one
    [[nodiscard]] bool is_under_way() const { return partition < kPartitionCount; }
  };
  Compaction compaction_;
  SyncPacer pacer_;
  std::uint16_t expiry_cursor_ = 0;
  bool saw_expiring_ = false;   // before the last tick: keys that may have expired
  bool sees_expiring_ = false;  // since then
  // Keys that are to be looked at in this tick's turns, to find those that have expired, and those
  // that lie between holes.
  static constexpr std::size_t kKeysPerTick = 4000;
  static constexpr std::size_t kKeysPerSlice = 500;
  std::size_t to_expire_ = 0;
  std::size_t to_compact_ = 0;
  std::uint16_t sweep_cursor_ = 0;
  WorkerMemory memory_;
  RequestAdmission admission_;
  std::uint64_t clients_total_ = 0;
  std::uint64_t input_bytes_ = 0;
  std::uint64_t sent_copies_ = 0;
  std::uint64_t sent_keys_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace borg::node
