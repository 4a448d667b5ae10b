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
#include "storage/hash_value.h"
#include "storage/sorted_set_value.h"

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

/// Of elements that may come again and again so many bytes are drawn, not more.
inline constexpr std::size_t kDrawnBytesMax = 512u * 1024 * 1024;

inline std::size_t bytes_of(std::string_view element) { return element.size(); }
inline std::size_t bytes_of(const storage::Scored& element) { return element.member.size(); }
inline std::size_t bytes_of(const storage::HashReader::Pair& pair) {
  return pair.first.size() + pair.second.size();
}

/// False if they would be too many bytes, and the error is written.
template <class Drawn>
[[nodiscard]] bool are_all_drawn(Context& context, const std::vector<Drawn>& drawn,
                                 const std::optional<DrawCount>& wanted) {
  if (!wanted || wanted->distinct || drawn.size() == wanted->count) return true;
  context.reply.error("ERR too large: random elements may have 512 MB together");
  return false;
}

/// Elements of a container that is not empty, drawn with this seed: all in their order if there
/// are no more than are asked for. Fewer if they would be too large: are_all_drawn().
template <class Reader>
[[nodiscard]] auto draw_elements(const Reader& reader, DrawCount wanted, std::uint64_t seed) {
  Random random(seed);
  using Drawn = decltype(reader.draw(random));
  std::vector<Drawn> drawn;
  const std::size_t size = reader.size();
  if (!wanted.distinct) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < wanted.count && bytes <= kDrawnBytesMax; ++i) {
      drawn.push_back(reader.draw(random));
      bytes += bytes_of(drawn.back());
    }
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
