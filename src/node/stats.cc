// SPDX-License-Identifier: Apache-2.0
#include "node/stats.h"

#include <array>

#include "base/codec.h"

namespace borg::node {
namespace {

// On the wire since v1: append only.
constexpr std::array kFields{
    &Stats::keys,
    &Stats::primary_keys,
    &Stats::expiring_keys,
    &Stats::memory_bytes,
    &Stats::primary_partitions,
    &Stats::backup_partitions,
    &Stats::syncing_partitions,
    &Stats::clients,
    &Stats::clients_total,
    &Stats::commands,
    &Stats::forwarded,
    &Stats::expired_keys,
    &Stats::input_bytes,
    &Stats::sent_copies,
    &Stats::sent_keys,
    &Stats::sent_bytes,
    &Stats::blocked_clients,
    &Stats::keyspace_hits,
    &Stats::keyspace_misses,
    &Stats::memory_peak_bytes,
    &Stats::record_bytes,
    &Stats::replication_bytes,
    &Stats::client_bytes,
    &Stats::memory_limit_bytes,
    &Stats::memory_level,
    &Stats::death_exceeds_memory,
    &Stats::partitions_without_memory,
};
/// What a node of the first version knows.
constexpr std::size_t kFirstFields = 13;

}  // namespace

void Stats::add(const Stats& other) {
  for (const auto field : kFields) this->*field += other.*field;
}

void encode(ByteBuffer& out, const Stats& stats) {
  Encoder encoder(out);
  for (const auto field : kFields) encoder.varint(stats.*field);
}

std::optional<Stats> decode_stats(std::string_view bytes) {
  Stats stats;
  Decoder in(bytes);
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (i >= kFirstFields && in.done()) break;
    stats.*kFields[i] = in.varint();
  }
  if (!in.ok()) return std::nullopt;
  return stats;
}

}  // namespace borg::node
