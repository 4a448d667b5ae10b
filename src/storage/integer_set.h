// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg::storage {

// Sets of integers: their width in bytes (2, 4 or 8; one byte), then the sorted members,
// little-endian, in that width.

[[nodiscard]] std::size_t integer_count(std::string_view set);
/// REQUIRES: index < integer_count(set).
[[nodiscard]] std::int64_t integer_at(std::string_view set, std::size_t index);
/// The index of the first member that is not smaller.
[[nodiscard]] std::size_t integer_place(std::string_view set, std::int64_t number);
[[nodiscard]] bool has_integer(std::string_view set, std::int64_t number);
/// The set of these members and one more, which is not among them, in the width that it needs.
[[nodiscard]] std::string with_integer(std::string_view set, std::int64_t number);
/// The bytes that a member of this width takes fit the number.
[[nodiscard]] bool fits_integer_width(std::string_view set, std::int64_t number);
[[nodiscard]] std::string set_of_integer(std::int64_t number);
void write_integer(char* at, std::size_t width, std::int64_t number);
[[nodiscard]] inline std::size_t integer_width(std::string_view set) {
  return static_cast<std::size_t>(set.front());
}
/// Whether the bytes, which nobody vouches for, are such a set.
[[nodiscard]] bool is_integer_set(std::string_view bytes);

/// The integer that the text is exactly the decimal form of.
[[nodiscard]] std::optional<std::int64_t> canonical_integer(std::string_view text);

}  // namespace borg::storage
