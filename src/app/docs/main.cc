// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands/compatibility.h"

/// Prints docs/redis-compatibility.md; what it lacks goes to stderr, with exit code 1.
int main() {
  fmt::print("{}", borg::commands::compatibility_page());
  const auto gaps = borg::commands::compatibility_gaps();
  for (const std::string& gap : gaps) fmt::print(stderr, "remarks.h: {}\n", gap);
  return gaps.empty() ? 0 : 1;
}
