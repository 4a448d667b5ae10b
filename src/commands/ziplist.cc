// SPDX-License-Identifier: Apache-2.0
#include "commands/ziplist.h"

#include <cstdint>

namespace borg::commands {

namespace {

using Items = std::vector<std::string>;

constexpr std::uint8_t kEnd = 0xff;
/// Of a size: those from here on take 4 bytes behind this one.
constexpr std::uint8_t kLongSize = 0xfe;
constexpr std::uint64_t kUnknownNumber = 0xffff;

/// Takes from the front; what is not there is nullopt.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::optional<std::string_view> take(std::uint64_t count) {
    if (count > left_.size()) return std::nullopt;
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::optional<std::uint8_t> byte() {
    const auto taken = take(1);
    if (!taken) return std::nullopt;
    return static_cast<std::uint8_t>(taken->front());
  }
  std::optional<std::uint64_t> little_endian(std::size_t count) {
    const auto taken = take(count);
    if (!taken) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = count; i-- > 0;) number = number << 8 | unsigned_of((*taken)[i]);
    return number;
  }
  std::optional<std::uint64_t> big_endian(std::size_t count) {
    const auto taken = take(count);
    if (!taken) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : *taken) number = number << 8 | unsigned_of(c);
    return number;
  }
  /// A byte, or 4 behind kLongSize.
  std::optional<std::uint64_t> size() {
    const auto first = byte();
    if (!first || *first == kEnd) return std::nullopt;
    return *first == kLongSize ? little_endian(4) : std::optional<std::uint64_t>(*first);
  }
  [[nodiscard]] bool at_end() const { return left_.size() == 1 && unsigned_of(left_[0]) == kEnd; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  static std::uint8_t unsigned_of(char c) { return static_cast<std::uint8_t>(c); }

  std::string_view left_;
};

std::optional<std::string> text(Bytes& in, std::optional<std::uint64_t> size) {
  const auto taken = size ? in.take(*size) : std::nullopt;
  return taken ? std::optional<std::string>(*taken) : std::nullopt;
}

std::optional<std::string> integer(Bytes& in, std::size_t bytes) {
  const auto number = in.little_endian(bytes);
  if (!number) return std::nullopt;
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes);
  return std::to_string(static_cast<std::int64_t>(*number << unused) >> unused);
}

/// A text, if the first two bits are not both set: then they say how its size is written.
std::optional<std::string> ziplist_element(Bytes& in) {
  const auto first = in.byte();
  if (!first) return std::nullopt;
  const std::uint64_t low = *first & 0x3f;
  switch (*first >> 6) {
    case 0:
      return text(in, low);
    case 1: {
      const auto second = in.byte();
      return second ? text(in, low << 8 | *second) : std::nullopt;
    }
    case 2:
      return text(in, in.big_endian(4));
    default:
      break;
  }
  switch (*first) {
    case 0xc0:
      return integer(in, 2);
    case 0xd0:
      return integer(in, 4);
    case 0xe0:
      return integer(in, 8);
    case 0xf0:
      return integer(in, 3);
    case 0xfe:
      return integer(in, 1);
    default:
      break;
  }
  if (*first < 0xf1 || *first > 0xfd) return std::nullopt;
  return std::to_string((*first & 0x0f) - 1);  // 0 to 12 are in that very byte
}

}  // namespace

std::optional<Items> read_ziplist(std::string_view bytes) {
  Bytes in(bytes);
  const auto size = in.little_endian(4);
  const auto last = in.little_endian(4);
  const auto number = in.little_endian(2);
  if (!number || *size != bytes.size() || *last >= bytes.size()) return std::nullopt;
  Items items;
  std::size_t begin = bytes.size() - in.left();
  std::uint64_t size_before = 0;
  while (!in.at_end()) {
    const std::size_t at = bytes.size() - in.left();
    const auto before = in.size();
    auto element = before == size_before ? ziplist_element(in) : std::nullopt;
    if (!element) return std::nullopt;
    items.push_back(std::move(*element));
    begin = at;
    size_before = bytes.size() - in.left() - at;
  }
  const bool is_last = items.empty() || *last == begin;
  const bool is_number = *number == items.size() || *number == kUnknownNumber;
  return is_last && is_number ? std::optional(std::move(items)) : std::nullopt;
}

std::optional<Items> read_zipmap(std::string_view bytes) {
  Bytes in(bytes);
  const auto number = in.byte();
  if (!number) return std::nullopt;
  Items items;
  while (!in.at_end()) {
    auto field = text(in, in.size());
    const auto size = field ? in.size() : std::nullopt;
    const auto gap = size ? in.byte() : std::nullopt;
    auto value = gap ? text(in, *size) : std::nullopt;
    if (!value || !in.take(*gap)) return std::nullopt;
    items.push_back(std::move(*field));
    items.push_back(std::move(*value));
  }
  if (*number < kLongSize && *number != items.size() / 2) return std::nullopt;
  return items;
}

}  // namespace borg::commands
