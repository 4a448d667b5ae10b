// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.h"

#include <cstdio>
#include <cstring>

namespace borg::sim {

void Trace::mix(std::string_view bytes) {
  mix(bytes.size());
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t n = bytes.size() < sizeof(word) ? bytes.size() : sizeof(word);
    std::memcpy(&word, bytes.data(), n);
    mix(word);
    bytes.remove_prefix(n);
  }
}

void Trace::print(Duration at, std::string_view who, std::string_view what) const {
  std::printf("%10.3f ms  %-12.*s %.*s\n", static_cast<double>(at.as_nanos()) / 1e6,
              static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()), what.data());
}

std::string printable(std::string_view bytes, std::size_t chars_max) {
  std::string text;
  for (const char c : bytes.substr(0, chars_max)) {
    if (c == '\r') continue;
    if (c == '\n')
      text += ' ';
    else
      text += c >= ' ' && c <= '~' ? c : '?';
  }
  if (bytes.size() > chars_max) text += "…";
  return text;
}

}  // namespace borg::sim
