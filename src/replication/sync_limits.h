// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace borg::replication {

/// In which pieces a partition is sent to a replica that begins anew.
struct SyncLimits {
  std::size_t chunk_keys = 4096;  ///< of one piece of a snapshot; at least 1
  std::size_t chunk_bytes = 64 * 1024;
  /// A state that is by more than this larger than the command that made it is not sent ahead of
  /// the snapshot, but left to it.
  std::size_t state_bytes_max = 256 * 1024;
};

}  // namespace borg::replication
