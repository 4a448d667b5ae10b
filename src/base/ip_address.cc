// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace borg {
namespace {

constexpr std::size_t kGroups = 8;
using Groups = std::array<std::uint16_t, kGroups>;

/// A number of at most so many digits that fills the text.
std::optional<unsigned> read_number(std::string_view text, int base, std::size_t digits_max) {
  unsigned value = 0;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The groups of one side of "::", or of all; nullopt if they are too many or unreadable. Nothing
/// stands for none.
std::optional<std::size_t> read_groups(std::string_view text, Groups& out) {
  std::size_t n = 0;
  if (text.empty()) return n;
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view word = text.substr(0, colon);
    const bool is_last = colon == std::string_view::npos;
    if (const auto v4 = is_last ? ipv4_from_text(word) : std::nullopt) {
      if (n + 2 > kGroups) return std::nullopt;
      out[n++] = static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1]);
      out[n++] = static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]);
      return n;
    }
    const auto group = read_number(word, 16, 4);
    if (!group || n == kGroups) return std::nullopt;
    out[n++] = static_cast<std::uint16_t>(*group);
    if (is_last) return n;
    text.remove_prefix(colon + 1);
  }
}

Ipv6 bytes_of(const Groups& groups) {
  Ipv6 bytes{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  return bytes;
}

/// The first of the longest runs of zeros, two or more: [first, last).
std::pair<std::size_t, std::size_t> longest_zeros(const Groups& groups) {
  std::pair<std::size_t, std::size_t> best{kGroups, kGroups};
  std::size_t length_max = 1;
  for (std::size_t first = 0; first < kGroups; ++first) {
    std::size_t last = first;
    while (last < kGroups && groups[last] == 0) ++last;
    if (last - first <= length_max) continue;
    length_max = last - first;
    best = {first, last};
  }
  return best;
}

}  // namespace

std::optional<Ipv4> ipv4_from_text(std::string_view text) {
  Ipv4 address{};
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const std::string_view word = text.substr(0, dot);
    const auto byte = read_number(word, 10, 3);
    if (!byte || *byte > 255 || (word.size() > 1 && word[0] == '0')) return std::nullopt;
    address[i] = static_cast<std::uint8_t>(*byte);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return address;
}

std::optional<Ipv6> ipv6_from_text(std::string_view text) {
  Groups groups{};
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (read_groups(text, groups) != kGroups) return std::nullopt;
    return bytes_of(groups);
  }
  Groups tail{};
  const std::string_view before = text.substr(0, gap);
  if (before.find('.') != std::string_view::npos) return std::nullopt;
  const auto head_size = read_groups(before, groups);
  const auto tail_size = read_groups(text.substr(gap + 2), tail);
  if (!head_size || !tail_size || *head_size + *tail_size >= kGroups) return std::nullopt;
  for (std::size_t i = 0; i < *tail_size; ++i) groups[kGroups - *tail_size + i] = tail[i];
  return bytes_of(groups);
}

std::string to_text(const Ipv4& address) {
  std::string text;
  for (const std::uint8_t byte : address) {
    text += (text.empty() ? "" : ".") + std::to_string(byte);
  }
  return text;
}

std::string to_text(const Ipv6& address) {
  Groups groups{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<std::uint16_t>(address[2 * i] << 8 | address[2 * i + 1]);
  }
  const auto [first, last] = longest_zeros(groups);
  std::string text;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == first) {
      text += "::";
      i = last - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    text.append(digits.data(), end);
  }
  return text;
}

}  // namespace borg
