// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::commands {

// How Redis packed elements before 7.0. Nobody vouches for the bytes: nullopt if they are not that.

/// A "ziplist": the size of all and the offset of the last element (4 bytes each), their number (2
/// bytes; 65535: not known), then each with the size of the one before it and its encoding in
/// front, and 0xff.
[[nodiscard]] std::optional<std::vector<std::string>> read_ziplist(std::string_view bytes);

/// A "zipmap", of before 2.6: the number of fields (1 byte; 254 and more: not known), then each
/// with its size before it, its value's size and that of a gap, the value, the gap; and 0xff.
/// Fields, each with its value behind it.
[[nodiscard]] std::optional<std::vector<std::string>> read_zipmap(std::string_view bytes);

}  // namespace borg::commands
