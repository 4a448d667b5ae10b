// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace borg::commands {

/// The number in `text` as Redis's INCRBYFLOAT reads it: all that C's strtold takes but blanks
/// in front, NaN, and what does not fit. The process's locale has no say.
[[nodiscard]] std::optional<long double> parse_float(std::string_view text);

/// `value`, which is finite, with up to 17 decimals and no exponent, as Redis keeps it.
[[nodiscard]] std::string format_float(long double value);

}  // namespace borg::commands
