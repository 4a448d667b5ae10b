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
};

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
  for (const auto field : kFields) stats.*field = in.varint();
  if (!in.ok()) return std::nullopt;
  return stats;
}

}  // namespace borg::node
