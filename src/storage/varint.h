// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace borg::storage {

// Sizes in memory, as LEB128: seven bits a byte, the lowest first.

[[nodiscard]] inline std::size_t varint_bytes(std::size_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

/// Returns where it ends. REQUIRES: room for varint_bytes(value).
template <class Byte>
Byte* write_varint(Byte* at, std::size_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<Byte>(value | 0x80);
  *at++ = static_cast<Byte>(value);
  return at;
}

/// Moves `at` behind it. REQUIRES: a whole one is there.
[[nodiscard]] inline std::size_t read_varint(const unsigned char*& at) {
  std::size_t value = *at & 0x7f;
  for (unsigned shift = 7; (*at++ & 0x80) != 0; shift += 7) {
    value |= static_cast<std::size_t>(*at & 0x7f) << shift;
  }
  return value;
}

}  // namespace borg::storage
