// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/words.h"

#include <algorithm>

namespace borg::borgctl {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads words off the front of a line.
class WordReader {
 public:
  explicit WordReader(std::string_view line) : rest_(line) {}

  bool at_end() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    return rest_.empty();
  }

  /// REQUIRES: !at_end(). False if a quote is wrong.
  bool read(std::string& word) {
    while (!rest_.empty() && !is_blank(rest_.front())) {
      const char c = take();
      if (c == '"' || c == '\'') {
        // The closing quote ends the word.
        return read_quoted(c, word) && (rest_.empty() || is_blank(rest_.front()));
      }
      word += c;
    }
    return true;
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool read_quoted(char quote, std::string& word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == quote) return true;
      const bool is_escape = c == '\\' && !rest_.empty();
      if (is_escape && quote == '"') {
        word += unescape();
      } else if (is_escape && rest_.front() == '\'') {
        word += take();
      } else {
        word += c;
      }
    }
    return false;
  }

  char unescape() {
    const char c = take();
    if (c == 'x' && rest_.size() >= 2) {
      const int high = hex_digit(rest_[0]);
      const int low = hex_digit(rest_[1]);
      if (high >= 0 && low >= 0) {
        rest_.remove_prefix(2);
        return static_cast<char>(high * 16 + low);
      }
    }
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

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  WordReader reader(line);
  while (!reader.at_end()) {
    if (!reader.read(words.emplace_back())) return std::nullopt;
  }
  return words;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

}  // namespace borg::borgctl
