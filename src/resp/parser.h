// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::resp {

inline constexpr std::size_t kBulkBytesMax = 512u * 1024 * 1024;
inline constexpr std::size_t kArgumentsMax = INT32_MAX;
inline constexpr std::size_t kInlineBytesMax = 64 * 1024;

/// Finds requests in what a client sent: arrays of bulk strings, or inline commands.
///
/// The bytes stay with the caller, who gives all that is unconsumed at each call; the arguments
/// are views into them. Between calls the parser remembers how far it got, so that a large
/// request that arrives in many pieces is scanned once; the front of the input may move in
/// memory between calls, but must hold the same bytes.
class RequestParser {
 public:
  enum class Status : std::uint8_t {
    kRequest,   ///< args() is a request, consumed() bytes long; may be empty (a blank line)
    kNeedMore,  ///< bytes_wanted() says how many more are known to be missing, at least 1
    kError,     ///< error() is the whole reply without CRLF, "-ERR Protocol error: …"; final:
                ///< what follows cannot be understood, the connection is to be closed
  };
  Status parse(std::string_view input);
  /// The request that is being read will not be executed: it is taken off the input in pieces, as
  /// they come, each of them like a blank line. What is malformed in it is an error as ever. False
  /// if it is too short for that: an inline command, or the beginning of a request.
  /// REQUIRES: the latest parse() has returned kNeedMore.
  [[nodiscard]] bool skip_request();
  [[nodiscard]] const std::vector<std::string_view>& args() const { return args_; }
  [[nodiscard]] std::size_t consumed() const { return consumed_; }
  [[nodiscard]] std::size_t bytes_wanted() const { return bytes_wanted_; }
  [[nodiscard]] std::string_view error() const { return error_; }

 private:
  enum class Header : std::uint8_t { kRead, kIncomplete, kMalformed, kTooBig };
  struct Piece {
    std::size_t offset;
    std::size_t size;
  };
  Status fail(std::string text);
  Status need(std::size_t bytes);
  Status parse_inline(std::string_view input);
  Status parse_array(std::string_view input);
  Status parse_bulk(std::string_view input);
  Status read_bulk_header(std::string_view input, std::size_t later);
  Status skip_on(std::string_view input);
  Header read_header(std::string_view input, std::int64_t& value);
  Header read_long_header(std::string_view input, std::int64_t& value);
  void finish_array(std::string_view input);
  void reset();

  std::vector<std::string_view> args_;
  std::string unescaped_;      // inline arguments that had quotes
  std::vector<Piece> pieces_;  // of the request being read
  std::size_t position_ = 0;
  std::size_t scanned_ = 0;      // no end of line before this offset
  std::int64_t missing_ = -1;    // arguments still to come; -1: header not read
  std::int64_t bulk_size_ = -1;  // of the argument being read; -1: its header not read
  std::int64_t skipped_ = -1;    // bytes of the argument being read that are gone; -1: not skipping
  std::size_t consumed_ = 0;
  std::size_t bytes_wanted_ = 1;
  std::string error_;
};

/// The second argument of the request at the front, most often its key: a guess at what it will
/// need, before it is parsed. Null if that much is not there, or looks unusual.
[[nodiscard]] std::string_view peek_second_argument(std::string_view input);

/// One reply, read whole: for borgctl, for merging the parts of a split command, for tests.
struct Value {
  enum class Kind : std::uint8_t {
    kSimple,
    kError,
    kInteger,
    kBulk,
    kNull,
    kArray,
    kMap,
    kSet,
    kPush,
    kDouble,
    kBoolean,
    kVerbatim,
    kBigNumber
  };
  Kind kind = Kind::kNull;
  std::string text;             ///< of simple, error, bulk, double, verbatim, big number
  std::int64_t integer = 0;     ///< of integer and boolean
  std::vector<Value> elements;  ///< of aggregates; a map has keys and values in turn
};
struct ParsedReply {
  Value value;
  std::size_t consumed;
};
enum class ReplyError : std::uint8_t { kNeedMore, kMalformed };
/// Reads the first reply in `input`. Nesting is bounded (malformed beyond 32 levels).
struct ReplyResult {
  std::optional<ParsedReply> reply;
  ReplyError error = ReplyError::kNeedMore;
};
[[nodiscard]] ReplyResult parse_reply(std::string_view input);

}  // namespace borg::resp
