// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "membership/cluster_view.h"

namespace borg::node {

/// What two deaths at once would do to the cluster as it is now: not as the target has it.
struct Risk {
  std::uint64_t pairs = 0;  ///< of nodes that are not down
  /// Of these, those without which some partition has no copy in sync.
  std::uint64_t fatal_pairs = 0;
  /// With how many others a node shares partitions: its scatter width.
  std::map<NodeId, std::uint32_t> partners;

  /// The chance that two nodes, any two alike, that die at once take something with them.
  [[nodiscard]] double chance() const {
    return pairs == 0 ? 0 : static_cast<double>(fatal_pairs) / static_cast<double>(pairs);
  }
};
[[nodiscard]] Risk assess_risk(const membership::ClusterView& view);

}  // namespace borg::node
