// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace borg::storage {

/// XXH3 with a fixed seed. The scan order follows from it, so it is the same on every replica
/// and in every release: never change it.
[[nodiscard]] std::uint64_t hash_of_key(std::string_view key);

/// The bits in the opposite order. Linear hashing tells keys apart by the low bits of the hash,
/// one more at each doubling; reversed, the keys of a bucket are one range of numbers, and
/// splitting the bucket halves the range.
[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t bits) {
  constexpr std::uint64_t kOdd = 0x5555555555555555, kPairs = 0x3333333333333333,
                          kNibbles = 0x0f0f0f0f0f0f0f0f;
  bits = ((bits >> 1) & kOdd) | ((bits & kOdd) << 1);
  bits = ((bits >> 2) & kPairs) | ((bits & kPairs) << 2);
  bits = ((bits >> 4) & kNibbles) | ((bits & kNibbles) << 4);
  return __builtin_bswap64(bits);
}

/// A ScanCursor's position has this many bits, the upper ones of the reversed hash.
inline constexpr unsigned kPositionBits = 38;

[[nodiscard]] constexpr std::uint64_t position_of(std::uint64_t reversed_hash) {
  return reversed_hash >> (64 - kPositionBits);
}
/// The first reversed hash at this position.
[[nodiscard]] constexpr std::uint64_t reversed_from_position(std::uint64_t position) {
  return position << (64 - kPositionBits);
}

}  // namespace borg::storage
