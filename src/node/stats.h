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
  std::uint64_t memory_bytes = 0;
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

  void add(const Stats& other);
};
void encode(ByteBuffer& out, const Stats& stats);
[[nodiscard]] std::optional<Stats> decode_stats(std::string_view bytes);

}  // namespace borg::node
