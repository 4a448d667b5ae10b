// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"

namespace borg::node {

/// What a worker, and in sum a node, holds and has done.
struct Stats {
  std::uint64_t keys = 0;           ///< of every replica here
  std::uint64_t primary_keys = 0;   ///< of the partitions whose primary is here
  std::uint64_t expiring_keys = 0;  ///< of those
  std::uint64_t memory_bytes = 0;   ///< of the data
  std::uint64_t primary_partitions = 0;
  std::uint64_t backup_partitions = 0;
  std::uint64_t syncing_partitions = 0;
  std::uint64_t clients = 0;
  std::uint64_t clients_total = 0;
  std::uint64_t commands = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t input_bytes = 0;
  // Whole partitions sent to nodes that did not hold them.
  std::uint64_t sent_copies = 0;
  std::uint64_t sent_keys = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t blocked_clients = 0;
  // Look-ups for reading, by this node's primaries.
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t memory_peak_bytes = 0;  ///< of memory_bytes: the sum of the workers' own peaks
  // What is held beside the data: see MemoryUse.
  std::uint64_t record_bytes = 0;
  std::uint64_t replication_bytes = 0;
  std::uint64_t client_bytes = 0;
  // Of the node, said by its control thread alone.
  std::uint64_t memory_limit_bytes = 0;         ///< 0: none
  std::uint64_t memory_level = 0;               ///< wire::MemoryLevel
  std::uint64_t death_exceeds_memory = 0;       ///< 1: if one more node died
  std::uint64_t partitions_without_memory = 0;  ///< whose missing copy waits for memory

  /// All that counts against the limit.
  [[nodiscard]] std::uint64_t memory_used_bytes() const {
    return memory_bytes + record_bytes + replication_bytes + client_bytes;
  }

  void add(const Stats& other);
};
void encode(ByteBuffer& out, const Stats& stats);
[[nodiscard]] std::optional<Stats> decode_stats(std::string_view bytes);

}  // namespace borg::node
