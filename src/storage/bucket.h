// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/entry.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace borg::storage {

/// One cache line of a slot's table: up to nine entries, each with a byte of its hash (the
/// tag), so that a lookup touches only entries that are very likely the right one.
///
/// Layout:    nine tags, the count, nine addresses of 48 bits: the user half of the address
///            space on x86-64 and AArch64 (more is given only to who asks mmap for it).
/// Overflow:  the tenth entry turns the ninth place into a link to an array that holds all
///            from the ninth on; the ninth tag then is a filter over the array's tags.
/// Owns:      the array, not the entries. All zero is an empty bucket; it may be copied as
///            bytes if the original is then forgotten.
/// Order:     none; remove() moves the last entry into the hole.
class Bucket {
 public:
  static constexpr std::size_t kInlineEntries = 9;
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  [[nodiscard]] std::size_t size() const;
  /// REQUIRES: index < size(), as everywhere below.
  [[nodiscard]] Entry at(std::size_t index) const;
  [[nodiscard]] std::uint8_t tag_at(std::size_t index) const;
  /// The index of the entry with this key and tag, or kNowhere.
  [[nodiscard]] std::size_t find(std::uint8_t tag, std::string_view key) const;
  /// The heap's bytes for the overflow array, 0 if there is none.
  [[nodiscard]] std::size_t overflow_bytes() const;

  // The heap that the overflow array comes from is always the same.
  void append(Heap& heap, Entry entry, std::uint8_t tag);
  void remove(Heap& heap, std::size_t index);
  /// Puts an entry of the same key, and so the same tag, in the place of another.
  void replace(std::size_t index, Entry entry);
  /// Frees the overflow array; the bucket is empty then.
  void reset(Heap& heap);
  void prefetch_entries() const;
  /// Those that find() of this tag would look at first.
  void prefetch_entry(std::uint8_t tag) const;

 private:
  struct Overflow;
  static constexpr std::uint8_t kLinked = 0x80;
  static constexpr std::size_t kLinkIndex = kInlineEntries - 1;
  static constexpr std::size_t kAddressBytes = 6;

  [[nodiscard]] bool is_linked() const { return (count_ & kLinked) != 0; }
  [[nodiscard]] std::size_t inline_size() const { return count_ & 0x0f; }
  [[nodiscard]] std::uintptr_t address_at(std::size_t index) const;
  [[nodiscard]] unsigned inline_matches(std::uint8_t tag) const;
  [[nodiscard]] Entry overflow_at(std::size_t index) const;
  [[nodiscard]] std::size_t find_in_overflow(std::uint8_t tag, std::string_view key) const;
  [[nodiscard]] Overflow* overflow() const {
    return reinterpret_cast<Overflow*>(address_at(kLinkIndex));
  }
  void set_address(std::size_t index, std::uintptr_t address);
  void set(std::size_t index, Entry entry, std::uint8_t tag);
  void link(Overflow* overflow);
  void unlink(Heap& heap);
  void update_filter();

  std::uint8_t tags_[kInlineEntries];
  std::uint8_t count_;  ///< of the inline entries, and kLinked
  std::uint8_t addresses_[kInlineEntries * kAddressBytes];
};
static_assert(sizeof(Bucket) == 64);
static_assert(std::endian::native == std::endian::little, "addresses are packed as such");

inline std::uintptr_t Bucket::address_at(std::size_t index) const {
  // One load of 8 bytes ends with the 6 that are wanted; it never leaves the bucket.
  std::uint64_t word;
  std::memcpy(&word, reinterpret_cast<const char*>(this) + 8 + index * kAddressBytes, 8);
  return word >> 16;
}

inline Entry Bucket::at(std::size_t index) const {
  if (index < inline_size()) return Entry::from_address(address_at(index));
  return overflow_at(index);
}

/// A bit for each inline entry with this tag.
inline unsigned Bucket::inline_matches(std::uint8_t tag) const {
#ifdef __SSE2__
  const __m128i line = _mm_loadu_si128(reinterpret_cast<const __m128i*>(this));
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
  const auto equal = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(line, wanted)));
#else
  unsigned equal = 0;
  for (unsigned i = 0; i < kInlineEntries; ++i) equal |= unsigned{tags_[i] == tag} << i;
#endif
  return equal & ((1u << inline_size()) - 1);
}

inline std::size_t Bucket::find(std::uint8_t tag, std::string_view key) const {
  for (unsigned matches = inline_matches(tag); matches != 0; matches &= matches - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(matches));
    if (Entry::from_address(address_at(index)).has_key(key)) return index;
  }
  return is_linked() ? find_in_overflow(tag, key) : kNowhere;
}

inline void Bucket::prefetch_entry(std::uint8_t tag) const {
  const unsigned matches = inline_matches(tag);
  if (matches != 0) {
    Entry::from_address(address_at(static_cast<std::size_t>(std::countr_zero(matches)))).prefetch();
  } else if (is_linked()) {
    __builtin_prefetch(overflow());
  }
}

}  // namespace borg::storage
