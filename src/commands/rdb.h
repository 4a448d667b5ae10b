// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg::commands::rdb {

// The parts of Redis's RDB form up to version 10 (rdb.h of Redis 7.0 names the types).

enum class Type : std::uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSetOfTexts = 3,  ///< before Redis 4.0
  kHash = 4,
  kSortedSet = 5,
  kHashZipmap = 9,  ///< before Redis 2.6
  kListZiplist = 10,
  kIntegerSet = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kQuicklistOfZiplists = 14,
  // Since Redis 7.0.
  kHashPacked = 16,
  kSortedSetPacked = 17,
  kQuicklist = 18,
};

[[nodiscard]] std::uint64_t crc64(std::string_view bytes);

void append_length(std::string& out, std::uint64_t length);
/// Short integers as such, everything else as it is.
void append_string(std::string& out, std::string_view text);

/// Reads from the front; what cannot be read is nullopt, and what follows means nothing then.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] std::optional<std::uint8_t> byte();
  [[nodiscard]] std::optional<std::uint64_t> length();
  [[nodiscard]] std::optional<std::string> string();
  /// A number of 8 bytes, little-endian.
  [[nodiscard]] std::optional<double> number();
  /// A number written as text, with its size before it.
  [[nodiscard]] std::optional<double> number_text();
  [[nodiscard]] std::size_t bytes_left() const { return left_.size(); }

 private:
  struct Length {
    std::uint64_t value;
    bool is_encoding;
  };
  [[nodiscard]] std::optional<Length> any_length();
  [[nodiscard]] std::optional<std::uint64_t> big_endian(std::size_t bytes);
  [[nodiscard]] std::optional<std::string> integer(std::size_t bytes);
  [[nodiscard]] std::optional<std::string> compressed();
  [[nodiscard]] std::optional<std::string_view> take(std::uint64_t bytes);

  std::string_view left_;
};

}  // namespace borg::commands::rdb
