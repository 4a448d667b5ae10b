// SPDX-License-Identifier: Apache-2.0
#include "storage/integer_set.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace borg::storage {
namespace {

template <class T>
bool is_within(std::int64_t number) {
  return number >= std::numeric_limits<T>::min() && number <= std::numeric_limits<T>::max();
}

std::size_t width_for(std::int64_t number) {
  if (is_within<std::int16_t>(number)) return 2;
  return is_within<std::int32_t>(number) ? 4 : 8;
}

template <class T>
std::int64_t read_as(const char* at) {
  T number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

}  // namespace

std::size_t integer_count(std::string_view set) { return (set.size() - 1) / integer_width(set); }

std::int64_t integer_at(std::string_view set, std::size_t index) {
  const std::size_t width = integer_width(set);
  const char* const at = set.data() + 1 + index * width;
  if (width == 2) return read_as<std::int16_t>(at);
  return width == 4 ? read_as<std::int32_t>(at) : read_as<std::int64_t>(at);
}

std::size_t integer_place(std::string_view set, std::int64_t number) {
  std::size_t first = 0;
  for (std::size_t count = integer_count(set); count > 0;) {
    const std::size_t half = count / 2;
    if (integer_at(set, first + half) < number) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

bool has_integer(std::string_view set, std::int64_t number) {
  const std::size_t place = integer_place(set, number);
  return place < integer_count(set) && integer_at(set, place) == number;
}

bool fits_integer_width(std::string_view set, std::int64_t number) {
  return width_for(number) <= integer_width(set);
}

void write_integer(char* at, std::size_t width, std::int64_t number) {
  std::memcpy(at, &number, width);  // little-endian: the lower bytes come first
}

std::string set_of_integer(std::int64_t number) {
  const std::size_t width = width_for(number);
  std::string set(1 + width, static_cast<char>(width));
  write_integer(set.data() + 1, width, number);
  return set;
}

std::string with_integer(std::string_view set, std::int64_t number) {
  const std::size_t width = std::max(integer_width(set), width_for(number));
  const std::size_t count = integer_count(set);
  const std::size_t place = integer_place(set, number);
  std::string wider(1 + (count + 1) * width, static_cast<char>(width));
  for (std::size_t i = 0; i <= count; ++i) {
    const std::int64_t member = i == place ? number : integer_at(set, i < place ? i : i - 1);
    write_integer(wider.data() + 1 + i * width, width, member);
  }
  return wider;
}

bool is_integer_set(std::string_view bytes) {
  if (bytes.empty()) return false;
  const std::size_t width = integer_width(bytes);
  if (width != 2 && width != 4 && width != 8) return false;
  if (bytes.size() == 1 || (bytes.size() - 1) % width != 0) return false;
  for (std::size_t i = 1; i < integer_count(bytes); ++i) {
    if (integer_at(bytes, i - 1) >= integer_at(bytes, i)) return false;
  }
  return true;
}

std::optional<std::int64_t> canonical_integer(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const std::string_view digits = text.substr(text.front() == '-' ? 1 : 0);
  const bool is_canonical =
      text == "0" || (!digits.empty() && digits.front() >= '1' && digits.front() <= '9');
  std::int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!is_canonical || result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace borg::storage
