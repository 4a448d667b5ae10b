// SPDX-License-Identifier: Apache-2.0
#include "commands/rdb.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "commands/float_text.h"
#include "resp/integer.h"

namespace borg::commands::rdb {

namespace {

// A length's first two bits, and the whole first byte of the long ones.
constexpr unsigned kSixBits = 0;
constexpr unsigned kFourteenBits = 1;
constexpr unsigned kEncoding = 3;
constexpr std::uint8_t kThirtyTwoBits = 0x80;
constexpr std::uint8_t kSixtyFourBits = 0x81;
// Encodings of strings.
constexpr std::uint64_t kLzf = 3;
/// What three bytes of LZF can stand for.
constexpr std::uint64_t kLzfExpansionMax = 264;

/// The polynomial of Jones, reflected.
using CrcTable = std::array<std::uint64_t, 256>;

/// What a byte does to the remainder, by how many bytes come behind it: eight at a time.
/// Source: Kounavis and Berry, Novel table lookup-based algorithms for high-performance CRC
/// generation, IEEE Transactions on Computers 2008 (slicing by 8).
constexpr std::array<CrcTable, 8> crc_tables() {
  std::array<CrcTable, 8> tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5 : 0);
    tables[0][i] = crc;
  }
  for (std::size_t behind = 1; behind < tables.size(); ++behind) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint64_t crc = tables[behind - 1][i];
      tables[behind][i] = tables[0][crc & 0xff] ^ crc >> 8;
    }
  }
  return tables;
}
constexpr std::array<CrcTable, 8> kCrcTables = crc_tables();
static_assert(std::endian::native == std::endian::little);

void append_big_endian(std::string& out, std::uint64_t number, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(number >> (8 * i));
}

/// LZF, as M. Lehmann's liblzf has it: a byte below 32 is followed by one more than that many
/// bytes; else its upper 3 bits, and a byte if they are all set, say how long what is repeated is,
/// and its lower 5 bits and the next byte how far back.
std::optional<std::string> decompressed(std::string_view in, std::size_t size) {
  std::string out;
  out.reserve(size);
  for (std::size_t at = 0; at < in.size();) {
    const auto first = static_cast<std::uint8_t>(in[at++]);
    if (first < 32) {
      const std::size_t count = first + 1u;
      if (in.size() - at < count) return std::nullopt;
      out += in.substr(at, count);
      at += count;
      continue;
    }
    std::size_t length = first >> 5;
    if (length == 7 && at < in.size()) length += static_cast<std::uint8_t>(in[at++]);
    if (at == in.size()) return std::nullopt;
    const std::size_t back =
        (static_cast<std::size_t>(first & 31) << 8 | static_cast<std::uint8_t>(in[at++])) + 1;
    if (back > out.size() || out.size() + length + 2 > size) return std::nullopt;
    for (std::size_t i = 0; i < length + 2; ++i) out += out[out.size() - back];
  }
  if (out.size() != size) return std::nullopt;
  return out;
}

}  // namespace

std::uint64_t crc64(std::string_view bytes) {
  std::uint64_t crc = 0;
  for (; bytes.size() >= sizeof crc; bytes.remove_prefix(sizeof crc)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    word ^= crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= kCrcTables[7 - i][word >> (8 * i) & 0xff];
  }
  for (const char c : bytes) {
    crc = kCrcTables[0][(crc ^ static_cast<std::uint8_t>(c)) & 0xff] ^ crc >> 8;
  }
  return crc;
}

void append_length(std::string& out, std::uint64_t length) {
  if (length < 1 << 6) {
    out += static_cast<char>(kSixBits << 6 | length);
  } else if (length < 1 << 14) {
    out += static_cast<char>(kFourteenBits << 6 | length >> 8);
    out += static_cast<char>(length);
  } else if (length <= std::numeric_limits<std::uint32_t>::max()) {
    out += static_cast<char>(kThirtyTwoBits);
    append_big_endian(out, length, 4);
  } else {
    out += static_cast<char>(kSixtyFourBits);
    append_big_endian(out, length, 8);
  }
}

void append_string(std::string& out, std::string_view text) {
  const auto integer = resp::parse_integer(text);
  for (unsigned encoding = 0; integer && encoding < 3; ++encoding) {
    const unsigned bits = 8u << encoding;
    const std::int64_t bound = std::int64_t{1} << (bits - 1);
    if (*integer < -bound || *integer >= bound) continue;
    out += static_cast<char>(kEncoding << 6 | encoding);
    for (unsigned bit = 0; bit < bits; bit += 8) out += static_cast<char>(*integer >> bit);
    return;
  }
  append_length(out, text.size());
  out += text;
}

std::optional<std::string_view> Reader::take(std::uint64_t bytes) {
  if (bytes > left_.size()) return std::nullopt;
  const std::string_view taken = left_.substr(0, bytes);
  left_.remove_prefix(bytes);
  return taken;
}

std::optional<std::uint8_t> Reader::byte() {
  const auto taken = take(1);
  if (!taken) return std::nullopt;
  return static_cast<std::uint8_t>(taken->front());
}

std::optional<std::uint64_t> Reader::big_endian(std::size_t bytes) {
  const auto taken = take(bytes);
  if (!taken) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : *taken) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

std::optional<Reader::Length> Reader::any_length() {
  const auto first = byte();
  if (!first) return std::nullopt;
  const std::uint64_t low = *first & 0x3f;
  std::optional<std::uint64_t> value;
  if (*first >> 6 == kSixBits) return Length{low, false};
  if (*first >> 6 == kEncoding) return Length{low, true};
  if (*first >> 6 == kFourteenBits) {
    const auto second = byte();
    if (second) value = low << 8 | *second;
  } else if (*first == kThirtyTwoBits) {
    value = big_endian(4);
  } else if (*first == kSixtyFourBits) {
    value = big_endian(8);
  }
  if (!value) return std::nullopt;
  return Length{*value, false};
}

std::optional<std::uint64_t> Reader::length() {
  const auto length = any_length();
  if (!length || length->is_encoding) return std::nullopt;
  return length->value;
}

std::optional<std::string> Reader::integer(std::size_t bytes) {
  const auto taken = take(bytes);
  if (!taken) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    number = number << 8 | static_cast<std::uint8_t>((*taken)[i]);
  }
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes);
  return std::to_string(static_cast<std::int64_t>(number << unused) >> unused);
}

std::optional<std::string> Reader::compressed() {
  const auto size_in = length();
  const auto size_out = size_in ? length() : std::nullopt;
  const auto bytes = size_out ? take(*size_in) : std::nullopt;
  if (!bytes || *size_out > bytes->size() * kLzfExpansionMax) return std::nullopt;
  return decompressed(*bytes, *size_out);
}

std::optional<std::string> Reader::string() {
  const auto length = any_length();
  if (!length) return std::nullopt;
  if (!length->is_encoding) {
    const auto bytes = take(length->value);
    return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
  }
  if (length->value < kLzf) return integer(std::size_t{1} << length->value);
  return length->value == kLzf ? compressed() : std::nullopt;
}

std::optional<double> Reader::number() {
  const auto bytes = take(sizeof(double));
  if (!bytes) return std::nullopt;
  double number;
  std::memcpy(&number, bytes->data(), sizeof number);
  return number;
}

std::optional<double> Reader::number_text() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto size = byte();
  if (!size || *size == 253) return std::nullopt;  // not a number
  if (*size >= 254) return *size == 254 ? kInfinity : -kInfinity;
  const auto text = take(*size);
  return text ? parse_double(*text) : std::nullopt;
}

}  // namespace borg::commands::rdb
