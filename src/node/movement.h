// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <set>

#include "base/time.h"
#include "membership/cluster_view.h"

namespace borg::node {

/// True if exactly the target's replicas hold the partition in sync, the right one as primary,
/// and nobody is syncing. A partition that is lost cannot move, so it is not asked about.
[[nodiscard]] bool is_in_place(const membership::ClusterView& view, PartitionId partition);

/// What is on its way to where the target wants it.
struct Rebalance {
  bool is_running = false;
  Instant began;
  Duration took;  ///< so far, if it is running
  std::uint32_t partitions = 0;
  std::uint32_t partitions_left = 0;
  std::uint32_t copies = 0;  ///< that some node had yet to receive
  std::uint32_t copies_left = 0;
};

/// Partitions that a death left with too few copies, until they had enough again.
struct Repair {
  Instant began;
  Duration took;  ///< so far, if it is running
  std::uint32_t partitions = 0;
};

/// Why partitions that have too few copies get none now.
enum class RepairWait : std::uint8_t {
  kNothing,  ///< copies are being made, or nothing is missing
  kNodes,    ///< nobody is left that could take one
  kMemory,   ///< those who could have none
};
/// `silent`: nodes that nobody hears. `without_memory`: partitions whose copy waits for it, as
/// their primaries say.
[[nodiscard]] RepairWait repair_waits_for(const membership::ClusterView& view,
                                          const std::set<NodeId>& silent,
                                          std::uint64_t without_memory);

/// Follows rebalances and repairs from view to view, as one node sees them.
///
/// Runs:  on the control thread; sans-I/O.
/// View:  what happened before this node's first view is not known; a repair begins when the
///        view shows the death, not when the node died.
class Movement {
 public:
  /// True if a rebalance has just ended.
  bool observe(const membership::ClusterView& view, Instant now);

  /// The one that is running, else the last; nothing if there was none.
  [[nodiscard]] std::optional<Rebalance> rebalance(Instant now) const;
  [[nodiscard]] std::optional<Repair> running_repair(Instant now) const;
  [[nodiscard]] const std::optional<Repair>& last_repair() const { return last_repair_; }

 private:
  bool follow_rebalance(const membership::ClusterView& view, Instant now);
  void follow_repair(const membership::ClusterView& view, Instant now);

  std::optional<Rebalance> rebalance_;
  std::optional<Repair> repair_;
  std::optional<Repair> last_repair_;
  std::bitset<kPartitionCount> in_repair_;
  std::array<std::uint8_t, kPartitionCount> copies_{};  ///< in sync and not down, so far
};

}  // namespace borg::node
