// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordination/key_space.h"
#include "sim/losses.h"
#include "sim/process.h"
#include "sim/sim.h"

namespace borg::sim {

/// What must hold at every moment, and what may never go back. Sees all nodes at once.
///
/// Each turn of a worker is checked for all its partitions. What only the passing of time could
/// break cannot be broken so: time ends leases, and begins none.
class Invariants {
 public:
  explicit Invariants(Sim& sim) : sim_(sim), losses_(sim) {}

  void add(Process& process) { processes_.push_back(&process); }

  // ---- what may never go back ----

  /// The coordinator's key space changed: the configurations follow from each other.
  void on_changes(const coordination::Changes& changes);

  // ---- what holds now ----

  /// Of one process, after a turn of one of its workers.
  void check_turn(Process& process, std::size_t worker);
  /// At rest: the copies of each partition are equal. Says which are not; empty: all are.
  [[nodiscard]] std::string unequal_copies() const;

  // ---- what is lost ----

  /// A process is gone: what it alone had is lost from now on.
  void note_losses();
  [[nodiscard]] bool is_lost(const std::string& key) const;
  /// All that were in sync have said goodbye: what they held ended with everybody's order.
  [[nodiscard]] bool has_ended(std::uint16_t p) const { return have_left(configs_[p].in_sync); }
  [[nodiscard]] bool was_wiped() const { return wipes_ > 0; }
  /// A process was told to go before it knew that it was a member: it held nothing, and said
  /// goodbye to nobody.
  void note_unborn(NodeId node);
  /// Since then: a node that has not heard of it yet goes on saying that the data is lost.
  [[nodiscard]] bool was_wiped_since(Duration then) const {
    return wipes_ > 0 && wiped_at_ >= then;
  }
  /// How often a node came to be in sync that was not before.
  [[nodiscard]] std::uint64_t copies_made() const { return copies_made_; }
  [[nodiscard]] const Losses& losses() const { return losses_; }
  [[nodiscard]] std::size_t lost() const { return lost_since_.size(); }
  [[nodiscard]] std::optional<Duration> lost_since(const std::string& key) const;
  [[nodiscard]] const PartitionConfig& config(std::uint16_t p) const { return configs_[p]; }

 private:
  /// What was last seen of one replica.
  struct Seen {
    Epoch epoch;
    Epoch term;
    Revision view;       ///< of the worker's
    Epoch committed_in;  ///< the term that `committed` is of
    Seq committed;
    Epoch last_term;
    Seq last;
  };
  using SeenByPartition = std::array<Seen, kPartitionCount>;

  void print_changes(const Process& process);
  void note_wipe();
  void on_config(std::uint16_t p, const std::optional<PartitionConfig>& config);
  void check_replica(Process& process, const replication::Replica& replica, Seen& seen);
  void check_primaries(std::uint16_t p, Process& process, bool is_primary);
  void check_holders(const Process& primary, const replication::Replica& replica);
  void check_number_of_holders(const Process& primary, const replication::Replica& replica);
  void check_repeats(const Process& primary, const replication::Replica& replica);
  void check_content(Process& process, const replication::Replica& replica);
  void check_memory(const Process& process) const;
  [[nodiscard]] bool is_alive(NodeId node) const;
  /// As the coordinator has it: given up, or not a member any more, and its session over.
  [[nodiscard]] bool is_given_up(NodeId node) const;
  void note_departures(const coordination::Changes& changes);
  void on_member(const std::string& key, const std::optional<std::string>& value);
  [[nodiscard]] bool somebody_stays() const;
  [[nodiscard]] bool have_left(const NodeList& nodes) const;
  void on_loss(std::uint16_t p, const PartitionConfig& old, const PartitionConfig& config);
  [[nodiscard]] Process* process(NodeId node) const;
  void fail(const std::string& check, std::uint16_t p, const std::string& detail) const;

  Sim& sim_;
  std::vector<Process*> processes_;
  std::array<PartitionConfig, kPartitionCount> configs_;
  std::array<std::vector<Process*>, kPartitionCount> primaries_;  ///< who thinks so
  std::array<Epoch, kPartitionCount> highest_;                    // ever, over all foundings
  std::map<std::uint16_t, Duration> lost_since_;
  Losses losses_;
  std::uint64_t copies_made_ = 0;
  std::map<std::string, bool> members_;  ///< by id as text: whether it is down
  std::set<std::string> sessions_;
  std::set<std::string> left_;  ///< members that said goodbye, by id as text
  std::uint64_t wipes_ = 0;
  Duration wiped_at_;
  std::unordered_map<const Process*, std::unique_ptr<SeenByPartition>> seen_;
  /// Of each partition: what it holds after an operation, said by the first replica seen there.
  std::array<std::map<std::pair<Epoch, Seq>, std::uint64_t>, kPartitionCount> digests_;
  std::map<std::pair<NodeId, std::uint16_t>, std::string> printed_;
};

[[nodiscard]] std::string describe(const PartitionConfig& config);

}  // namespace borg::sim
