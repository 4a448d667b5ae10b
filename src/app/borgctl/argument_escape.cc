// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/argument_escape.h"

namespace borg::borgctl {
namespace {

constexpr char kMark = '\x01';

bool is_negative_number(const std::string& word) {
  return word.size() > 1 && word[0] == '-' &&
         ((word[1] >= '0' && word[1] <= '9') || word[1] == '.');
}

}  // namespace

std::vector<std::string> escaped(std::vector<std::string> words) {
  for (std::string& word : words) {
    const bool needs_mark = word.starts_with(kMark) || word.starts_with('[') ||
                            word.starts_with('{') || is_negative_number(word);
    if (needs_mark) word.insert(word.begin(), kMark);
  }
  return words;
}

std::string unescaped(const std::string& word) {
  return word.starts_with(kMark) ? word.substr(1) : word;
}

}  // namespace borg::borgctl
