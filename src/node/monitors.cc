// SPDX-License-Identifier: Apache-2.0
#include "node/monitors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "node/slow_log.h"

namespace borg::node {

namespace {

/// As Redis writes strings for people: in quotes, other bytes escaped.
void append_quoted(std::string& out, std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  static constexpr std::array<std::pair<char, char>, 7> kEscapes{
      {{'\\', '\\'}, {'"', '"'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\a', 'a'}, {'\b', 'b'}}};
  out += '"';
  for (const char c : bytes) {
    const auto* const escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                            [c](const auto& each) { return each.first == c; });
    if (escape != kEscapes.end()) {
      out += {'\\', escape->second};
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  out += '"';
}

}  // namespace

std::string monitor_line(WallTime now, std::string_view address, commands::Args args) {
  std::string fraction = std::to_string(now.ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  std::string line =
      "+" + std::to_string(now.ms / 1000) + "." + fraction + "000 [0 " + std::string(address) + "]";
  for (std::size_t i = 0; i < args.size(); ++i) {
    line += ' ';
    append_quoted(line, is_secret(args, i) ? "(redacted)" : args[i]);
  }
  return line + "\r\n";
}

void Monitors::watch(std::uint16_t worker, bool on) {
  if (on) {
    workers_.insert(worker);
  } else {
    workers_.erase(worker);
  }
}

void Monitors::add(WallTime now, std::string_view address, commands::Args args) {
  lines_ += monitor_line(now, address, args);
}

std::string Monitors::take() {
  std::string lines;
  lines.swap(lines_);
  return lines;
}

}  // namespace borg::node
