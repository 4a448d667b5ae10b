// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

/// A value that is no string.
struct Container {
  std::string type;  ///< as TYPE says it: "list", "set", "hash" or "zset"
  /// Elements; of a hash each field with its value behind it, of a zset each member with its score.
  std::vector<std::string> items;

  [[nodiscard]] bool has_pairs() const { return type == "hash" || type == "zset"; }
  [[nodiscard]] std::size_t bytes() const;
  friend bool operator==(const Container&, const Container&) = default;
};

/// Whether there are containers of this type.
[[nodiscard]] bool is_container_type(std::string_view type);

// One command reads or writes a whole container, so that it is never half of one, half of another.

/// What DUMP has returned; nothing if that is none.
[[nodiscard]] std::optional<Container> container_of_dump(std::string_view payload);
/// What RESTORE takes.
[[nodiscard]] std::string dump_of_container(const Container& container);

}  // namespace borg::borgctl
