// SPDX-License-Identifier: Apache-2.0
#include "replication/snapshot.h"

#include <memory>
#include <utility>

#include "base/slot.h"
#include "storage/value_kinds.h"

namespace borg::replication {
namespace {

// On the wire since v1: never renumber.
constexpr std::uint8_t kAbsent = 0xff;
constexpr std::uint8_t kElements = 0xfe;
constexpr std::uint8_t kExpiry = 0xfd;
constexpr std::uint8_t kHasExpiry = 0x80;
constexpr std::uint8_t kIsLarge = 0x40;
constexpr std::uint8_t kTypeMask = 0x07;
constexpr unsigned kFormShift = 3;
constexpr std::uint8_t kOtherMask = 0x3f;  // of what is neither of the first two
enum class ElementOp : std::uint8_t {
  kEnd = 0,
  kPut = 1,
  kErase = 2,
  kListInsert = 3,
  kListErase = 4,
  kListSet = 5,
};

bool apply_list_change(Decoder& in, ElementOp op, storage::Large& list) {
  const std::uint64_t index = in.varint();
  const std::string_view element = op == ElementOp::kListErase ? std::string_view() : in.bytes();
  if (!in.ok()) return false;
  const auto change = op == ElementOp::kListInsert  ? storage::ListChange::kInsert
                      : op == ElementOp::kListErase ? storage::ListChange::kErase
                                                    : storage::ListChange::kSet;
  return list.receive_at(change, index, element);
}

bool apply_elements(Decoder& in, const storage::KeyRef& key, storage::PartitionStore& store) {
  const auto entry = store.find(key);
  if (!entry || !entry->is_large) return false;
  const storage::LargeEdit edit = store.edit_large(key);
  while (in.ok()) {
    const auto op = static_cast<ElementOp>(in.u8());
    if (op == ElementOp::kEnd) return in.ok();
    if (op >= ElementOp::kListInsert && op <= ElementOp::kListSet) {
      if (!apply_list_change(in, op, *edit)) return false;
      continue;
    }
    const std::string_view element = in.bytes();
    if (op == ElementOp::kErase && in.ok()) {
      (*edit).receive_absence(element);
      continue;
    }
    const std::string_view value = in.bytes();
    if (op != ElementOp::kPut || !in.ok() || !(*edit).receive(element, value)) return false;
  }
  return false;
}

bool apply_entry(Decoder& in, std::uint8_t head, const storage::KeyRef& key,
                 storage::PartitionStore& store) {
  const auto type = static_cast<storage::ValueType>(head & kTypeMask);
  const unsigned form = (head & kOtherMask) >> kFormShift;
  if (form >= (type == storage::ValueType::kString ? storage::kStringForms : 1)) return false;
  const auto expiry =
      (head & kHasExpiry) != 0 ? static_cast<storage::ExpiryMs>(in.u64()) : storage::kNoExpiry;
  if ((head & kIsLarge) != 0) {
    auto large = storage::make_large(type);
    if (!in.ok() || large == nullptr) return false;
    store.put_large(key, std::move(large), expiry, type);
    return true;
  }
  const std::string_view value = in.bytes();
  if (!in.ok() || !storage::is_valid_packed(type, value)) return false;
  store.put(key, value, expiry, type);
  if (form != 0) store.set_form(key, static_cast<storage::StringForm>(form));
  return true;
}

}  // namespace

void encode_entry(Encoder& out, const storage::EntryView& entry) {
  const bool expires = entry.expiry != storage::kNoExpiry;
  const auto form = static_cast<unsigned>(entry.form) << kFormShift;
  out.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(entry.type) | form |
                                   (expires ? kHasExpiry : 0) | (entry.is_large ? kIsLarge : 0)));
  out.bytes(entry.key);
  if (expires) out.u64(static_cast<std::uint64_t>(entry.expiry));
  if (!entry.is_large) out.bytes(entry.value);
}

void encode_expiry(Encoder& out, const storage::EntryView& entry) {
  out.u8(kExpiry);
  out.bytes(entry.key);
  out.u64(static_cast<std::uint64_t>(entry.expiry));
}

void encode_absence(Encoder& out, std::string_view key) {
  out.u8(kAbsent);
  out.bytes(key);
}

ElementEncoder::ElementEncoder(Encoder& out, std::string_view key) : out_(out) {
  out_.u8(kElements);
  out_.bytes(key);
}

void ElementEncoder::put(std::string_view element, std::string_view value) {
  out_.u8(static_cast<std::uint8_t>(ElementOp::kPut));
  out_.bytes(element);
  out_.bytes(value);
}

void ElementEncoder::erase(std::string_view element) {
  out_.u8(static_cast<std::uint8_t>(ElementOp::kErase));
  out_.bytes(element);
}

void ElementEncoder::change(storage::ListChange change, std::uint64_t index,
                            std::string_view element) {
  const auto op = change == storage::ListChange::kInsert  ? ElementOp::kListInsert
                  : change == storage::ListChange::kErase ? ElementOp::kListErase
                                                          : ElementOp::kListSet;
  out_.u8(static_cast<std::uint8_t>(op));
  out_.varint(index);
  if (op != ElementOp::kListErase) out_.bytes(element);
}

void ElementEncoder::finish() { out_.u8(static_cast<std::uint8_t>(ElementOp::kEnd)); }

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
    } else if (head == kElements) {
      if (!apply_elements(in, ref, store)) return false;
    } else if (head == kExpiry) {
      const auto expiry = static_cast<storage::ExpiryMs>(in.u64());
      if (!in.ok() || !store.set_expiry(ref, expiry)) return false;
    } else if (!apply_entry(in, head, ref, store)) {
      return false;
    }
  }
  return in.ok();
}

}  // namespace borg::replication
