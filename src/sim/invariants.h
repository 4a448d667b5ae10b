// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordination/key_space.h"
#include "sim/process.h"
#include "sim/sim.h"

namespace borg::sim {

/// What must hold at every moment, and what may never go back. Sees all nodes at once.
class Invariants {
 public:
  explicit Invariants(Sim& sim) : sim_(sim) {}

  void add(Process& process) { processes_.push_back(&process); }

  // ---- what may never go back ----

  /// The coordinator's key space changed: the configurations follow from each other.
  void on_changes(const coordination::Changes& changes);

  // ---- what holds now ----

  /// Of one process, after a turn of it.
  void check_turn(Process& process);
  /// At most one node may answer for a partition; what it has acknowledged others hold.
  void check_partition(std::uint16_t p);
  /// At rest: the copies of each partition are equal.
  void check_copies();

  // ---- what is lost ----

  /// A process is gone: what it alone had is lost from now on.
  void note_losses();
  [[nodiscard]] bool is_lost(const std::string& key) const;
  [[nodiscard]] bool was_wiped() const { return wipes_ > 0; }
  [[nodiscard]] std::size_t lost() const { return lost_since_.size(); }
  [[nodiscard]] std::optional<Duration> lost_since(const std::string& key) const;
  [[nodiscard]] const PartitionConfig& config(std::uint16_t p) const { return configs_[p]; }

 private:
  struct Seen {
    Epoch epoch;
    Epoch term;
  };
  void print_changes(const Process& process);
  void on_config(std::uint16_t p, const std::optional<PartitionConfig>& config);
  [[nodiscard]] bool is_alive(NodeId node) const;
  [[nodiscard]] Process* process(NodeId node) const;
  void fail(const std::string& check, std::uint16_t p, const std::string& detail) const;

  Sim& sim_;
  std::vector<Process*> processes_;
  std::array<PartitionConfig, kPartitionCount> configs_;
  std::map<std::uint16_t, Duration> lost_since_;
  std::uint64_t wipes_ = 0;
  std::map<std::pair<NodeId, std::uint16_t>, std::string> printed_;
  std::uint16_t next_ = 0;
};

[[nodiscard]] std::string describe(const PartitionConfig& config);

}  // namespace borg::sim
