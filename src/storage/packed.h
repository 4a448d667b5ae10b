// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "storage/varint.h"

namespace borg::storage {

// Small containers keep their elements in one run of bytes:
//
//   how many (2 bytes, little-endian), then each item: its size (LEB128) and its bytes
//
// A hash's element is two items, the field and the value. It is searched from the front: that is
// as fast as a table for some hundred items, and takes a byte each.

/// One item, and the positions in the run where it begins and ends.
struct PackedItem {
  std::string_view bytes;
  std::size_t begin = 0;
  std::size_t end = 0;
};

inline constexpr std::size_t kPackedHeaderBytes = 2;

[[nodiscard]] inline std::size_t packed_count(std::string_view packed) {
  std::uint16_t count;
  std::memcpy(&count, packed.data(), sizeof count);
  return count;
}

inline void set_packed_count(char* packed, std::size_t count) {
  const auto small = static_cast<std::uint16_t>(count);
  std::memcpy(packed, &small, sizeof small);
}

/// REQUIRES: an item begins at `at`.
[[nodiscard]] inline PackedItem packed_item(std::string_view packed, std::size_t at) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(packed.data());
  const unsigned char* p = begin + at;
  const std::size_t size = read_varint(p);
  const auto first = static_cast<std::size_t>(p - begin);
  return {packed.substr(first, size), at, first + size};
}

/// What an item of this many bytes takes.
[[nodiscard]] std::size_t packed_item_bytes(std::size_t size);
/// Writes an item; returns where it ends.
char* write_packed_item(char* at, std::string_view bytes);
void append_packed_item(std::string& packed, std::string_view bytes);
/// Whether the bytes, which nobody vouches for, are a count and `per_element` times as many items.
[[nodiscard]] bool is_packed(std::string_view bytes, std::size_t per_element);

}  // namespace borg::storage
