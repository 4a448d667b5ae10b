// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include "commands/command.h"

namespace borg::commands {

namespace {

/// Whether `c` is in the class whose '[' was just read; moves `at` behind the class. A class
/// that does not end ends with the pattern.
bool match_class(std::string_view pattern, std::size_t& at, char c) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool matched = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      ++at;
      matched |= pattern[at] == c;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      char low = pattern[at];
      char high = pattern[at + 2];
      if (low > high) std::swap(low, high);
      at += 2;
      matched |= c >= low && c <= high;
    } else {
      matched |= pattern[at] == c;
    }
  }
  if (at < pattern.size()) ++at;
  return matched != negated;
}

/// Matches one character against what stands at `at`, which is not a star; moves behind it.
bool match_one(std::string_view pattern, std::size_t& at, char c) {
  const char p = pattern[at++];
  if (p == '?') return true;
  if (p == '[') return match_class(pattern, at, c);
  if (p == '\\' && at < pattern.size()) return pattern[at++] == c;
  return p == c;
}

}  // namespace

// A star that fails is tried again one character on; only the last one is, for an earlier one
// could not help. So it takes at most |pattern| * |text| steps, where Redis's takes
// exponentially many for "a*a*a*…".
bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t i = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t star_text = 0;
  while (i < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_text = i;
    } else if (at < pattern.size() && match_one(pattern, at, text[i])) {
      ++i;
    } else if (after_star != std::string_view::npos) {
      at = after_star;
      i = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace borg::commands
