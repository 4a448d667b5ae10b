// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/heap.h"
#include "storage/partition_store.h"
#include "storage/varint.h"

namespace borg::storage {

/// A handle to one key with its value, packed into a single block of a heap:
///
///   flags and type (1 byte), expiry (8 bytes, only if it has one), key size (varint),
///   value size (varint), key, value, perhaps spare room
///
/// The value of a small container is its elements, packed; that of a large one its address.
/// Owns:      nothing by itself: whoever holds the last handle calls destroy(), and sees to the
///            large container before.
/// Moves:     a function that returns an Entry consumes this one; the block may have moved.
/// Heap:      always the one that it was created in. A small entry has no spare room: what its
///            block takes follows from its sizes.
class Entry {
 public:
  Entry() = default;
  [[nodiscard]] static Entry create(Heap& heap, std::string_view key, std::string_view value,
                                    ExpiryMs expiry, ValueType type);
  void destroy(Heap& heap);

  [[nodiscard]] bool is_null() const { return block_ == nullptr; }
  [[nodiscard]] EntryView view() const;
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] bool has_key(std::string_view key) const;
  [[nodiscard]] bool has_expiry() const { return (block_[0] & kExpires) != 0; }
  /// kNoExpiry if it has none.
  [[nodiscard]] ExpiryMs expiry() const;
  [[nodiscard]] char* value_data() const;
  [[nodiscard]] bool is_large() const { return (block_[0] & kLarge) != 0; }
  /// REQUIRES: is_large().
  [[nodiscard]] Large* large() const;
  /// From now on the value is the address of a Large.
  void mark_large() { block_[0] |= kLarge; }
  [[nodiscard]] StringForm form() const;
  void set_form(StringForm form);
  /// What the block takes from the heap.
  [[nodiscard]] std::size_t allocated_bytes(const Heap& heap) const;

  /// False if the value, which may be a view into this very entry, needs another block. Otherwise
  /// the block takes what it took, and has an expiry if it had one.
  [[nodiscard]] bool overwrite(const Heap& heap, std::string_view value, ExpiryMs expiry,
                               ValueType type);
  /// The same key with another value, which may be a view into this very entry. Never
  /// over-allocates.
  [[nodiscard]] Entry replaced(Heap& heap, std::string_view value, ExpiryMs expiry, ValueType type);
  [[nodiscard]] Entry with_expiry(Heap& heap, ExpiryMs expiry);
  /// Cuts the value or adds zeros. From the second growth on a large one gets spare room, so that
  /// growing byte by byte copies each byte a bounded number of times. A string is of form kInPlace
  /// then.
  [[nodiscard]] Entry resized(Heap& heap, std::size_t value_size);

  /// The same value, type and expiry under another key. The value's bytes move, but no second block
  /// is needed for them.
  [[nodiscard]] Entry renamed(Heap& heap, std::string_view key);

  /// The same entry, in another place if its block's surroundings are sparse.
  [[nodiscard]] Entry compacted(Heap& heap);

  /// The address of the block: how a bucket stores the entry.
  [[nodiscard]] std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(block_); }
  [[nodiscard]] static Entry from_address(std::uintptr_t address) {
    Entry entry;
    entry.block_ = reinterpret_cast<unsigned char*>(address);
    return entry;
  }
  /// Starts to load the block.
  void prefetch() const { __builtin_prefetch(block_); }
  friend bool operator==(Entry, Entry) = default;

 private:
  struct Sizes {
    std::size_t header;
    std::size_t key;
    std::size_t value;
    [[nodiscard]] std::size_t total() const { return header + key + value; }
  };
  static constexpr unsigned char kTypeMask = 0x07;
  static_assert(kValueTypes <= kTypeMask + 1);
  // StringForm
  static constexpr unsigned char kText = 0x08;
  static constexpr unsigned char kInPlace = 0x80;
  static constexpr unsigned char kExpires = 0x10;
  /// The value grew once: it is likely to grow again.
  static constexpr unsigned char kGrown = 0x20;
  static constexpr unsigned char kLarge = 0x40;

  [[nodiscard]] static Entry allocate(Heap& heap, std::size_t bytes);
  [[nodiscard]] static std::size_t header_bytes(unsigned char flags, std::size_t key_size,
                                                std::size_t value_size);
  [[nodiscard]] Sizes sizes() const;
  [[nodiscard]] std::string_view bytes(std::size_t first, std::size_t size) const;
  void write_header(unsigned char flags, ExpiryMs expiry, std::size_t key_size,
                    std::size_t value_size);
  void write(std::size_t offset, std::string_view bytes);
  [[nodiscard]] Entry moved_to_fit(Heap& heap, std::size_t header, std::size_t needed,
                                   std::size_t wanted);
  [[nodiscard]] bool fits_well(const Heap& heap, std::size_t old_bytes, std::size_t bytes) const;

  unsigned char* block_ = nullptr;
};

// What follows is on the way of every lookup.

inline Entry::Sizes Entry::sizes() const {
  const unsigned char* at = block_ + 1 + (has_expiry() ? sizeof(ExpiryMs) : 0);
  const std::size_t key_size = read_varint(at);
  const std::size_t value_size = read_varint(at);
  return {static_cast<std::size_t>(at - block_), key_size, value_size};
}

inline std::string_view Entry::bytes(std::size_t first, std::size_t size) const {
  return {reinterpret_cast<const char*>(block_) + first, size};
}

inline std::string_view Entry::key() const {
  const Sizes size = sizes();
  return bytes(size.header, size.key);
}

inline bool Entry::has_key(std::string_view wanted) const { return key() == wanted; }

inline ExpiryMs Entry::expiry() const {
  ExpiryMs expiry = kNoExpiry;
  if (has_expiry()) std::memcpy(&expiry, block_ + 1, sizeof(expiry));
  return expiry;
}

inline EntryView Entry::view() const {
  const Sizes size = sizes();
  return {bytes(size.header, size.key),
          bytes(size.header + size.key, size.value),
          expiry(),
          static_cast<ValueType>(block_[0] & kTypeMask),
          is_large(),
          form()};
}

inline StringForm Entry::form() const {
  if ((block_[0] & (kText | kInPlace)) == 0) [[likely]]
    return StringForm::kByContent;
  return (block_[0] & kText) != 0 ? StringForm::kText : StringForm::kInPlace;
}

inline Large* Entry::large() const { return view().large(); }

}  // namespace borg::storage
