// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "resp/integer.h"
#include "resp/parser.h"

namespace borg::resp {

namespace {

constexpr int kNestingMax = 32;

using Kind = Value::Kind;

/// Reads one reply by recursive descent over its nesting, which is bounded.
class ReplyReader {
 public:
  explicit ReplyReader(std::string_view input) : input_(input) {}

  bool read(Value& value, int depth);
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] ReplyError error() const { return error_; }

 private:
  bool malformed() {
    error_ = ReplyError::kMalformed;
    return false;
  }
  bool read_line(std::string_view& line);
  bool read_size(std::string_view line, std::int64_t& size);
  bool read_text(Value& value, Kind kind, std::string_view line);
  bool read_bulk(Value& value, Kind kind, std::string_view line);
  bool read_verbatim(Value& value, std::string_view line);
  bool read_integer(Value& value, std::string_view line);
  bool read_boolean(Value& value, std::string_view line);
  bool read_elements(Value& value, Kind kind, std::string_view line, int depth);

  std::string_view input_;
  std::size_t position_ = 0;
  ReplyError error_ = ReplyError::kNeedMore;
};

bool ReplyReader::read_line(std::string_view& line) {
  const std::size_t end = input_.find('\r', position_);
  if (end == std::string_view::npos || end + 1 >= input_.size()) return false;
  if (input_[end + 1] != '\n') return malformed();
  line = input_.substr(position_, end - position_);
  position_ = end + 2;
  return true;
}

bool ReplyReader::read_size(std::string_view line, std::int64_t& size) {
  const auto parsed = parse_integer(line);
  if (!parsed || *parsed < -1) return malformed();
  size = *parsed;
  return true;
}

bool ReplyReader::read_text(Value& value, Kind kind, std::string_view line) {
  value.kind = kind;
  value.text = line;
  return true;
}

bool ReplyReader::read_integer(Value& value, std::string_view line) {
  const auto parsed = parse_integer(line);
  if (!parsed) return malformed();
  value.kind = Kind::kInteger;
  value.integer = *parsed;
  return true;
}

bool ReplyReader::read_boolean(Value& value, std::string_view line) {
  if (line != "t" && line != "f") return malformed();
  value.kind = Kind::kBoolean;
  value.integer = line == "t" ? 1 : 0;
  return true;
}

bool ReplyReader::read_bulk(Value& value, Kind kind, std::string_view line) {
  std::int64_t size = 0;
  if (!read_size(line, size)) return false;
  if (size < 0) {
    value.kind = Kind::kNull;
    return true;
  }
  const auto bytes = static_cast<std::uint64_t>(size);
  if (bytes > kBulkBytesMax + 4) return malformed();  // a verbatim string has 4 bytes before it
  if (input_.size() - position_ < bytes + 2) return false;
  if (input_.substr(position_ + bytes, 2) != "\r\n") return malformed();
  value.kind = kind;
  value.text = input_.substr(position_, bytes);
  position_ += bytes + 2;
  return true;
}

bool ReplyReader::read_verbatim(Value& value, std::string_view line) {
  if (!read_bulk(value, Kind::kVerbatim, line)) return false;
  if (value.kind != Kind::kVerbatim || value.text.size() < 4 || value.text[3] != ':') {
    return malformed();
  }
  value.text.erase(0, 4);
  return true;
}

bool ReplyReader::read_elements(Value& value, Kind kind, std::string_view line, int depth) {
  std::int64_t size = 0;
  if (!read_size(line, size)) return false;
  if (size < 0) {
    value.kind = Kind::kNull;
    return kind == Kind::kArray ? true : malformed();
  }
  if (depth + 1 > kNestingMax || size > INT32_MAX) return malformed();
  value.kind = kind;
  const std::int64_t count = kind == Kind::kMap ? size * 2 : size;
  // No memory is reserved on the word of the sender: each element takes bytes of the input.
  for (std::int64_t i = 0; i < count; ++i) {
    if (!read(value.elements.emplace_back(), depth + 1)) return false;
  }
  return true;
}

bool ReplyReader::read(Value& value, int depth) {
  if (position_ >= input_.size()) return false;
  const char type = input_[position_];
  if (std::string_view("+-:$*_#,(!=%~>").find(type) == std::string_view::npos) {
    return malformed();
  }
  ++position_;
  std::string_view line;
  if (!read_line(line)) return false;
  switch (type) {
    case '+':
      return read_text(value, Kind::kSimple, line);
    case '-':
      return read_text(value, Kind::kError, line);
    case ':':
      return read_integer(value, line);
    case '$':
      return read_bulk(value, Kind::kBulk, line);
    case '*':
      return read_elements(value, Kind::kArray, line, depth);
    case '#':
      return read_boolean(value, line);
    case ',':
      return read_text(value, Kind::kDouble, line);
    case '(':
      return read_text(value, Kind::kBigNumber, line);
    case '!':
      return read_bulk(value, Kind::kError, line);
    case '=':
      return read_verbatim(value, line);
    case '%':
      return read_elements(value, Kind::kMap, line, depth);
    case '~':
      return read_elements(value, Kind::kSet, line, depth);
    case '>':
      return read_elements(value, Kind::kPush, line, depth);
    default:
      return line.empty() ? true : malformed();  // '_': a Value is null from the start
  }
}

}  // namespace

ReplyResult parse_reply(std::string_view input) {
  ReplyReader reader(input);
  Value value;
  if (!reader.read(value, 0)) return {std::nullopt, reader.error()};
  return {ParsedReply{std::move(value), reader.position()}, ReplyError::kNeedMore};
}

}  // namespace borg::resp
