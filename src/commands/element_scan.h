// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commands/command.h"

namespace borg::commands {

/// Reads a cursor of SCAN and its kin as Redis's strtoul() does: nothing is 0, and a minus counts
/// down from 2^64. False if it is none.
[[nodiscard]] bool read_cursor(std::string_view text, std::uint64_t& cursor);

/// As read_cursor(); or nullopt, and the error is written.
[[nodiscard]] std::optional<std::uint64_t> read_cursor(Context& context, std::string_view text);

enum class Scanned : std::uint8_t { kSet, kHash, kSortedSet };

struct ScanOptions {
  std::string_view pattern = "*";
  std::size_t count = 10;
  bool only_names = false;  ///< fields without values, members without scores

  [[nodiscard]] bool passes(std::string_view element) const {
    return pattern == "*" || glob_match(pattern, element);
  }
};

/// Those of HSCAN, SSCAN and ZSCAN; or nullopt, and Redis's error is written.
[[nodiscard]] std::optional<ScanOptions> read_scan_options(Context& context, Args options,
                                                           Scanned scanned);

/// The reply to a step: where the next one begins, nullopt at the end, and its elements.
void write_scan(Context& context, std::optional<std::uint64_t> next,
                const std::vector<std::string_view>& elements);

}  // namespace borg::commands
