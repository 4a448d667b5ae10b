// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/partition_config.h"
#include "base/time.h"
#include "commands/command.h"
#include "replication/blocked_requests.h"
#include "replication/earlier_requests.h"
#include "replication/holdings.h"
#include "replication/operation_log.h"
#include "replication/partition_clock.h"
#include "replication/records.h"
#include "replication/sync_limits.h"
#include "storage/partition_store.h"
#include "wire/messages.h"

namespace borg::replication {

class ElementEncoder;

/// Which part of a replica's stream a sent frame belongs to; comes back with its ack.
struct SentFrame {
  PartitionId partition;
  NodeId to;
  std::uint64_t stream = 0;  ///< Peer::stream when it was sent: acks of an older one are void
  Seq seq;                   ///< all operations up to here are covered once it is acked
  std::uint32_t chunk_bytes = 0;
  bool sync_end = false;
  Seq repeats = {};  ///< the one operation that it sends once more, if it does
};

/// What a replica tells the node's control thread.
struct Report {
  enum class Kind : std::uint8_t {
    kCaughtUp,  ///< `node` has everything and its acks are waited for: it may become in sync
    kBroken,    ///< `node`, in sync by the configuration, does not hold the partition
    kDrained,   ///< parked, and every operation is on every replica: hand over
    kLearned,   ///< a newer configuration came from a peer
  };
  Kind kind = Kind::kCaughtUp;
  PartitionId partition;
  Epoch epoch;
  NodeId node;
  PartitionConfig config;  ///< of kLearned
};

/// Where a replica's effects go, and what it may ask about the node around it.
///
/// Order: frames to one node leave in the order in which they were written; a reply is given
/// out only after every condition of replication (see Replica) holds, and only if at the moment
/// it leaves the node the time is before `valid_until`.
class ReplicaSink {
 public:
  /// Of what this replica executes for clients; null: nobody.
  [[nodiscard]] virtual commands::TransactionObserver* transaction_observer() { return nullptr; }
  virtual ~ReplicaSink() = default;

  /// The link to the worker of `to` that holds the partition, or null if it is down.
  /// The caller appends exactly one replication frame, which is remembered as `frame`.
  virtual ByteBuffer* replicate(const SentFrame& frame) = 0;
  /// Frames that are not acknowledged (Nack). Null if the link is down.
  virtual ByteBuffer* link(NodeId to, PartitionId partition) = 0;
  virtual void reply(const wire::Origin& origin, PartitionId partition, wire::ReplyStatus status,
                     std::string_view bytes, Instant valid_until) = 0;
  virtual void report(const Report& report) = 0;

  /// Until when this node is for certain the only one that may serve a partition with these
  /// other in-sync replicas (the earliest end of the leases that they granted; with none, of
  /// the proof that nobody replaced this node).
  [[nodiscard]] virtual Instant serve_until(const PartitionConfig& config) const = 0;
  /// True if this node, its primary, may have become the partition's only in-sync replica though
  /// the replica's configuration has others: it has asked for that.
  [[nodiscard]] virtual bool may_be_alone(PartitionId /*partition*/) const { return false; }
  /// Nodes that must hold a write before it is acknowledged.
  [[nodiscard]] virtual std::size_t copies_required() const = 0;
  /// True if there are too few nodes for a write to be acknowledged at all.
  [[nodiscard]] virtual bool too_few_nodes() const = 0;
  /// True if this node, or another holder of the partition, has no memory for a write that needs
  /// some: so many bytes, or 0 if that is little.
  [[nodiscard]] virtual bool out_of_memory(const PartitionConfig& config,
                                           std::uint64_t need) const = 0;
  /// There was memory for it: it is executed now.
  virtual void note_large_write(const PartitionConfig& /*config*/, std::uint64_t /*need*/) {}
  /// True if the request came from the gateway on this very worker: its answer cannot be lost.
  [[nodiscard]] virtual bool is_own_gateway(const wire::Origin& origin) const = 0;
  virtual std::uint64_t draw_random() = 0;
  [[nodiscard]] virtual SyncLimits sync_limits() const { return {}; }
  /// Somebody may want to hear of keyspace events.
  [[nodiscard]] virtual bool wants_events() const { return false; }
  /// What happened has happened for good: every replica that has to has it.
  virtual void announce(const commands::KeyEvent& /*event*/) {}
  /// Empty, for the reply under construction; not used across calls of the sink.
  virtual ByteBuffer& scratch() = 0;
};

/// One partition on one node: its data, and its part in keeping the copies equal.
///
/// Primary-backup after PacificA (Lin et al., MSR-TR-2008-25), see docs/architecture.md.
/// Runs:      on the worker of its partition; sans-I/O, not thread-safe.
/// View:      config() may lag the coordinator by any number of epochs.
/// Errors:    nothing here can fail; a stale or confused peer is answered with a Nack.
/// Invariant: replica_invariants.h.
class Replica {
 public:
  enum class Role : std::uint8_t { kNone, kPrimary, kBackup, kSyncing };

