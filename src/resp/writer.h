// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"

namespace borg::resp {

enum class Version : std::uint8_t { kResp2 = 2, kResp3 = 3 };

/// Writes replies in RESP2 or RESP3 at the end of a buffer.
///
/// Source: https://redis.io/docs/reference/protocol-spec (RESP2, RESP3). A type that RESP2
/// does not have is written as Redis 7 writes it for a RESP2 client (a map as a flat array, a
/// double as a bulk string, null as $-1, …).
/// Bounded: behind kBytesMax of a buffer no bulk string is written. So a command that would read
///          more than the machine has memory ends; its reply is then longer than that, and whoever
///          gives it out says an error instead.
class Writer {
 public:
  static constexpr std::size_t kBytesMax = 1024u * 1024 * 1024;

  Writer(ByteBuffer& out, Version version) : out_(out), version_(version) {}

  [[nodiscard]] Version version() const { return version_; }
  [[nodiscard]] ByteBuffer& buffer() { return out_; }

  void ok();                             ///< +OK
  void simple(std::string_view text);    ///< +text; must hold no CR or LF
  void error(std::string_view text);     ///< -text; starts with its code; CR and LF become blanks
  void integer(std::int64_t value);      ///< :value
  void bulk(std::string_view bytes);     ///< $n …
  void null();                           ///< $-1, or _ in RESP3
  void null_array();                     ///< *-1, or _ in RESP3
  void boolean(bool value);              ///< :1 :0, or #t #f in RESP3
  void real(double value);               ///< bulk, or , in RESP3; with up to 17 digits
  void verbatim(std::string_view text);  ///< bulk, or =n txt: in RESP3
  void big_number(std::string_view digits);  ///< bulk, or ( in RESP3
  /// Header of n pairs that stand before a reply, with more about it. REQUIRES: RESP3.
  void attribute(std::size_t n);
  void array(std::size_t n);  ///< header: n elements follow
  void set(std::size_t n);    ///< array, or ~ in RESP3
  void map(std::size_t n);    ///< header of n pairs: *2n, or % in RESP3
  void push(std::size_t n);   ///< array, or > in RESP3

 private:
  ByteBuffer& out_;
  Version version_;
};

}  // namespace borg::resp
