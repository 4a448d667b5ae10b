// SPDX-License-Identifier: Apache-2.0
#include "storage/entry.h"

#include <algorithm>
#include <cstdlib>

#include "base/large_pages.h"
#include "base/memory_reserve.h"

namespace borg::storage {
namespace {

/// Room for growth: geometric, so that appending is amortized, but less for large values. A packed
/// container stays below some kilobytes, of which each change moves half anyway.
std::size_t spare_bytes(std::size_t value_size, ValueType type) {
  if (type != ValueType::kString) return value_size / 16;
  constexpr std::size_t kLarge = 1 << 20;
  return value_size < kLarge ? value_size / 2 : kLarge / 2 + (value_size - kLarge) / 8;
}

}  // namespace

Entry Entry::allocate(Heap& heap, std::size_t bytes) {
  return from_address(reinterpret_cast<std::uintptr_t>(heap.allocate(bytes)));
}

void Entry::destroy(Heap& heap) {
  heap.release(block_, sizes().total());
  block_ = nullptr;
}

std::size_t Entry::allocated_bytes(const Heap& heap) const {
  return heap.block_bytes(block_, sizes().total());
}

/// An entry of other sizes may take over the block: a small one if it would get the same, a large
/// one if it wastes little more than the allocator would.
bool Entry::fits_well(const Heap& heap, std::size_t old_bytes, std::size_t bytes) const {
  if (heap.is_small(old_bytes) != heap.is_small(bytes)) return false;
  if (heap.is_small(bytes)) return Heap::rounded(bytes) == Heap::rounded(old_bytes);
  const std::size_t room = heap.block_bytes(block_, old_bytes);
  return bytes <= room && room - bytes <= 16 + bytes / 8;
}

std::size_t Entry::header_bytes(unsigned char flags, std::size_t key_size, std::size_t value_size) {
  return 1 + ((flags & kExpires) != 0 ? sizeof(ExpiryMs) : 0) + varint_bytes(key_size) +
         varint_bytes(value_size);
}

void Entry::write_header(unsigned char flags, ExpiryMs expiry, std::size_t key_size,
                         std::size_t value_size) {
  unsigned char* at = block_;
  *at++ = flags;
  if ((flags & kExpires) != 0) {
    std::memcpy(at, &expiry, sizeof(expiry));
    at += sizeof(expiry);
  }
  write_varint(write_varint(at, key_size), value_size);
}

void Entry::write(std::size_t offset, std::string_view source) {
  // memmove, as the source may be this entry's own value; it must not see a null pointer.
  if (!source.empty()) std::memmove(block_ + offset, source.data(), source.size());
}

Entry Entry::create(Heap& heap, std::string_view key, std::string_view value, ExpiryMs expiry,
                    ValueType type) {
  const auto flags = static_cast<unsigned char>(static_cast<unsigned char>(type) |
                                                (expiry != kNoExpiry ? kExpires : 0));
  const std::size_t header = header_bytes(flags, key.size(), value.size());
  Entry entry = allocate(heap, header + key.size() + value.size());
  entry.write_header(flags, expiry, key.size(), value.size());
  entry.write(header, key);
  entry.write(header + key.size(), value);
  return entry;
}

char* Entry::value_data() const {
  const Sizes size = sizes();
  return reinterpret_cast<char*>(block_) + size.header + size.key;
}

bool Entry::overwrite(const Heap& heap, std::string_view value, ExpiryMs expiry, ValueType type) {
  const auto flags = static_cast<unsigned char>(static_cast<unsigned char>(type) |
                                                (expiry != kNoExpiry ? kExpires : 0));
  if (((block_[0] ^ flags) & kExpires) != 0) return false;
  const Sizes old = sizes();
  const std::size_t header = header_bytes(flags, old.key, value.size());
  const bool fits =
      header == old.header && fits_well(heap, old.total(), header + old.key + value.size());
  if (!fits) return false;
  write_header(flags, expiry, old.key, value.size());
  write(header + old.key, value);
  return true;
}

Entry Entry::replaced(Heap& heap, std::string_view value, ExpiryMs expiry, ValueType type) {
  if (overwrite(heap, value, expiry, type)) return *this;
  const Entry fresh = create(heap, key(), value, expiry, type);
  destroy(heap);
  return fresh;
}

Entry Entry::with_expiry(Heap& heap, ExpiryMs expiry) {
  const Sizes old = sizes();
  auto flags = static_cast<unsigned char>(block_[0] & ~kExpires);
  if (expiry != kNoExpiry) flags |= kExpires;
  if (flags == block_[0]) {
    write_header(flags, expiry, old.key, old.value);
    return *this;
  }
  const std::size_t header = header_bytes(flags, old.key, old.value);
  Entry fresh = allocate(heap, header + old.key + old.value);
  fresh.write_header(flags, expiry, old.key, old.value);
  fresh.write(header, bytes(old.header, old.key + old.value));
  destroy(heap);
  return fresh;
}

/// The same block, or another, with room for `wanted` bytes; the first of its value as they were.
Entry Entry::moved_to_fit(Heap& heap, std::size_t header, std::size_t needed, std::size_t wanted) {
  const Sizes old = sizes();
  if (header == old.header && !heap.is_small(old.total()) && !heap.is_small(needed)) {
    const std::size_t room = heap.block_bytes(block_, old.total());
    if (needed <= room && needed >= room / 2) return *this;
    void* const block = reallocate(block_, wanted);
    prefer_large_pages(block, wanted);
    return from_address(reinterpret_cast<std::uintptr_t>(block));
  }
  if (header == old.header && fits_well(heap, old.total(), needed)) return *this;
  Entry fresh = allocate(heap, wanted);
  fresh.write(header, bytes(old.header, old.key + std::min(old.value, needed - header - old.key)));
  destroy(heap);
  return fresh;
}

Entry Entry::resized(Heap& heap, std::size_t value_size) {
  const Sizes old = sizes();
  const ExpiryMs old_expiry = expiry();
  const bool grows = value_size > old.value;
  const bool grew_before = (block_[0] & kGrown) != 0;
  const auto type = static_cast<ValueType>(block_[0] & kTypeMask);
  if (type == ValueType::kString) set_form(StringForm::kInPlace);
  const auto flags = static_cast<unsigned char>(block_[0] | (grows ? kGrown : 0));
  const std::size_t header = header_bytes(flags, old.key, value_size);
  const std::size_t needed = header + old.key + value_size;
  const bool leaves_room = grows && grew_before && !heap.is_small(needed);
  const std::size_t wanted = needed + (leaves_room ? spare_bytes(value_size, type) : 0);
  Entry result = moved_to_fit(heap, header, needed, wanted);
  result.write_header(flags, old_expiry, old.key, value_size);
  if (grows) {
    std::memset(result.block_ + header + old.key + old.value, 0, value_size - old.value);
  }
  return result;
}

void Entry::set_form(StringForm form) {
  block_[0] &= static_cast<unsigned char>(~(kText | kInPlace));
  if (form == StringForm::kText) block_[0] |= kText;
  if (form == StringForm::kInPlace) block_[0] |= kInPlace;
}

Entry Entry::renamed(Heap& heap, std::string_view key) {
  const Sizes old = sizes();
  const unsigned char flags = block_[0];
  const ExpiryMs old_expiry = expiry();
  const std::size_t header = header_bytes(flags, key.size(), old.value);
  const std::size_t needed = header + key.size() + old.value;
  Entry result = *this;
  if (heap.is_small(old.total()) || heap.is_small(needed)) {
    result = allocate(heap, needed);
    result.write(header + key.size(), bytes(old.header + old.key, old.value));
    destroy(heap);
  } else {
    if (needed > heap.block_bytes(block_, old.total())) {
      void* const block = reallocate(block_, needed);
      result = from_address(reinterpret_cast<std::uintptr_t>(block));
    }
    result.write(header + key.size(), result.bytes(old.header + old.key, old.value));
  }
  result.write_header(flags, old_expiry, key.size(), old.value);
  result.write(header, key);
  return result;
}

Entry Entry::compacted(Heap& heap) {
  const std::size_t total = sizes().total();
  if (!heap.is_small(total) || !heap.is_sparse(block_)) return *this;
  Entry fresh = allocate(heap, total);
  std::memcpy(fresh.block_, block_, total);
  destroy(heap);
  return fresh;
}

}  // namespace borg::storage
