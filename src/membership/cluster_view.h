// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/partition_config.h"
#include "coordination/coordinator.h"
#include "coordination/schema.h"

namespace borg::membership {

/// A member with what the coordinator says around its record.
struct MemberRecord {
  coordination::Member member;
  Revision joined;  ///< when the record was created: the order in which members came
  Revision modified;
  bool has_session = false;
  Revision session_modified;  ///< of its session's key; Revision(0): it has none
};

/// Everything that the coordinator holds, at one revision. Immutable once published.
///
/// Runs: read by all threads.
struct ClusterView {
  Revision revision;
  std::optional<coordination::Settings> settings;
  Revision settings_modified;
  std::vector<MemberRecord> members;  ///< sorted by id
  coordination::Target target;
  Revision target_modified;
  Revision ending_modified;  ///< of kEndingKey; Revision(0): it is not there
  std::array<PartitionConfig, kPartitionCount> partitions;
  std::array<Revision, kPartitionCount> partitions_modified{};
  /// A peer told of the configuration: newer than all else here, its members may be unknown.
  std::bitset<kPartitionCount> is_ahead;
  std::map<std::string, NodeId, std::less<>> names;  ///< held by sessions
  std::vector<std::string> keys;                     ///< all keys: what a fresh start deletes

  [[nodiscard]] const MemberRecord* member(NodeId id) const;
  [[nodiscard]] const MemberRecord* member(std::string_view name) const;
  /// Members that nobody has told to go, and that nobody has given up.
  [[nodiscard]] std::size_t active_members() const;
  /// Every in-sync replica is down or gone for good: both copies died.
  [[nodiscard]] bool is_lost(PartitionId partition) const;
  /// No partition names the node.
  [[nodiscard]] bool holds_nothing(NodeId node) const;
  [[nodiscard]] const PartitionConfig& partition(PartitionId p) const {
    return partitions[p.value()];
  }
};

/// Turns the coordinator's events into views.
class ViewBuilder {
 public:
  void apply(const coordination::Snapshot& snapshot);
  void apply(const coordination::Changes& changes);
  /// A configuration that was committed, before our own watch brings it; `modified` is the
  /// revision of its commit, or Revision(0) if a peer that does not know it told us.
  void learn(PartitionId partition, const PartitionConfig& config, Revision modified);
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] const ClusterView& current() const { return view_; }
  [[nodiscard]] std::shared_ptr<const ClusterView> publish() const;

 private:
  void set(const std::string& key, const std::string& value, Revision modified, Revision created);
  void set_member(NodeId id, const std::string& value, Revision modified, Revision created);
  void set_session(MemberRecord& record) const;
  void set_partition(std::string_view number, const std::string& value, Revision modified);
  void remove(const std::string& key);
  [[nodiscard]] MemberRecord* find(NodeId id);

  ClusterView view_;
  std::map<NodeId, Revision> sessions_;
  bool ready_ = false;
};

}  // namespace borg::membership
