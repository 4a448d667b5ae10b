// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "commands/arguments.h"
#include "commands/command.h"

namespace borg::commands {

/// Finds the row of a name in constant time: an open-addressing table of row numbers that the
/// compiler fills. It is sparse, so that a look-up compares about one name.
class NameIndex {
 public:
  template <std::size_t kRows>
  constexpr explicit NameIndex(const std::array<CommandSpec, kRows>& rows) {
    static_assert(kRows < kBuckets / 2 && kRows < kEmpty);
    buckets_.fill(kEmpty);
    for (std::size_t row = 0; row < kRows; ++row) insert(rows, row);
  }

  template <std::size_t kRows>
  [[nodiscard]] const CommandSpec* find(const std::array<CommandSpec, kRows>& rows,
                                        std::string_view name) const {
    if (name.size() > kNameBytesMax) return nullptr;
    for (std::size_t bucket = hash(name); buckets_[bucket] != kEmpty; bucket = next(bucket)) {
      const CommandSpec& spec = rows[buckets_[bucket]];
      if (equals_ignoring_case(name, spec.name)) return &spec;
    }
    return nullptr;
  }

  static constexpr std::size_t kNameBytesMax = 32;

 private:
  static constexpr std::size_t kBuckets = 1024;
  static constexpr std::uint16_t kEmpty = 0xffff;

  static constexpr std::size_t next(std::size_t bucket) { return (bucket + 1) % kBuckets; }

  // The bit 0x20 is what tells upper from lower case; that other characters fold with it only
  // makes them share a bucket.
  static constexpr std::size_t hash(std::string_view name) {
    std::uint32_t h = static_cast<std::uint32_t>(name.size());
    for (const char c : name) h = h * 31 + (static_cast<unsigned char>(c) | 0x20u);
    return (h * 2654435769u) >> 22;
  }

  template <std::size_t kRows>
  constexpr void insert(const std::array<CommandSpec, kRows>& rows, std::size_t row) {
    BORG_CHECK(rows[row].name.size() <= kNameBytesMax);
    std::size_t bucket = hash(rows[row].name);
    for (; buckets_[bucket] != kEmpty; bucket = next(bucket)) {
      BORG_CHECK(rows[buckets_[bucket]].name != rows[row].name);
    }
    buckets_[bucket] = static_cast<std::uint16_t>(row);
  }

  std::array<std::uint16_t, kBuckets> buckets_{};
};

}  // namespace borg::commands
