// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket.h"

#include <algorithm>

#include "base/check.h"

namespace borg::storage {
namespace {

constexpr unsigned kAddressBits = 48;

std::uint64_t cell_of(Entry entry, std::uint8_t tag) {
  BORG_CHECK(entry.address() >> kAddressBits == 0);
  return entry.address() | (std::uint64_t{tag} << kAddressBits);
}
Entry entry_of(std::uint64_t cell) {
  return Entry::from_address(cell & ((std::uint64_t{1} << kAddressBits) - 1));
}
std::uint8_t tag_of(std::uint64_t cell) { return static_cast<std::uint8_t>(cell >> kAddressBits); }

std::uint8_t filter_bit(std::uint8_t tag) { return static_cast<std::uint8_t>(1u << (tag & 7)); }

}  // namespace

/// A head of 8 bytes, then `capacity` cells of 8: the address and, above it, the tag. Never
/// fewer than two entries, as nine of them need no array.
struct Bucket::Overflow {
  std::uint32_t count;
  std::uint32_t capacity;

  [[nodiscard]] std::uint64_t* cells() { return reinterpret_cast<std::uint64_t*>(this + 1); }
  void push(std::uint64_t cell) { cells()[count++] = cell; }

  [[nodiscard]] static std::size_t bytes(std::size_t capacity) {
    return sizeof(Overflow) + capacity * sizeof(std::uint64_t);
  }
  static Overflow* create(Heap& heap, std::size_t capacity) {
    BORG_CHECK(capacity <= UINT32_MAX);
    auto* created = static_cast<Overflow*>(heap.allocate(bytes(capacity)));
    *created = {0, static_cast<std::uint32_t>(capacity)};
    return created;
  }
  void destroy(Heap& heap) { heap.release(this, bytes(capacity)); }
  /// REQUIRES: count <= wanted.
  static Overflow* resize(Heap& heap, Overflow* old, std::size_t wanted) {
    Overflow* resized = create(heap, wanted);
    resized->count = old->count;
    std::memcpy(resized->cells(), old->cells(), old->count * sizeof(std::uint64_t));
    old->destroy(heap);
    return resized;
  }
};

std::size_t Bucket::size() const {
  return is_linked() ? kLinkIndex + overflow()->count : inline_size();
}

Entry Bucket::overflow_at(std::size_t index) const {
  return entry_of(overflow()->cells()[index - kLinkIndex]);
}

std::uint8_t Bucket::tag_at(std::size_t index) const {
  if (index < inline_size()) return tags_[index];
  return tag_of(overflow()->cells()[index - kLinkIndex]);
}

std::size_t Bucket::overflow_bytes() const {
  return is_linked() ? Overflow::bytes(overflow()->capacity) : 0;
}

std::size_t Bucket::find_in_overflow(std::uint8_t tag, std::string_view key) const {
  if ((tags_[kLinkIndex] & filter_bit(tag)) == 0) return kNowhere;
  Overflow& array = *overflow();
  for (std::uint32_t i = 0; i < array.count; ++i) {
    const std::uint64_t cell = array.cells()[i];
    if (tag_of(cell) == tag && entry_of(cell).has_key(key)) return kLinkIndex + i;
  }
  return kNowhere;
}

void Bucket::set_address(std::size_t index, std::uintptr_t address) {
  BORG_CHECK(address >> kAddressBits == 0);
  std::memcpy(addresses_ + index * kAddressBytes, &address, kAddressBytes);
}

void Bucket::set(std::size_t index, Entry entry, std::uint8_t tag) {
  set_address(index, entry.address());
  tags_[index] = tag;
}

void Bucket::link(Overflow* array) {
  set_address(kLinkIndex, reinterpret_cast<std::uintptr_t>(array));
  count_ = kLinked | kLinkIndex;
}

void Bucket::unlink(Heap& heap) {
  Overflow* array = overflow();
  const std::uint64_t cell = array->cells()[0];
  array->destroy(heap);
  set(kLinkIndex, entry_of(cell), tag_of(cell));
  count_ = kInlineEntries;
}

void Bucket::update_filter() {
  Overflow& array = *overflow();
  std::uint8_t filter = 0;
  for (std::uint32_t i = 0; i < array.count; ++i) filter |= filter_bit(tag_of(array.cells()[i]));
  tags_[kLinkIndex] = filter;
}

void Bucket::append(Heap& heap, Entry entry, std::uint8_t tag) {
  if (!is_linked() && count_ < kInlineEntries) {
    set(count_++, entry, tag);
    return;
  }
  Overflow* array = is_linked() ? overflow() : Overflow::create(heap, 2);
  if (!is_linked()) {
    array->push(cell_of(at(kLinkIndex), tags_[kLinkIndex]));
    tags_[kLinkIndex] = filter_bit(tags_[kLinkIndex]);
  } else if (array->count == array->capacity) {
    // One by one, as nearly all arrays are small; geometric, should very many keys collide.
    array = Overflow::resize(heap, array, array->capacity + std::max(1u, array->capacity / 4));
  }
  array->push(cell_of(entry, tag));
  link(array);
  tags_[kLinkIndex] |= filter_bit(tag);
}

void Bucket::remove(Heap& heap, std::size_t index) {
  if (!is_linked()) {
    const std::size_t last = count_ - 1u;
    set(index, at(last), tags_[last]);
    --count_;
    return;
  }
  Overflow* array = overflow();
  const std::uint64_t last = array->cells()[--array->count];
  if (index < kLinkIndex) {
    set(index, entry_of(last), tag_of(last));
  } else {
    array->cells()[index - kLinkIndex] = last;
  }
  if (array->count == 1) return unlink(heap);
  if (array->count * 2 < array->capacity) link(Overflow::resize(heap, array, array->count));
  update_filter();
}

void Bucket::replace(std::size_t index, Entry entry) {
  if (index < inline_size()) return set_address(index, entry.address());
  std::uint64_t& cell = overflow()->cells()[index - kLinkIndex];
  cell = cell_of(entry, tag_of(cell));
}

void Bucket::reset(Heap& heap) {
  if (is_linked()) overflow()->destroy(heap);
  count_ = 0;
}

void Bucket::prefetch_entries() const {
  for (std::size_t i = 0; i < inline_size(); ++i) Entry::from_address(address_at(i)).prefetch();
}

}  // namespace borg::storage
