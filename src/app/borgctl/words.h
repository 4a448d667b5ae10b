// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

/// Splits a typed line into words as redis-cli does: "double quotes" with \n \r \t \b \a \xHH,
/// 'single quotes' with \'. Nothing if a quote is not closed, or not followed by a blank.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);

/// ASCII only, as the names of commands are.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

}  // namespace borg::borgctl
