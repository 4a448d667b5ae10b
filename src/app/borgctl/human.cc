// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/human.h"

#include <fmt/format.h>

#include <cmath>

namespace borg::borgctl {

std::string human_bytes(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 and more would be printed as 1024.0 of the smaller unit.
  while (size >= 1023.95 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string human_count(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  const std::size_t digits_start = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > digits_start + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string human_seconds(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string human_number_of(std::int64_t count, const std::string& one) {
  return fmt::format("{} {}{}", human_count(count), one, count == 1 ? "" : "s");
}

}  // namespace borg::borgctl
