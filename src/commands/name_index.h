// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/check.h"
#include "commands/arguments.h"
#include "commands/command.h"

namespace borg::commands {

/// Finds the row of a name in constant time: an open-addressing table of row numbers that the
/// compiler fills. It is sparse, and holds enough of
/// each name that a look-up of most compares one word.
class NameIndex {
 public:
  template <std::size_t kRows>
  constexpr explicit NameIndex(const std::array<CommandSpec, kRows>& rows) {
    static_assert(kRows < kBuckets / 2);
    for (std::size_t row = 0; row < kRows; ++row) insert(rows, row);
  }

  template <std::size_t kRows>
  [[nodiscard]] const CommandSpec* find(const std::array<CommandSpec, kRows>& rows,
                                        std::string_view name) const {
    if (name.size() > kNameBytesMax) return nullptr;
    const std::uint64_t folded = fold(name);
    for (std::size_t at = bucket_of(folded, name.size()); buckets_[at].number != 0; at = next(at)) {
      const Bucket& bucket = buckets_[at];
      if (bucket.folded != folded) continue;
      const CommandSpec& spec = rows[bucket.number - 1u];
      const bool is_equal = bucket.is_short_word ? name.size() == spec.name.size()
                                                 : equals_ignoring_case(name, spec.name);
      if (is_equal) return &spec;
    }
    return nullptr;
  }

  static constexpr std::size_t kNameBytesMax = 32;

 private:
  static constexpr std::size_t kBuckets = 2048;
  static constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

  struct Bucket {
    std::uint64_t folded = 0;
    std::uint16_t number = 0;  // of the row, counted from 1; 0: empty
    /// Letters alone, no more than `folded` has room for: who folds to it in as many characters
    /// is this name.
    bool is_short_word = false;
  };

  static constexpr std::size_t next(std::size_t bucket) { return (bucket + 1) % kBuckets; }

  /// The first and the last four characters (of a shorter name, which characters depends on its
  /// size alone) without what tells upper from lower case, the bit 0x20. That other characters
  /// fold with it only makes them share a bucket.
  static constexpr std::uint64_t fold(std::string_view name) {
    std::uint64_t word = 0;
    if (name.size() >= kWordBytes / 2) {
      word = four(name, 0) | std::uint64_t{four(name, name.size() - kWordBytes / 2)} << 32;
    } else {
      for (const char c : name) word = word << 8 | static_cast<unsigned char>(c);
    }
    return word | 0x2020202020202020u;
  }
  static constexpr std::uint32_t four(std::string_view name, std::size_t at) {
    std::uint32_t word = 0;
    if (!std::is_constant_evaluated()) {
      static_assert(std::endian::native == std::endian::little);
      std::memcpy(&word, name.data() + at, sizeof word);
      return word;
    }
    for (std::size_t i = 0; i < sizeof word; ++i) {
      word |= std::uint32_t{static_cast<unsigned char>(name[at + i])} << 8 * i;
    }
    return word;
  }
  static constexpr std::size_t bucket_of(std::uint64_t folded, std::size_t size) {
    return ((folded + size) * 0x9e3779b97f4a7c15u) >> 53;
  }
  static constexpr bool is_short_word(std::string_view name) {
    return name.size() <= kWordBytes &&
           std::ranges::all_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
  }

  template <std::size_t kRows>
  constexpr void insert(const std::array<CommandSpec, kRows>& rows, std::size_t row) {
    const std::string_view name = rows[row].name;
    BORG_CHECK(name.size() <= kNameBytesMax);
    const std::uint64_t folded = fold(name);
    std::size_t at = bucket_of(folded, name.size());
    for (; buckets_[at].number != 0; at = next(at)) {
      BORG_CHECK(rows[buckets_[at].number - 1u].name != name);
    }
    buckets_[at] = {folded, static_cast<std::uint16_t>(row + 1), is_short_word(name)};
  }

  std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace borg::commands
