// SPDX-License-Identifier: Apache-2.0
#include "base/slot.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace borg {
namespace {

constexpr std::uint16_t kPolynomial = 0x1021;
constexpr std::size_t kStride = 8;

/// Of each byte the remainder that it leaves when so many zero bytes follow it.
using Tables = std::array<std::array<std::uint16_t, 256>, kStride>;

constexpr std::uint16_t shifted(std::uint16_t crc) {
  const bool carry = (crc & 0x8000) != 0;
  return static_cast<std::uint16_t>((crc << 1) ^ (carry ? kPolynomial : 0));
}

constexpr Tables make_tables() {
  Tables tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    auto crc = static_cast<std::uint16_t>(byte << 8);
    for (std::size_t zeros = 0; zeros < kStride; ++zeros) {
      for (int bit = 0; bit < 8; ++bit) crc = shifted(crc);
      tables[zeros][byte] = crc;
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

/// CRC-16/XMODEM, eight bytes at a time: each byte of a stride is looked up by itself, where
/// byte for byte each has to wait for the one before. Every command computes it.
/// Source: Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC
///         Generation", IEEE Trans. Computers 2008 (slicing-by-8).
std::uint16_t crc16(std::string_view bytes) {
  std::uint16_t crc = 0;
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= kStride; left -= kStride, at += kStride) {
    crc = static_cast<std::uint16_t>(kTables[7][at[0] ^ (crc >> 8)] ^
                                     kTables[6][at[1] ^ (crc & 0xff)] ^ kTables[5][at[2]] ^
                                     kTables[4][at[3]] ^ kTables[3][at[4]] ^ kTables[2][at[5]] ^
                                     kTables[1][at[6]] ^ kTables[0][at[7]]);
  }
  for (; left > 0; --left, ++at) {
    crc = static_cast<std::uint16_t>((crc << 8) ^ kTables[0][(crc >> 8) ^ *at]);
  }
  return crc;
}

}  // namespace

SlotId slot_of_key(std::string_view key) {
  const auto open = key.find('{');
  if (open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return SlotId(static_cast<std::uint16_t>(crc16(key) % kSlotCount));
}

}  // namespace borg
