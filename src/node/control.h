// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "coordination/coordinator.h"
#include "membership/cluster_view.h"
#include "membership/departure.h"
#include "membership/link_watch.h"
#include "membership/liveness.h"
#include "node/address_check.h"
#include "node/busy_workers.h"
#include "node/clock_watch.h"
#include "node/describe.h"
#include "node/inner_message.h"
#include "node/loss_acceptance.h"
#include "node/memory_need.h"
#include "node/memory_watch.h"
#include "node/movement.h"
#include "node/options.h"
#include "node/own_session.h"
#include "placement/placement.h"
#include "wire/messages.h"

namespace borg::node {

/// A line for the operator's log.
struct LogLine {
  enum class Level : std::uint8_t { kInfo, kWarning, kError };
  Level level = Level::kInfo;
  std::string text;
};

/// The control thread's end of the connection to another node's.
struct ControlLink {
  bool up = false;
  bool dirty = false;
  ByteBuffer output;
  membership::LinkWatch watch;
  Instant urged;  ///< when a heartbeat was sent because the peer's promise was missing
};

/// A node's side of what the cluster agrees on: joins and leaves, hears who is alive, and
/// decides for the partitions that this node is responsible for who should hold them.
///
/// The caller (server/ or sim/) owns time, sockets, threads and the coordinator's client.
/// Runs:      on the control thread; sans-I/O.
/// View:      may lag the coordinator; every change is a compare-and-set on what was read.
/// Invariant: a transaction never names a partition for which another one of ours is open,
///            unless that one's outcome was lost.
class ControlCore {
 public:
  ControlCore(NodeId self, const NodeOptions& options, std::uint64_t seed);

  void begin_turn(Now now);
  /// Right behind begin_turn(): since when this worker is in its turn, if it is in one.
  void note_worker(WorkerIndex worker, std::optional<Instant> in_turn_since) {
    own_turns_.note(worker, in_turn_since);
  }

  // ---- events ----
  void on_coordinator(coordination::Event event);
  void on_worker(ToControl message);
  void on_link_up(NodeId peer);
  void on_link_down(NodeId peer);
  /// As WorkerCore::on_link_data.
  bool on_link_data(NodeId peer, std::string_view input, std::size_t& consumed);
  /// The process of this node is gone for certain: its machine refuses connections to it.
  void on_death_proven(NodeId peer);
  /// The outcome of Effects::addresses_to_try.
  void on_addresses_tried(const std::vector<AddressFinding>& findings);
  /// Hands everything over, then says Exit.
  void leave();
  /// tick_after() the one before, or earlier.
  void tick();
  static constexpr Duration kTick = Duration::millis(20);
  /// kTick, or the time to the next heartbeat while is_calm().
  [[nodiscard]] Duration tick_after() const;
  /// Nothing here waits for time to pass, but heartbeats.
  [[nodiscard]] bool is_calm() const;

  void end_turn();

  // ---- effects, after end_turn(); the caller empties them ----
  struct Exit {
    int code = 0;
    std::string message;  ///< for stderr, if not empty
    /// The others have given it up and forgotten it, with all that it held. Its process may join
    /// again as a new node: an id never comes back.
    bool is_forgotten = false;
  };
  struct Submission {
    coordination::TxnId id = 0;
    coordination::Txn txn;
  };
  struct Effects {
    std::vector<Submission> transactions;
    std::optional<Revision> hint;
    std::vector<std::string> suspects;  ///< session-bound keys whose holder may be dead
    /// To one worker, or to all (nullopt).
    std::vector<std::pair<std::optional<WorkerIndex>, ToWorker>> workers;
    std::vector<NodeId> links;        ///< with output
    std::vector<NodeId> broken;       ///< links to be broken: nothing comes over them
    bool peers_changed = false;       ///< see peers_to_dial()
    std::optional<Instant> again_at;  ///< a turn is wanted then, if none comes before
    /// Dial these members' addresses and this node's own, and have the members dial this node's.
    std::optional<std::vector<coordination::Member>> addresses_to_try;
    bool became_ready = false;
    std::optional<Exit> exit;
    std::vector<LogLine> log;
  };
  [[nodiscard]] Effects& effects() { return effects_; }
  [[nodiscard]] ControlLink& link(NodeId peer) { return links_[peer]; }
  [[nodiscard]] std::shared_ptr<const NodeView> view() const { return node_view_; }
  /// Of a pair the one that joined later connects to the other.
  [[nodiscard]] std::vector<coordination::Member> peers_to_dial() const;
  [[nodiscard]] bool ready() const { return ready_; }
  /// Whether one more client may come, beside those that are connected; counts those that may not.
  [[nodiscard]] bool takes_client(std::size_t connected);
  [[nodiscard]] NodeId self() const { return self_; }

