// SPDX-License-Identifier: Apache-2.0
#include "replication/snapshot.h"

#include "base/slot.h"

namespace borg::replication {
namespace {

// On the wire since v1: never renumber.
constexpr std::uint8_t kAbsent = 0xff;
constexpr std::uint8_t kHasExpiry = 0x80;
constexpr std::uint8_t kTypeMask = 0x7f;

}  // namespace

void encode_entry(Encoder& out, const storage::EntryView& entry) {
  const bool expires = entry.expiry != storage::kNoExpiry;
  out.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(entry.type) |
                                   (expires ? kHasExpiry : 0)));
  out.bytes(entry.key);
  if (expires) out.u64(static_cast<std::uint64_t>(entry.expiry));
  out.bytes(entry.value);
}

void encode_absence(Encoder& out, std::string_view key) {
  out.u8(kAbsent);
  out.bytes(key);
}

bool apply_entries(std::string_view bytes, PartitionId partition, storage::PartitionStore& store) {
  Decoder in(bytes);
  while (in.ok() && !in.rest().empty()) {
    const std::uint8_t head = in.u8();
    const std::string_view key = in.bytes();
    const SlotId slot = slot_of_key(key);
    if (!in.ok() || partition_of(slot) != partition) return false;
    const storage::KeyRef ref = storage::key_ref(key, slot);
    if (head == kAbsent) {
      store.erase(ref);
      continue;
    }
    if ((head & kTypeMask) != static_cast<std::uint8_t>(storage::ValueType::kString)) return false;
    const auto expiry =
        (head & kHasExpiry) != 0 ? static_cast<storage::ExpiryMs>(in.u64()) : storage::kNoExpiry;
    const std::string_view value = in.bytes();
    if (!in.ok()) return false;
    store.put(ref, value, expiry);
  }
  return in.ok();
}

}  // namespace borg::replication
