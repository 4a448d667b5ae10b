// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace borg::commands {

/// The number in `text` as Redis's INCRBYFLOAT reads it: all that C's strtold takes but blanks
/// in front, NaN, and what does not fit. The process's locale has no say.
[[nodiscard]] std::optional<long double> parse_float(std::string_view text);

/// The number in `text` as Redis reads a score: as parse_float(), but of 64 bits.
[[nodiscard]] std::optional<double> parse_double(std::string_view text);

/// The number in `text` as Redis reads the border of a range of scores: all that C's strtod takes
/// but NaN, from blanks in front up to a NUL; nothing is 0.
[[nodiscard]] std::optional<double> parse_score_border(std::string_view text);

/// `value` with up to 17 digits, as Redis writes a score.
[[nodiscard]] std::string format_score(double value);

/// `value` with so many decimals.
[[nodiscard]] std::string fixed_text(double value, int decimals);

/// `value`, which is finite, with up to 17 decimals and no exponent, as Redis keeps it.
[[nodiscard]] std::string format_float(long double value);

}  // namespace borg::commands
