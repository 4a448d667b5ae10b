// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

using OptionalCount = std::optional<std::int64_t>;

/// What BORG INFO says about one node. What it leaves out is empty.
struct NodeInfo {
  std::string name;
  std::string id;
  std::string address;  ///< "host:port" for clients
  std::string state;
  /// Told to drain or leave, it keeps data until so many more nodes take writes.
  std::int64_t members_missing = 0;
  /// Told to go, it waits for memory of the others: they lack so much.
  std::int64_t memory_missing_bytes = 0;
  std::string zone;
  OptionalCount keys;
  OptionalCount primary_slots;
  OptionalCount backup_slots;
  OptionalCount memory_bytes;
  OptionalCount memory_used_bytes;   ///< all that counts against the limit
  OptionalCount memory_limit_bytes;  ///< 0: none
  bool is_memory_full = false;
  bool death_exceeds_memory = false;  ///< of another node
  std::int64_t partitions_without_memory = 0;
  OptionalCount sent_bytes;
  std::optional<bool> safe_to_stop;
  OptionalCount clock_ahead_ms;
  bool clock_is_wrong = false;
  bool clock_is_disputed = false;
};

/// The running rebalance, or the last.
struct RebalanceInfo {
  bool is_running = false;
  std::int64_t milliseconds = 0;
  std::int64_t slots = 0;
  std::int64_t slots_left = 0;
  OptionalCount bytes_left;
};
/// Slots that a death left with too few copies.
struct RepairInfo {
  std::int64_t milliseconds = 0;
  std::int64_t slots = 0;
  std::string waits_for;  ///< "nodes", "memory", or nothing: it goes on
};
/// Pairs of nodes, and those whose deaths at once would lose something.
struct RiskInfo {
  std::int64_t pairs = 0;
  std::int64_t fatal_pairs = 0;
};

/// The reply to BORG INFO, as far as people are shown it.
struct ClusterInfo {
  std::string name;
  std::string coordinator;
  OptionalCount keys;
  OptionalCount copies;
  OptionalCount min_copies;
  OptionalCount under_replicated_slots;
  OptionalCount moving_slots;
  OptionalCount lost_slots;
  std::optional<RebalanceInfo> rebalance;
  std::optional<RepairInfo> repair;  ///< that is running
  std::optional<RepairInfo> last_repair;
  std::optional<RiskInfo> risk;
  std::vector<NodeInfo> nodes;

  /// The node of this name, id or address, or null. A node that started anew has its name from
  /// one that is still listed as down: the one that is up is meant.
  [[nodiscard]] const NodeInfo* find(std::string_view node) const;
};

/// Fields it does not know, and fields of an unexpected type, are ignored. Nothing if the text
/// is not a JSON object.
[[nodiscard]] std::optional<ClusterInfo> parse_cluster_info(std::string_view text);

}  // namespace borg::borgctl
