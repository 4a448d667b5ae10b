// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/large.h"

namespace borg::storage {

/// What a command did to large containers, element by element: a replica that is being sent such
/// a container in pieces is told so of those elements that it has already.
class ChangeJournal {
 public:
  struct Change {
    std::string key;
    std::string element;
    bool is_whole = false;  ///< all of the container is new
    /// Of a list: what happened, at which index; `element` is the new one.
    std::optional<ListChange> list_change = {};
    std::uint64_t index = 0;
  };
  void add_element(std::string_view key, std::string_view element) {
    changes_.push_back({std::string(key), std::string(element), false});
  }
  void add_at(std::string_view key, ListChange change, std::uint64_t index,
              std::string_view element) {
    changes_.push_back({std::string(key), std::string(element), false, change, index});
  }
  void add_whole(std::string_view key) { changes_.push_back({std::string(key), {}, true}); }
  void clear() { changes_.clear(); }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] bool has_whole(std::string_view key) const {
    return std::any_of(changes_.begin(), changes_.end(),
                       [&](const Change& c) { return c.is_whole && c.key == key; });
  }

 private:
  std::vector<Change> changes_;
};

}  // namespace borg::storage
