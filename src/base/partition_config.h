// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.h"
#include "base/node_list.h"

namespace borg {

/// Who holds one partition, as the coordinator has it.
///
/// epoch: version of this record. term: the epoch at which in_sync[0] became primary; it names
/// the stream of operations that this primary sends, so that a change of replicas does not
/// disturb the stream, and a message of a former primary is recognised by its term.
struct PartitionConfig {
  Epoch epoch;  ///< 0: not created yet
  Epoch term;
  NodeList in_sync;  ///< primary first; every one holds all acknowledged writes
  NodeList syncing;
  [[nodiscard]] NodeId primary() const { return in_sync.front(); }
  [[nodiscard]] bool is_replica(NodeId node) const {
    return in_sync.contains(node) || syncing.contains(node);
  }
  friend bool operator==(const PartitionConfig&, const PartitionConfig&) = default;
};

}  // namespace borg