  /// The heap is shared by the replicas of a worker.
  Replica(PartitionId partition, NodeId self,
          std::shared_ptr<storage::Heap> heap = std::make_shared<storage::Heap>());

  /// Adopts a configuration if it is newer than the one known.
  void configure(const PartitionConfig& config, Now now, ReplicaSink& sink);

  /// A client's command, from this node's gateway or another's.
  struct RequestView {
    wire::Origin origin;
    Epoch term;
    bool any_replica = false;
    commands::Args args;
    /// The gateway has not sent it before, and will not while this replica may answer it.
    bool is_only_copy = false;
    /// The row that the arguments mean, if that is known; nothing else of them is.
    const commands::CommandSpec* row = nullptr;
    /// What this node's gateway has found out already: the row that the arguments mean, and one of
    /// their keys. Null: nothing.
    const commands::CommandSpec* spec = nullptr;
    const storage::KeyRef* key = nullptr;
  };
  void request(const RequestView& request, Now now, ReplicaSink& sink);

  // From the primary.
  void on_term_start(NodeId from, const wire::TermStart& m, Now now, ReplicaSink& sink);
  /// `key` is one of its command's, if somebody has found out already.
  void on_operation(NodeId from, const wire::Operation& m, const storage::KeyRef* key, Now now,
                    ReplicaSink& sink);
  void on_sync_start(NodeId from, const wire::SyncStart& m, Now now, ReplicaSink& sink);
  void on_sync_chunk(NodeId from, const wire::SyncChunk& m, ReplicaSink& sink);
  void on_sync_end(NodeId from, const wire::SyncEnd& m, Now now, ReplicaSink& sink);

  // From the replicas.
  void on_acked(const SentFrame& frame, Now now, ReplicaSink& sink);
  void on_nack(NodeId from, const wire::Nack& m, Now now, ReplicaSink& sink);
  void link_up(NodeId node, Now now, ReplicaSink& sink);
  void link_down(NodeId node);

  /// Sends the next piece of a snapshot to `node`; false if there is nothing to send to it now.
  bool send_chunk(NodeId node, Now now, ReplicaSink& sink);
  [[nodiscard]] bool wants_chunk(NodeId node) const;
  /// An answer waits until a snapshot has brought what it is about, not for an ack alone.
  [[nodiscard]] bool waits_for_snapshot() const;

  /// Hand-over: holds back new commands, reports kDrained when the replicas have everything,
  /// for as long as the configuration stays at `epoch`.
  void park(Epoch epoch, ReplicaSink& sink);
  void unpark(Epoch epoch, Now now, ReplicaSink& sink);

