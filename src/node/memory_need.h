// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "membership/cluster_view.h"
#include "node/stats.h"

namespace borg::node {

/// What members have yet to receive and have no memory for.
struct MemoryNeed {
  struct Receiver {
    NodeId node;
    std::uint64_t wanted_bytes = 0;  ///< that it would hold in addition
    std::uint64_t room_bytes = 0;    ///< up to where it counts as full; less than it would need
  };
  std::vector<Receiver> receivers;  ///< those that have too little, by id

  [[nodiscard]] std::uint64_t missing_bytes() const;
};

/// Compares what each member would hold under `target` with what it holds now. Partitions of one
/// holder count as alike, nodes of which there are no statistics as having room.
[[nodiscard]] MemoryNeed assess_memory_need(const membership::ClusterView& view,
                                            const std::vector<NodeList>& target,
                                            const std::map<NodeId, Stats>& stats);

/// "34.1 MB are missing: a has room for 1.0 of 18.2 MB, …"; names a few of the members.
[[nodiscard]] std::string text_of(const MemoryNeed& need, const membership::ClusterView& view);

/// "12.3 MB", of 2^20 bytes each.
[[nodiscard]] std::string megabytes(std::uint64_t bytes);

}  // namespace borg::node
