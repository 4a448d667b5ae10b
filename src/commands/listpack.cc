// SPDX-License-Identifier: Apache-2.0
#include "commands/listpack.h"

#include <algorithm>

#include "resp/integer.h"

namespace borg::commands {

namespace {

constexpr std::size_t kHeaderBytes = 6;
constexpr std::uint8_t kEnd = 0xff;
constexpr std::size_t kUnknownNumber = 0xffff;
// The first byte of an element: so many of its bits say what it is, the others belong to it.
constexpr unsigned kString12 = 0xe0;
constexpr unsigned kString6 = 0x80;
constexpr unsigned kInteger13 = 0xc0;
constexpr std::uint8_t kString32 = 0xf0;
// Followed by integers of 2, 3, 4 and 8 bytes.
constexpr std::uint8_t kInteger16 = 0xf1;
constexpr std::uint8_t kInteger64 = 0xf4;

constexpr std::size_t kIntegerBytes[] = {2, 3, 4, 8};

void append_little_endian(std::string& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return number;
}

std::int64_t sign_extended(std::uint64_t number, unsigned bits) {
  return static_cast<std::int64_t>(number << (64 - bits)) >> (64 - bits);
}

/// An element's size, so that it can be skipped from behind: 7 bits a byte, the highest first;
/// all but the first byte have the 8th bit set. Redis takes a byte more for the largest sizes
/// that would fit one less.
std::string size_behind(std::size_t size) {
  std::size_t bytes = 1;
  for (std::size_t max = 127; size > (bytes == 1 ? max : max - 1); max = max << 7 | 127) ++bytes;
  std::string text(bytes, '\0');
  for (std::size_t i = bytes; i-- > 0; size >>= 7) {
    text[i] = static_cast<char>((size & 127) | (i > 0 ? 128 : 0));
  }
  return text;
}

/// What stands before a text of so many bytes.
std::string before_text(std::size_t size) {
  std::string text;
  if (size < 1 << 6) {
    text += static_cast<char>(kString6 | size);
  } else if (size < 1 << 12) {
    text += static_cast<char>(kString12 | size >> 8);
    text += static_cast<char>(size);
  } else {
    text += static_cast<char>(kString32);
    append_little_endian(text, size, 4);
  }
  return text;
}

struct Element {
  std::string text;
  std::size_t bytes;  // its encoding included
};

/// Of `header` bytes and a text of so many more; nullopt if that is not all there.
std::optional<Element> text_behind(std::string_view from, std::size_t header, std::uint64_t size) {
  if (from.size() < header || size > from.size() - header) return std::nullopt;
  return Element{std::string(from.substr(header, size)), header + size};
}

std::optional<Element> integer_behind(std::string_view from, std::uint8_t first) {
  const std::size_t bytes = kIntegerBytes[first - kInteger16];
  if (from.size() < 1 + bytes) return std::nullopt;
  const std::uint64_t number = little_endian(from.substr(1, bytes));
  const auto bits = static_cast<unsigned>(bytes) * 8;
  return Element{std::to_string(sign_extended(number, bits)), 1 + bytes};
}

/// REQUIRES: from is not empty.
std::optional<Element> element_at(std::string_view from) {
  const auto first = static_cast<std::uint8_t>(from[0]);
  if (first < 0x80) return Element{std::to_string(first), 1};
  if ((first & 0xc0) == kString6) return text_behind(from, 1, first & 0x3f);
  if (first >= kInteger16 && first <= kInteger64) return integer_behind(from, first);
  if (from.size() < 2) return std::nullopt;
  const std::uint64_t two = (first & 0x1fu) << 8 | static_cast<std::uint8_t>(from[1]);
  if ((first & 0xe0) == kInteger13) return Element{std::to_string(sign_extended(two, 13)), 2};
  if ((first & 0xf0) == kString12) return text_behind(from, 2, two & 0xfff);
  if (first != kString32 || from.size() < 5) return std::nullopt;
  return text_behind(from, 5, little_endian(from.substr(1, 4)));
}

}  // namespace

ListpackWriter::ListpackWriter() : bytes_(kHeaderBytes, '\0') {}

void ListpackWriter::add_integer(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (number >= 0 && number < 128) {
    bytes_ += static_cast<char>(number);
  } else if (number >= -4096 && number < 4096) {
    bytes_ += static_cast<char>(kInteger13 | (bits >> 8 & 0x1f));
    bytes_ += static_cast<char>(bits);
  } else {
    std::uint8_t encoding = kInteger16;
    std::size_t bytes = kIntegerBytes[0];
    while (sign_extended(bits, static_cast<unsigned>(bytes) * 8) != number) {
      bytes = kIntegerBytes[++encoding - kInteger16];
    }
    bytes_ += static_cast<char>(encoding);
    append_little_endian(bytes_, bits, bytes);
  }
}

void ListpackWriter::add(std::string_view element) {
  const std::size_t begin = bytes_.size();
  if (const auto integer = resp::parse_integer(element)) {
    add_integer(*integer);
  } else {
    bytes_ += before_text(element.size());
    bytes_ += element;
  }
  bytes_ += size_behind(bytes_.size() - begin);
  ++elements_;
}

std::string ListpackWriter::finish() {
  bytes_ += static_cast<char>(kEnd);
  std::string header;
  append_little_endian(header, bytes_.size(), 4);
  append_little_endian(header, std::min(elements_, kUnknownNumber), 2);
  bytes_.replace(0, kHeaderBytes, header);
  return std::move(bytes_);
}

std::optional<std::vector<std::string>> read_listpack(std::string_view bytes) {
  if (bytes.size() <= kHeaderBytes || little_endian(bytes.substr(0, 4)) != bytes.size()) {
    return std::nullopt;
  }
  const std::uint64_t number = little_endian(bytes.substr(4, 2));
  std::vector<std::string> elements;
  for (std::string_view left = bytes.substr(kHeaderBytes); !left.empty();) {
    if (static_cast<std::uint8_t>(left[0]) == kEnd) {
      const bool is_whole =
          left.size() == 1 && (number == elements.size() || number == kUnknownNumber);
      return is_whole ? std::optional(std::move(elements)) : std::nullopt;
    }
    auto element = element_at(left);
    if (!element) return std::nullopt;
    left.remove_prefix(element->bytes);
    const std::string behind = size_behind(element->bytes);
    if (!left.starts_with(behind)) return std::nullopt;
    left.remove_prefix(behind.size());
    elements.push_back(std::move(element->text));
  }
  return std::nullopt;
}

}  // namespace borg::commands