  /// Time passed, a lease came or went, the number of nodes changed: tries again what waits.
  void poke(Now now, ReplicaSink& sink);
  /// Active expiry: looks at some keys and removes those that are due. Returns how many keys it
  /// looked at: none if nothing is due.
  std::size_t expire_some(Now now, std::size_t buckets, ReplicaSink& sink);
  /// Frees what nobody asks for any more: results of requests are kept for `record_age` at least.
  void sweep(Now now, Duration record_age, const std::function<bool(NodeId)>& is_member);

  /// The gateway is gone, or will ask again on a new way: nothing is to be taken for it until then.
  void gateway_left(const wire::Endpoint& gateway);
  /// The request waits here still, and its gateway still wants it.
  [[nodiscard]] bool is_blocked(const wire::Origin& origin, Now now);

  /// Gives back memory of data that was dropped, as PartitionStore::collect().
  void collect(storage::ScanBudget& budget) { store_.collect(budget); }

  [[nodiscard]] PartitionId partition() const { return partition_; }
  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] const PartitionConfig& config() const { return config_; }
  /// As PartitionStore::compact(): the data stays what it is.
  bool compact(storage::PartitionStore::CompactCursor& cursor, storage::ScanBudget& budget) {
    return store_.compact(cursor, budget);
  }
  [[nodiscard]] const storage::PartitionStore& store() const { return store_; }
  [[nodiscard]] Seq last_seq() const { return last_seq_; }
  [[nodiscard]] Epoch last_term() const { return last_term_; }
  [[nodiscard]] Seq committed_seq() const { return committed_; }
  /// New commands are held back for a hand-over.
  [[nodiscard]] bool is_parked() const { return parked_; }
  /// As primary, at this moment, as far as leases go.
  [[nodiscard]] bool may_serve(Now now, const ReplicaSink& sink) const;
  [[nodiscard]] bool complete() const { return role_ != Role::kSyncing || !receiving_; }
  /// True if nothing waits here for poke().
  [[nodiscard]] bool idle() const;
  /// Keys that this replica, as primary, removed because their time had come.
  [[nodiscard]] std::uint64_t expired_keys() const { return expired_keys_; }
  /// Of the commands that this replica executed as the primary.
  [[nodiscard]] const commands::Lookups& lookups() const { return lookups_; }
  /// Of operations, replies and requests that wait for others, beside the data.
  [[nodiscard]] std::size_t waiting_bytes() const;
  [[nodiscard]] const Records& records() const { return records_; }
  [[nodiscard]] const BlockedRequests& blocked() const { return blocked_; }
  [[nodiscard]] const PartitionClock& clock() const { return clock_; }

  // What replica_invariants.h is about.
  struct Levels {
    Seq last, committed, stable, base;
    Epoch last_term;
    Seq newest_record;
    std::optional<Seq> first_write_waiter;
    std::int64_t operation_ms = 0;
    std::int64_t clock_ms = 0;
    Instant clock_advanced_at;
    std::size_t peers = 0;
    std::size_t waiters = 0;
    std::size_t blocked = 0;
    std::size_t logged = 0;
    std::optional<Seq> lost_track_of;  ///< an answer waits for it, and nobody knows its keys
    std::size_t earlier = 0;
    bool is_receiving = false;
    bool is_parked = false;
  };
  [[nodiscard]] Levels levels() const;
  [[nodiscard]] NodeId self() const { return self_; }
  /// As primary: sends to the node, or will when there is a link; waits for its acks.
  [[nodiscard]] bool feeds(NodeId node) const { return peer(node) != nullptr; }
  [[nodiscard]] bool waits_for(NodeId node) const { return feeds(node) && peer(node)->counts(); }
  /// As primary: operations that `node` counts as holding because they were sent to it once more.
  struct Repeated {
    NodeId node;
    std::vector<Seq> seqs;
  };
  [[nodiscard]] std::vector<Repeated> repeated() const;

