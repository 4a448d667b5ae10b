// SPDX-License-Identifier: Apache-2.0
#include "resp/inline_args.h"

#include <cstddef>

namespace borg::resp {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// Redis skips all of isspace() before an argument, but ends an argument at these alone.
bool ends_argument(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

/// Reads one argument with quotes in it, from `at` on.
class QuotedArgument {
 public:
  QuotedArgument(std::string_view line, std::size_t at, std::string& out)
      : line_(line), at_(at), out_(out) {}
  [[nodiscard]] std::size_t end() const { return at_; }

  bool read() {
    while (at_ < line_.size() && !ends_argument(line_[at_])) {
      const char c = line_[at_++];
      if (c != '"' && c != '\'') {
        out_.push_back(c);
        continue;
      }
      if (!(c == '"' ? read_double() : read_single())) return false;
      return at_ == line_.size() || is_blank(line_[at_]);
    }
    return true;
  }

 private:
  bool read_double() {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '"') return true;
      if (c != '\\' || at_ == line_.size()) {
        out_.push_back(c);
      } else if (!read_hex()) {
        out_.push_back(unescape(line_[at_++]));
      }
    }
    return false;
  }
  bool read_hex() {
    if (line_[at_] != 'x' || at_ + 2 >= line_.size()) return false;
    const int high = hex_digit(line_[at_ + 1]);
    const int low = hex_digit(line_[at_ + 2]);
    if (high < 0 || low < 0) return false;
    out_.push_back(static_cast<char>(high * 16 + low));
    at_ += 3;
    return true;
  }
  bool read_single() {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '\'') return true;
      if (c == '\\' && at_ < line_.size() && line_[at_] == '\'') {
        out_.push_back('\'');
        ++at_;
      } else {
        out_.push_back(c);
      }
    }
    return false;
  }

  std::string_view line_;
  std::size_t at_;
  std::string& out_;
};

}  // namespace

bool split_inline_args(std::string_view line, std::string& unescaped,
                       std::vector<std::string_view>& args) {
  line = line.substr(0, line.find('\0'));
  args.clear();
  unescaped.clear();
  unescaped.reserve(line.size());  // unescaping never lengthens: the views into it stay valid
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return true;
    std::size_t end = at;
    bool quoted = false;
    while (end < line.size() && !ends_argument(line[end]) && !quoted) {
      quoted = line[end] == '"' || line[end] == '\'';
      ++end;
    }
    if (!quoted) {
      args.push_back(line.substr(at, end - at));
      at = end;
      continue;
    }
    const std::size_t begin = unescaped.size();
    QuotedArgument argument(line, at, unescaped);
    if (!argument.read()) return false;
    args.push_back(std::string_view(unescaped).substr(begin));
    at = argument.end();
  }
}

}  // namespace borg::resp