 private:
  using View = membership::ClusterView;
  enum class Stage : std::uint8_t { kStarting, kRegistering, kMember, kLeaving, kGone };
  /// What an open transaction is for.
  struct OpenTxn {
    enum class Kind : std::uint8_t {
      kRegister,
      kWipe,
      kMember,
      kTarget,
      kPartitions,
      kSettings,
      kGoodbye
    };
    Kind kind = Kind::kMember;
    std::vector<std::pair<PartitionId, PartitionConfig>> configs;
    OwnSession::Number session = 0;       ///< with the coordinator: the one at the sending
    std::string log;                      ///< said when it is committed
    std::optional<AdminRequest> request;  ///< answered with the outcome
    std::string answer = "OK";            ///< when it is committed
  };
  /// What this node knows of one partition beyond its configuration.
  struct Work {
    std::optional<coordination::TxnId> txn;
    std::set<NodeId> caught_up;
    Epoch caught_up_at;  ///< the epoch that this was said of; it is said again for each
    std::set<NodeId> broken;
    enum class HandOver : std::uint8_t { kNone, kParked, kDrained };
    HandOver hand_over = HandOver::kNone;
    Epoch parked_at;
    bool outcome_unknown = false;  ///< of a hand-over: it stays parked until the epoch moves
    /// The primary from which this node takes over: gets no promise until the outcome is known.
    NodeId taken_from;
    Revision taken_at;           ///< of the configuration that this was based on
    bool taken_unknown = false;  ///< an answer was lost: only a newer configuration tells
    Epoch asked_alone_at;        ///< the epoch of what was to be followed by this node alone
    bool alone_unknown = false;  ///< an answer to that was lost
  };
  struct Proposal {
    PartitionId partition;
    PartitionConfig config;
  };

  // control.cc
  [[nodiscard]] const View& cluster() const { return builder_.current(); }
  void check_ready();
  void publish();
  void log(LogLine::Level level, std::string text);
  void exit(int code, std::string message);
  void send(coordination::Txn txn, OpenTxn open);
  void on_txn_done(const coordination::TxnDone& done);
  void on_fatal(const std::string& message);
  void on_view_changed();
  void on_report(const replication::Report& report);
  void update_sole_lease();
  void end_serving(bool has_ended);
  void send_heartbeats();
  void watch_links();
  void beat();
  void write_heartbeat(ControlLink& link);
  void look_at_own_turns();
  void tell_busy(NodeId node, const std::vector<std::uint16_t>& lanes);
  void mark_dirty(NodeId peer);
  bool on_frame(NodeId from, const wire::Frame& frame);

  // registration.cc
  void try_register();
  bool check_settings();
  [[nodiscard]] bool everyone_is_dead() const;
  void wipe();
  void register_self(bool fresh);
  [[nodiscard]] bool are_addresses_good(bool fresh);
  void keep_registered();
  void go_on_leaving();
  void say_departure(membership::DepartureStep step);

  // departure_news.cc
  void follow_departure();
  void say_departure_news(const std::map<NodeId, Stats>& stats);
  void say_goodbye(bool data_ends);