  /// What every command looks at: from the role to the peers.
  void prefetch() const {
    constexpr std::size_t kCacheLine = 64;
    const char* const end = reinterpret_cast<const char*>(&log_);
    for (const char* at = reinterpret_cast<const char*>(this); at < end; at += kCacheLine) {
      __builtin_prefetch(at);
    }
  }

 private:
  /// A large container of which a snapshot has brought the elements before `position` only.
  struct Partial {
    std::string key;
    std::uint64_t position = 0;
  };
  /// A replica that this primary feeds.
  struct Peer {
    enum class Phase : std::uint8_t {
      kWaiting,    ///< its link is down, or the sync has not begun
      kScanning,   ///< the snapshot is under way
      kEnding,     ///< the snapshot is sent, not acked as a whole
      kStreaming,  ///< has everything; its acks are waited for, in sync or about to be
    };
    NodeId node;
    Phase phase = Phase::kWaiting;
    std::uint64_t stream = 0;
    Seq acked;
    storage::ScanCursor cursor;
    bool is_scanned = false;                   ///< the cursor is behind the last key
    std::deque<Partial> partials;              ///< behind the cursor, but for these
    std::set<std::string, std::less<>> ahead;  ///< sent already: the snapshot leaves them out
    bool owes = false;                         ///< operations that could not be sent as a whole yet
    Seq needed;           ///< acknowledged before its acks were waited for: it must hold this
    Holdings holdings;    ///< what of the operations it has before the snapshot ends
    bool broken = false;  ///< says that it lacks what it should have: counts, and never acks
    [[nodiscard]] bool counts() const { return phase == Phase::kStreaming; }
    [[nodiscard]] bool is_caught_up() const { return counts() && acked >= needed; }
    [[nodiscard]] bool needs_log() const { return counts() || phase == Phase::kEnding; }
    /// It holds this operation and all before it.
    [[nodiscard]] Seq held_through() const;
    /// It holds this operation, whatever it lacks of those before.
    [[nodiscard]] bool holds(Seq seq) const;
    [[nodiscard]] Partial* partial(std::string_view key);
    /// The key has been sent by itself or with the snapshot, or at least begun to be.
    [[nodiscard]] bool has_reached(const storage::KeyRef& key) const;
  };
  /// A reply that is finished and may not be given yet.
  struct Waiter {
    Seq seq;
    wire::Origin origin;
    std::string reply;
  };
  struct Parked {
    wire::Origin origin;
    Epoch term;
    std::vector<std::string> args;
  };
  // config_change.cc
  void become_primary(Now now, ReplicaSink& sink);
  void stay_primary(Now now, ReplicaSink& sink);
  void resign(ReplicaSink& sink);
  void tell_successor(ReplicaSink& sink);
  void refresh_peers(Now now, ReplicaSink& sink);
  void drop_data();
  bool adopt(NodeId from, const PartitionConfig& config, Now now, ReplicaSink& sink);
  [[nodiscard]] Peer* peer(NodeId node);
  [[nodiscard]] const Peer* peer(NodeId node) const;

