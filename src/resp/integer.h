// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace borg::resp {

/// The most characters that a 64-bit integer takes, its sign included.
inline constexpr std::size_t kIntegerCharsMax = 20;

/// Reads an integer exactly as Redis does: an optional minus, no blanks, no plus, no leading
/// zeros, nothing behind it; nullopt if it is anything else or does not fit.
[[nodiscard]] constexpr std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text == "0") return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() >= kIntegerCharsMax) return std::nullopt;
  if (text.front() < '1' || text.front() > '9') return std::nullopt;
  std::uint64_t value = 0;  // at most 19 digits: cannot overflow
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

/// Reads decimal digits, and for signed types a minus, leading zeros too. False, with `value`
/// undefined, if there is anything else or it does not fit.
template <std::integral T>
[[nodiscard]] bool parse_whole(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

/// Writes `value` in decimal at `out`, which has room for kIntegerCharsMax characters; returns
/// the end of what was written.
char* format_integer(char* out, std::int64_t value);

}  // namespace borg::resp
