// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "commands/command.h"

namespace borg::commands {

/// How many random elements a command asks for.
struct DrawCount {
  std::size_t count = 0;
  bool distinct = true;  ///< else, with a negative number, each may come again
};

/// The count in `text`; or nullopt, and Redis's error is written. A worker answers to everybody:
/// so many elements with repetition that they would keep it for seconds are refused.
[[nodiscard]] std::optional<DrawCount> read_draw_count(Context& context, std::string_view text,
                                                       bool with_values);

/// Elements of a container that is not empty, drawn with this seed: all in their order if there
/// are no more than are asked for.
template <class Reader>
[[nodiscard]] auto draw_elements(const Reader& reader, DrawCount wanted, std::uint64_t seed) {
  Random random(seed);
  using Drawn = decltype(reader.draw(random));
  std::vector<Drawn> drawn;
  const std::size_t size = reader.size();
  if (!wanted.distinct) {
    for (std::size_t i = 0; i < wanted.count; ++i) drawn.push_back(reader.draw(random));
    return drawn;
  }
  constexpr std::size_t kFewEnoughToCopy = 256;
  if (wanted.count >= size / 3 || size <= kFewEnoughToCopy) {
    reader.for_each([&](const auto&... parts) { drawn.emplace_back(parts...); });
    if (wanted.count >= size) return drawn;
    for (std::size_t i = 0; i < wanted.count; ++i) {
      std::swap(drawn[i], drawn[i + random.below(size - i)]);
    }
    drawn.resize(wanted.count);
    return drawn;
  }
  std::set<Drawn> seen;
  while (drawn.size() < wanted.count) {
    const auto [next, is_new] = seen.insert(reader.draw(random));
    if (is_new) drawn.push_back(*next);
  }
  return drawn;
}

}  // namespace borg::commands
