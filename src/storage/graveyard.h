// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "storage/byte_count.h"
#include "storage/large.h"

namespace borg::storage {

/// Large containers that no key has any more: to free ten million elements takes seconds, so it
/// is done in steps, between commands.
class Graveyard {
 public:
  /// What it holds is part of the sum, which must outlive it.
  explicit Graveyard(std::size_t& sum) : bytes_(sum) {}
  /// Destroys it, at once if it is small.
  void bury(std::unique_ptr<Large> large);
  /// Gives memory back until the budget is spent.
  void collect(ScanBudget& budget);
  void clear();
  [[nodiscard]] bool empty() const { return buried_.empty(); }
  /// What is still taken from the allocator.
  [[nodiscard]] std::size_t allocated_bytes() const { return bytes_.value(); }

 private:
  std::vector<std::unique_ptr<Large>> buried_;
  ByteCount bytes_;
};

}  // namespace borg::storage
