// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg::sim {

/// As Redis reads an integer: decimal, no sign but '-', no leading zeros.
[[nodiscard]] inline std::optional<std::int64_t> redis_integer(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || std::to_string(n) != text) return std::nullopt;
  return n;
}

}  // namespace borg::sim
