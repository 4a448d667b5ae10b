// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"

namespace borg::commands {

/// SORT's BY or GET: a key, perhaps with a field of a hash, of which an element is a part.
class SortPattern {
 public:
  explicit SortPattern(std::string_view text);

  /// The element itself: GET #.
  [[nodiscard]] bool is_element() const { return text_ == "#"; }
  /// Without '*' it names no key.
  [[nodiscard]] bool names_keys() const { return has_star_; }
  /// Its keys are of this slot whatever the element, by a {hash tag} before the '*'.
  [[nodiscard]] bool is_of_slot(SlotId slot) const;
  /// What it names for this element: nullopt if there is no such key, or of another type. A view
  /// into the store or the element.
  [[nodiscard]] std::optional<std::string_view> lookup(Context& context,
                                                       std::string_view element) const;

 private:
  std::string_view text_;
  std::string_view before_;
  std::string_view behind_;
  std::optional<std::string_view> field_;
  bool has_star_ = false;
};

struct SortOptions {
  std::optional<SortPattern> by;
  std::vector<SortPattern> get;
  std::int64_t offset = 0;
  std::int64_t count = -1;
  bool descends = false;
  bool is_alphabetic = false;
  std::optional<std::string_view> destination;

  /// Values of other keys have a part in the result.
  [[nodiscard]] bool looks_elsewhere() const;
};

/// What stands behind the key; nullopt if it is wrong, and the error is written.
[[nodiscard]] std::optional<SortOptions> read_sort_options(Context& context, Args args,
                                                           bool may_store);

}  // namespace borg::commands
