// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace borg::borgctl {

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// RFC 4648, section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing if the text is not exactly what to_base64() writes for some bytes.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// In quotes, with \n, \r, \t, \a, \b, \", \\ and \xHH for what cannot be shown: as redis-cli shows
/// a string. Bytes above 127 are kept when the whole is UTF-8, so that people can read them.
[[nodiscard]] std::string in_quotes(std::string_view bytes);
/// The bytes themselves if they are one visible word, else in_quotes().
[[nodiscard]] std::string shown(std::string_view bytes);

}  // namespace borg::borgctl