  // primary.cc
  [[nodiscard]] static resp::Version version_of(const wire::Origin& origin);
  void moved(const wire::Origin& origin, ReplicaSink& sink);
  void hold(const RequestView& request);
  void serve_held(Now now, ReplicaSink& sink);
  [[nodiscard]] Instant serve_until(const ReplicaSink& sink) const;
  [[nodiscard]] Instant leased_until(const ReplicaSink& sink) const;
  [[nodiscard]] bool has_place_for_keys(const commands::CommandSpec& spec, commands::Args args,
                                        std::optional<storage::KeyRef>& known) const;
  [[nodiscard]] const commands::CommandSpec* executable(const RequestView& request,
                                                        resp::Writer& reply,
                                                        const ReplicaSink& sink,
                                                        std::optional<storage::KeyRef>& key) const;
  void execute(const RequestView& request, Now now, ReplicaSink& sink);
  void run(const commands::CommandSpec& spec, commands::Args args, commands::Context& context);
  void execute_as_any_replica(const RequestView& request, Now now, ReplicaSink& sink);
  bool refuse_write(const commands::CommandSpec& spec, const RequestView& request, Now now,
                    ReplicaSink& sink);
  [[nodiscard]] bool lacks_memory(const commands::CommandSpec& spec, commands::Args args,
                                  ReplicaSink& sink) const;
  void record_refusal(const wire::Origin& origin, std::string_view refusal, resp::Writer& reply,
                      Now now, ReplicaSink& sink);
  bool answer_duplicate(const commands::CommandSpec& spec, const RequestView& request, Now now,
                        ReplicaSink& sink);
  void append(const commands::CommandSpec& spec, const wire::Origin& origin, commands::Args args,
              const commands::Context& context, std::string_view reply, ReplicaSink& sink);
  void append_outcome(const commands::CommandSpec& spec, const RequestView& request,
                      const commands::Context& context, std::string_view reply, ReplicaSink& sink);
  bool append_in_parts(const commands::CommandSpec& spec, const RequestView& request,
                       const commands::Context& context, std::string_view reply, ReplicaSink& sink);
  void run_expiry(const std::vector<std::string_view>& keys, Now now, ReplicaSink& sink);
  void run_own(const std::vector<std::string_view>& args, Now now, ReplicaSink& sink);
  void begin_watching(const std::vector<std::string_view>& keys, Now now, ReplicaSink& sink);
  void forget_watched();
  void expire_as_replica(Now now, std::size_t buckets);
  void answer_write(const wire::Origin& origin, std::string_view reply, Seq seq, Now now,
                    ReplicaSink& sink);
  void answer_read(const wire::Origin& origin, std::string_view reply, Now now, ReplicaSink& sink);
  void advance(Now now, ReplicaSink& sink);
  void release_waiters(Now now, Seq newest, ReplicaSink& sink);
  void release_behind_holes(ReplicaSink& sink, Seq newest, Instant valid_until);
  [[nodiscard]] std::size_t others_required(const ReplicaSink& sink) const;
  [[nodiscard]] bool is_held(Seq seq, const ReplicaSink& sink) const;
  [[nodiscard]] Instant write_valid_until(const ReplicaSink& sink) const;
  void hold_events(Now now, ReplicaSink& sink);
  void announce_events(Now now, ReplicaSink& sink);
  void trim_log();
  void check_drained(ReplicaSink& sink);

  // blocking.cc
  bool deal_with_blocked(const commands::CommandSpec& spec, const RequestView& request, Now now,
                         resp::Writer& reply, ReplicaSink& sink);
  void say_waiting(const wire::Origin& origin, ReplicaSink& sink);
  void block(const RequestView& request, const commands::Context& context, Now now,
             ReplicaSink& sink);
  void serve_blocked(Now now, ReplicaSink& sink);
  void serve_blocked_on(const std::string& key, Now now, ReplicaSink& sink);
  void serve(const BlockedRequests::Blocked& blocked, std::string_view key, Now now,
             ReplicaSink& sink);
  void turn_away_blocked(ReplicaSink& sink);

  // sync.cc
  void begin_sync(Peer& peer, Now now, ReplicaSink& sink);
  void report_caught_up(const Peer& peer, ReplicaSink& sink);
  void start_stream(Peer& peer, ReplicaSink& sink);
  void send_operation(const commands::CommandSpec& spec, commands::Args args, wire::Operation op,
                      ReplicaSink& sink);
  void send_state(Peer& peer, const commands::CommandSpec& spec, commands::Args args,
                  wire::Operation op, ReplicaSink& sink);
  void send_sync_end(Peer& peer, Now now, ReplicaSink& sink);
  bool send_entries(const Peer& peer, ByteBuffer& entries, ReplicaSink& sink);
  bool send_next_keys(Peer& peer, ByteBuffer& entries, ReplicaSink& sink);
  void encode_next_elements(Peer& peer, ByteBuffer& entries, const SyncLimits& limits) const;
  void record_changes();
  [[nodiscard]] bool encode_states(Peer& peer, const std::vector<storage::KeyRef>& keys,
                                   bool are_small, const SyncLimits& limits, Encoder& out) const;
  [[nodiscard]] bool bring_ahead(Peer& peer, const storage::KeyRef& key, bool is_small,
                                 const SyncLimits& limits, Encoder& out) const;
  static bool encode_list_change(const storage::ChangeJournal::Change& change, Partial* partial,
                                 ElementEncoder& out);
  [[nodiscard]] bool encode_large_state(Peer& peer, const storage::EntryView& entry,
                                        Encoder& out) const;

