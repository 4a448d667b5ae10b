// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/text_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace borg::borgctl {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_digits() {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}
constexpr std::array<std::int8_t, 256> kDigits = make_digits();

/// How a lead byte constrains what follows it (RFC 3629, section 4).
struct Lead {
  std::size_t following;     // 0: not a lead byte
  unsigned char low = 0x80;  // bounds of the first byte that follows
  unsigned char high = 0xBF;
};

Lead lead_of(unsigned char c) {
  if (c >= 0xC2 && c <= 0xDF) return {1};
  if (c == 0xE0) return {2, 0xA0};
  if (c == 0xED) return {2, 0x80, 0x9F};
  if (c >= 0xE1 && c <= 0xEF) return {2};
  if (c == 0xF0) return {3, 0x90};
  if (c >= 0xF1 && c <= 0xF3) return {3};
  if (c == 0xF4) return {3, 0x80, 0x8F};
  return {0};
}

bool is_sequence(std::string_view bytes, const Lead& lead) {
  if (lead.following == 0 || bytes.size() <= lead.following) return false;
  const auto first = static_cast<unsigned char>(bytes[1]);
  if (first < lead.low || first > lead.high) return false;
  return std::all_of(bytes.begin() + 2, bytes.begin() + 1 + lead.following,
                     [](char c) { return (c & 0xC0) == 0x80; });
}

void append_escaped(std::string& out, char c, bool keep_high) {
  switch (c) {
    case '\\':
    case '"':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  const bool is_visible = (byte >= 0x20 && byte < 0x7F) || (byte >= 0x80 && keep_high);
  if (is_visible) {
    out += c;
  } else {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto c = static_cast<unsigned char>(bytes.front());
    if (c < 0x80) {
      bytes.remove_prefix(1);
      continue;
    }
    const Lead lead = lead_of(c);
    if (!is_sequence(bytes, lead)) return false;
    bytes.remove_prefix(1 + lead.following);
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < n ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= n ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::int8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  const bool has_stray_bits = (bits & ((1u << count) - 1)) != 0;
  const bool padding_fits = static_cast<int>(padding) * 2 == count;
  if (has_stray_bits || !padding_fits) return std::nullopt;
  return out;
}

std::string in_quotes(std::string_view bytes) {
  const bool keep_high = is_utf8(bytes);
  std::string out = "\"";
  for (const char c : bytes) append_escaped(out, c, keep_high);
  out += '"';
  return out;
}

std::string shown(std::string_view bytes) {
  const bool is_word =
      !bytes.empty() && is_utf8(bytes) && std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '"' && c != '\\';
      });
  return is_word ? std::string(bytes) : in_quotes(bytes);
}

}  // namespace borg::borgctl
