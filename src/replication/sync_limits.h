// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace borg::replication {

/// In which pieces a partition is sent to a replica that begins anew.
struct SyncLimits {
  std::size_t chunk_keys = 4096;  ///< of one piece of a snapshot; at least 1
  std::size_t chunk_bytes = 64 * 1024;
  /// Keys whose state is by more than this larger than the command that made it are sent ahead of
  /// the snapshot once, and left out by it: later commands on them travel as they are.
  std::size_t state_bytes_max = 4 * 1024;
  /// So many of these, large containers included, are remembered in one partition; what others
  /// hold comes with the snapshot.
  std::size_t keys_ahead_max = 1024;
};

}  // namespace borg::replication