  // repeats.cc
  void repeat_what_is_under_way(Peer& peer, ReplicaSink& sink);
  void repeat_earlier(const commands::CommandSpec& spec, const RequestView& request, Seq seq,
                      ReplicaSink& sink);
  void repeat_logged(Peer& peer, Seq seq, std::string_view frame, ReplicaSink& sink);
  void repeat(Peer& peer, Seq seq, const wire::Origin& origin,
              const std::vector<storage::KeyRef>& keys, ReplicaSink& sink);
  [[nodiscard]] bool encode_missing(Peer& peer, const std::vector<storage::KeyRef>& keys,
                                    const SyncLimits& limits, Encoder& out) const;

  // backup.cc
  void refuse(NodeId to, Epoch term, wire::NackReason reason, ReplicaSink& sink);
  bool accept_stream(NodeId from, Epoch term, ReplicaSink& sink);
  void apply_command(const wire::Operation& m, const storage::KeyRef* known, ReplicaSink& sink);
  bool apply_state(const wire::Operation& m);
  void take_repeat(const wire::Operation& m, ReplicaSink& sink);

  const PartitionId partition_;
  const NodeId self_;
  Role role_ = Role::kNone;
  PartitionConfig config_;

  // The replicated state.
  storage::PartitionStore store_;
  Records records_;
  Seq last_seq_;             // of the last operation executed or applied
  Seq visible_;              // as primary: of the last that is more than a refusal
  Epoch last_term_;          // its term
  PartitionClock clock_;     // by which keys expire
  Instant records_aged_at_;  // by this node's clock

  // As primary.
  Epoch base_term_;  // last_term_ and last_seq_ when this term began
  Seq base_seq_;
  Seq committed_;  // on every counting replica, and on enough of them
  Seq stable_;     // on every counting replica
  std::vector<Peer> peers_;
  OperationLog log_;                  // of what is not held by enough, or may have to be sent again
  EarlierRequests earlier_;           // of which the log knows nothing
  std::deque<Waiter> write_waiters_;  // for committed_, or their own copies: is_held()
  std::deque<Waiter> read_waiters_;   // for stable_
  std::deque<Parked> held_;
  BlockedRequests blocked_;
  std::vector<std::string> ready_;         // keys for which somebody may have waited
  std::vector<commands::KeyEvent> noted_;  // by the command that is being executed
  struct HeldEvent {
    Seq seq;
    commands::KeyEvent event;
  };
  std::deque<HeldEvent> events_;  // of what is not committed yet
  bool missed_epoch_ = false;     // the latest configuration is not the next after the one before
  bool parked_ = false;
  bool drained_reported_ = false;
  std::uint64_t next_stream_ = 1;
  std::uint64_t expired_keys_ = 0;
  commands::Lookups lookups_;
  storage::ChangeJournal journal_;  // of the command that is being executed, during a sync
  std::unique_ptr<storage::WatchTable> watched_;  // from the first WATCH of the term on

  // As backup or syncing.
  Epoch stream_term_;  // the term whose operations are accepted
  std::uint64_t sync_ = 0;
  bool receiving_ = false;  // a snapshot is under way: operations may leave gaps
};

}  // namespace borg::replication
