// SPDX-License-Identifier: Apache-2.0
#include "commands/value_condition.h"

#include <algorithm>
#include <array>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "commands/arguments.h"

namespace borg::commands {

namespace {

constexpr std::size_t kDigestChars = 16;

bool is_digest(std::string_view text) {
  return text.size() == kDigestChars && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

}  // namespace

std::optional<Comparison> read_comparison(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Comparison>, 4> kWords{{
      {"ifeq", Comparison::kEqual},
      {"ifne", Comparison::kNotEqual},
      {"ifdeq", Comparison::kDigestEqual},
      {"ifdne", Comparison::kDigestNotEqual},
  }};
  for (const auto& [name, comparison] : kWords) {
    if (equals_ignoring_case(word, name)) return comparison;
  }
  return std::nullopt;
}

std::optional<bool> holds_for(Context& context, const ValueCondition& condition,
                              std::string_view value) {
  if (condition.comparison == Comparison::kEqual) return value == condition.expected;
  if (condition.comparison == Comparison::kNotEqual) return value != condition.expected;
  if (!is_digest(condition.expected)) {
    context.reply.error("ERR must be exactly 16 hexadecimal characters");
    return std::nullopt;
  }
  const bool is_equal = equals_ignoring_case(condition.expected, value_digest(value));
  return is_equal == (condition.comparison == Comparison::kDigestEqual);
}

std::string value_digest(std::string_view value) {
  return hexadecimal(XXH3_64bits(value.data(), value.size()));
}

std::string hexadecimal(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[number >> shift & 0xf];
  return text;
}

}  // namespace borg::commands
