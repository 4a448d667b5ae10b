// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"

namespace borg {

/// Appends numbers and byte strings to a buffer: little-endian, LEB128 varints.
class Encoder {
 public:
  explicit Encoder(ByteBuffer& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u32(std::uint32_t v) { fixed(v); }
  void u64(std::uint64_t v) { fixed(v); }
  void varint(std::uint64_t v) {
    char* const p = out_.prepare(kVarintBytesMax);
    out_.commit(static_cast<std::size_t>(put_varint(p, v) - p));
  }
  /// As varint; numbers near zero are short.
  void signed_varint(std::int64_t v) {
    varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
  }
  /// A length as varint, then the bytes.
  void bytes(std::string_view v) {
    char* const p = out_.prepare(kVarintBytesMax + v.size());
    out_.commit(static_cast<std::size_t>(put_bytes(p, v) - p));
  }
  /// How many there are as varint, then each as by bytes().
  void byte_strings(std::span<const std::string_view> all) {
    std::size_t bytes_max = kVarintBytesMax;
    for (const std::string_view v : all) bytes_max += kVarintBytesMax + v.size();
    char* const p = out_.prepare(bytes_max);
    char* end = put_varint(p, all.size());
    for (const std::string_view v : all) end = put_bytes(end, v);
    out_.commit(static_cast<std::size_t>(end - p));
  }
  [[nodiscard]] ByteBuffer& buffer() { return out_; }

 private:
  static constexpr std::size_t kVarintBytesMax = 10;

  // Each returns where it has written to; there must be room.
  static char* put_varint(char* p, std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) *p++ = static_cast<char>(v | 0x80);
    *p++ = static_cast<char>(v);
    return p;
  }
  static char* put_bytes(char* p, std::string_view v) {
    p = put_varint(p, v.size());
    if (!v.empty()) std::memcpy(p, v.data(), v.size());
    return p + v.size();
  }
  template <std::unsigned_integral T>
  void fixed(T v) {
    std::memcpy(out_.prepare(sizeof v), &v, sizeof v);
    out_.commit(sizeof v);
  }
  ByteBuffer& out_;
};

/// Reads what Encoder wrote, from bytes that nobody vouches for.
///
/// Errors: after the first read past the end or malformed number ok() is false for good, and
/// every further read gives 0 or an empty view. Check once, at the end.
/// Views point into the input.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  [[nodiscard]] bool ok() const { return ok_; }
  /// True when everything was read and nothing was malformed.
  [[nodiscard]] bool done() const { return ok_ && in_.empty(); }
  [[nodiscard]] std::string_view rest() const { return in_; }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::uint64_t varint() {
    if (!in_.empty() && static_cast<std::uint8_t>(in_.front()) < 0x80) [[likely]] {
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      return byte;
    }
    return long_varint();
  }
  std::int64_t signed_varint() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>((v >> 1) ^ (0 - (v & 1)));
  }
  std::string_view bytes() {
    const std::uint64_t n = varint();
    if (n > in_.size()) {
      fail();
      return {};
    }
    const std::string_view v = in_.substr(0, n);
    in_.remove_prefix(n);
    return v;
  }
  void fail() {
    ok_ = false;
    in_ = {};
  }

 private:
  std::uint64_t long_varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) break;
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    fail();
    return 0;
  }
  template <std::unsigned_integral T>
  T fixed() {
    T v = 0;
    if (in_.size() < sizeof v) {
      fail();
      return 0;
    }
    std::memcpy(&v, in_.data(), sizeof v);
    in_.remove_prefix(sizeof v);
    return v;
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace borg