  // members.cc
  [[nodiscard]] bool is_proven_dead(NodeId node) const;
  [[nodiscard]] bool is_silent(NodeId node) const;
  [[nodiscard]] bool is_alive(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> witnesses(NodeId but) const;
  [[nodiscard]] bool may_judge(NodeId node) const;
  [[nodiscard]] std::vector<placement::Node> placement_nodes(bool alive_only) const;
  [[nodiscard]] std::vector<placement::Node> nodes_of(const std::vector<NodeId>& ids,
                                                      bool alive_only) const;
  [[nodiscard]] placement::Assignment place(const std::vector<placement::Node>& nodes) const;
  [[nodiscard]] MemoryNeed memory_need_without(NodeId node,
                                               const std::map<NodeId, Stats>& stats) const;
  void mark_down_the_dead();
  void forget_the_gone();
  void update_target();
  void set_member_state(const membership::MemberRecord& record, coordination::MemberState state,
                        bool guarded);
  [[nodiscard]] bool has_open(OpenTxn::Kind kind) const;
  void put_member(const coordination::Member& changed, std::vector<coordination::Compare> compares,
                  OpenTxn open);

  // rebalancer.cc
  [[nodiscard]] bool may_look();
  [[nodiscard]] bool has_lease_of(NodeId node) const;
  [[nodiscard]] bool may_propose() const;
  void decide_all();
  void decide(PartitionId p, std::vector<Proposal>& out);
  void decide_as_primary(PartitionId p, const PartitionConfig& c, std::vector<Proposal>& out);
  void decide_hand_over(PartitionId p, const PartitionConfig& c, const NodeList& wanted,
                        std::vector<Proposal>& out);
  void decide_take_over(PartitionId p, const PartitionConfig& c, std::vector<Proposal>& out);
  void decide_creation(PartitionId p, std::vector<Proposal>& out);
  void decide_loss(PartitionId p, const PartitionConfig& c, std::vector<Proposal>& out);
  [[nodiscard]] std::size_t copies_wanted() const;
  [[nodiscard]] NodeList wanted_replicas(PartitionId p) const;
  void stop_hand_over(PartitionId p);
  void ask_alone(PartitionId p);
  void end_asking_alone(PartitionId p);
  void begin_take_over(PartitionId p, NodeId from);
  void end_take_over(PartitionId p, Revision needed);
  void propose(std::vector<Proposal> proposals);
  void clean_work(PartitionId p);
  static void forget_old_reports(Work& work, Epoch epoch);

  // cluster_settings.cc
  void change_cluster_settings();
  void on_settings_txn(const coordination::TxnDone& done);
  void finish_settings_changes();
  [[nodiscard]] bool is_known_to_all(Revision revision) const;
  void apply_settings(const AdminRequest& request);
  void follow_cluster_settings();

  // movement_log.cc
  void follow_movement();
  void report_movement(std::string what, bool is_own);
  void on_stats_of_movement(const WorkerStats& m);
  [[nodiscard]] std::string target_text(const coordination::Target& target,
                                        const placement::Stats& stats) const;

  // admin.cc
  struct Question {  // what needs the word of other threads and nodes
    enum class Kind : std::uint8_t { kReport, kOrder, kDepartureNews };
    Kind kind = Kind::kReport;  // of an admin request, but for the news
    AdminRequest request;
    std::uint64_t id = 0;
    Instant deadline;
    Stats own;
    bool wants_counts = false;
    CommandCounts counts;
    std::set<WorkerIndex> workers_missing;
    std::map<NodeId, Stats> nodes;
    std::set<NodeId> nodes_missing;
  };
  void on_admin(AdminRequest request);
  void ask(AdminRequest request, Question::Kind kind = Question::Kind::kReport);
  [[nodiscard]] std::set<WorkerIndex> all_workers() const;
  void answer(const AdminRequest& request, std::string reply);
  void answer_error(const AdminRequest& request, std::string_view error);
  void answer_ok(const AdminRequest& request);
  /// "OK …", or an error.
  void answer_text(const AdminRequest& request, const std::string& text);
  void answer_outcome(const AdminRequest& request, coordination::TxnOutcome outcome,
                      const std::string& done = "OK");
  /// `stats`: of all nodes, if they were asked.
  void change_member(const AdminRequest& request, const std::map<NodeId, Stats>* stats = nullptr);
  void accept_loss(AdminRequest request);
  void answer_acceptances();
  void change_settings(const AdminRequest& request);
  void on_worker_stats(const WorkerStats& m);
  void on_stats_request(NodeId from, const wire::StatsRequest& m);
  void on_stats_reply(NodeId from, const wire::StatsReply& m);
  void finish_questions();
  void finish(const Question& question);
  [[nodiscard]] std::map<NodeId, Stats> stats_of(const Question& q) const;
  [[nodiscard]] std::string describe_cluster(const Question& q) const;
  [[nodiscard]] InfoReport info_report(const Question& q) const;

  const NodeId self_;
  const NodeOptions& options_;
  std::shared_ptr<const Settings> settings_;
  Random random_;
  Now now_;
  Instant started_;
  Effects effects_;
  membership::ViewBuilder builder_;
  membership::Liveness liveness_;
  ClockWatch clocks_;
  std::shared_ptr<const NodeView> node_view_;
  std::shared_ptr<membership::PeerLease> sole_ = std::make_shared<membership::PeerLease>();
  std::shared_ptr<PartitionFlags> asked_alone_ = std::make_shared<PartitionFlags>();
  OwnSession session_;
  bool session_counts_ = false;  ///< it proves something, at the revision of the view
  Stage stage_ = Stage::kStarting;
  bool ready_ = false;
  bool leave_wanted_ = false;  ///< by a signal, or SHUTDOWN: for good
  /// Has said goodbye with all that it holds, or may have: it serves nothing more.
  std::shared_ptr<std::atomic<bool>> has_ended_ = std::make_shared<std::atomic<bool>>(false);
  std::string said_of_departure_;             ///< the last line of the log about it
  std::optional<Instant> departure_news_at_;  ///< while it is on its way out
  bool departure_is_new_ = false;
  bool view_changed_ = false;
  bool decide_wanted_ = false;
  Instant looks_paid_until_ = Instant::at_nanos(INT64_MIN / 2);
  LossAcceptance accepted_;
  bool loss_reported_ = false;
  mutable std::map<NodeId, bool> judgements_;  ///< of this turn: see may_judge()
  std::map<NodeId, ControlLink> links_;
  std::set<std::pair<std::uint16_t, NodeId>> stalled_;
  OwnTurns own_turns_;
  MemoryWatch memory_;
  std::optional<WorkerIndex> hung_;
  std::set<NodeId> proven_dead_;          // beyond what their sessions prove
  std::pair<NodeId, Revision> given_up_;  // the record that the log has spoken of last

  coordination::TxnId next_txn_ = 1;
  std::map<coordination::TxnId, OpenTxn> open_;
  std::size_t wipes_open_ = 0;
  Revision wiped_settings_;
  std::optional<Instant> name_taken_since_;
  AddressCheck addresses_;
  Instant retry_at_;  // after a transaction failed: not before
  /// What a transaction has place for (128 compares in etcd), less this node's own record.
  static constexpr std::size_t kBatchMax = 127;
  std::size_t batch_max_ = kBatchMax;
  bool is_unanswered_ = false;  // the last transaction that ended was not heard by the coordinator
  std::optional<Instant> target_due_;
  std::array<Work, kPartitionCount> work_;
  std::size_t feeding_ = 0;       // partitions with a syncing replica, in this decision
  std::size_t handing_over_ = 0;  // partitions that are parked, in this decision

  Movement movement_;
  bool goodbye_said_ = false;
  std::uint64_t own_target_ = 0;  // the version of the last target that this node wrote
  struct MovementReport {         // waits for what the workers have sent
    std::string what;
    bool is_own = false;  // said even if this node sent nothing
    Stats sum;
    std::set<WorkerIndex> workers_missing;
  };
  std::vector<MovementReport> movement_reports_;
  Stats movement_reported_;  // what the workers had sent when the last one was written

  std::uint64_t clients_refused_ = 0;
  Stats forgotten_;                           ///< what CONFIG RESETSTAT takes off INFO's counts
  std::deque<AdminRequest> settings_wanted_;  // CONFIG SETs that the coordinator has to take
  bool is_changing_settings_ = false;         // the first of them is on its way there
  struct SettingsChange {
    AdminRequest request;
    Revision revision;  // which all nodes have to know
    Instant deadline;
  };
  std::vector<SettingsChange> settings_changes_;  // taken
  std::map<NodeId, Revision> revisions_heard_;

  std::vector<Question> questions_;
  std::uint64_t next_question_ = 1;
  struct StatsPromise {  // another node's control thread waits for our workers
    NodeId node;
    std::uint64_t id;
    Stats sum;
    std::set<WorkerIndex> workers_missing;
  };
  std::vector<StatsPromise> promises_;
};

}  // namespace borg::node
