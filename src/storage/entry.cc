// SPDX-License-Identifier: Apache-2.0
#include "storage/entry.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"

namespace borg::storage {
namespace {

std::size_t varint_bytes(std::size_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

unsigned char* write_varint(unsigned char* at, std::size_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<unsigned char>(value | 0x80);
  *at++ = static_cast<unsigned char>(value);
  return at;
}

/// Room for growth: geometric, so that appending is amortized, but less for large values. A packed
/// container stays below some kilobytes, of which each change moves half anyway.
std::size_t spare_bytes(std::size_t value_size, ValueType type) {
  if (type != ValueType::kString) return value_size / 16;
  constexpr std::size_t kLarge = 1 << 20;
  return value_size < kLarge ? value_size / 2 : kLarge / 2 + (value_size - kLarge) / 8;
}

/// A new value may take over the old block if it wastes little more than the allocator would.
bool fits_well(std::size_t bytes, std::size_t room) {
  return bytes <= room && room - bytes <= 16 + bytes / 8;
}

}  // namespace

Entry Entry::allocate(std::size_t bytes) {
  Entry entry;
  entry.block_ = static_cast<unsigned char*>(std::malloc(bytes));
  BORG_CHECK(entry.block_ != nullptr);
  return entry;
}

void Entry::destroy() {
  std::free(block_);
  block_ = nullptr;
}

std::size_t Entry::allocated_bytes() const { return malloc_usable_size(block_); }

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

Entry Entry::create(std::string_view key, std::string_view value, ExpiryMs expiry, ValueType type) {
  const auto flags = static_cast<unsigned char>(static_cast<unsigned char>(type) |
                                                (expiry != kNoExpiry ? kExpires : 0));
  const std::size_t header = header_bytes(flags, key.size(), value.size());
  Entry entry = allocate(header + key.size() + value.size());
  entry.write_header(flags, expiry, key.size(), value.size());
  entry.write(header, key);
  entry.write(header + key.size(), value);
  return entry;
}

char* Entry::value_data() const {
  const Sizes size = sizes();
  return reinterpret_cast<char*>(block_) + size.header + size.key;
}

Entry Entry::replaced(std::string_view value, ExpiryMs expiry, ValueType type) {
  const auto flags = static_cast<unsigned char>(static_cast<unsigned char>(type) |
                                                (expiry != kNoExpiry ? kExpires : 0));
  const Sizes old = sizes();
  const std::size_t header = header_bytes(flags, old.key, value.size());
  if (header == old.header && fits_well(header + old.key + value.size(), allocated_bytes())) {
    write_header(flags, expiry, old.key, value.size());
    write(header + old.key, value);
    return *this;
  }
  const Entry fresh = create(key(), value, expiry, type);
  destroy();
  return fresh;
}

Entry Entry::with_expiry(ExpiryMs expiry) {
  const Sizes old = sizes();
  auto flags = static_cast<unsigned char>(block_[0] & ~kExpires);
  if (expiry != kNoExpiry) flags |= kExpires;
  if (flags == block_[0]) {
    write_header(flags, expiry, old.key, old.value);
    return *this;
  }
  const std::size_t header = header_bytes(flags, old.key, old.value);
  Entry fresh = allocate(header + old.key + old.value);
  fresh.write_header(flags, expiry, old.key, old.value);
  fresh.write(header, bytes(old.header, old.key + old.value));
  destroy();
  return fresh;
}

Entry Entry::resized(std::size_t value_size) {
  const Sizes old = sizes();
  const ExpiryMs old_expiry = expiry();
  const bool grows = value_size > old.value;
  const bool grew_before = (block_[0] & kGrown) != 0;
  const auto flags = static_cast<unsigned char>(block_[0] | (grows ? kGrown : 0));
  const auto type = static_cast<ValueType>(flags & kTypeMask);
  const std::size_t header = header_bytes(flags, old.key, value_size);
  const std::size_t needed = header + old.key + value_size;
  const std::size_t wanted = needed + (grows && grew_before ? spare_bytes(value_size, type) : 0);
  Entry result = *this;
  if (header != old.header) {
    result = allocate(wanted);
    result.write(header, bytes(old.header, old.key + std::min(old.value, value_size)));
    destroy();
  } else if (const std::size_t room = allocated_bytes(); needed > room || needed < room / 2) {
    result.block_ = static_cast<unsigned char*>(std::realloc(block_, wanted));
    BORG_CHECK(result.block_ != nullptr);
  }
  result.write_header(flags, old_expiry, old.key, value_size);
  if (grows) {
    std::memset(result.block_ + header + old.key + old.value, 0, value_size - old.value);
  }
  return result;
}

}  // namespace borg::storage
