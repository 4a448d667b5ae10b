// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/command.h"

namespace borg::commands {

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kDigestEqual, kDigestNotEqual };

/// What a string must be for a command to change it: IFEQ, IFNE, IFDEQ or IFDNE and the word
/// behind it.
struct ValueCondition {
  Comparison comparison;
  std::string_view expected;  ///< a value, or value_digest() of one

  /// A key that is not there equals nothing.
  [[nodiscard]] bool holds_without_key() const {
    return comparison == Comparison::kNotEqual || comparison == Comparison::kDigestNotEqual;
  }
};

[[nodiscard]] std::optional<Comparison> read_comparison(std::string_view word);

/// Whether the condition holds for a value that is there; nullopt if `expected` should be a digest
/// and is none, and the error is written.
[[nodiscard]] std::optional<bool> holds_for(Context& context, const ValueCondition& condition,
                                            std::string_view value);

/// What DIGEST says of a value: XXH3 with 64 bits and the seed 0, as hexadecimal().
[[nodiscard]] std::string value_digest(std::string_view value);

/// 16 digits, in lower case.
[[nodiscard]] std::string hexadecimal(std::uint64_t number);

}  // namespace borg::commands
