// SPDX-License-Identifier: Apache-2.0
#include "storage/graveyard.h"

#include <utility>

#include "storage/partition_store.h"

namespace borg::storage {
namespace {

/// Destroyed in about 50 microseconds.
constexpr std::size_t kSmallElements = 1000;

}  // namespace

void Graveyard::bury(std::unique_ptr<Large> large) {
  if (large->elements() <= kSmallElements) return;
  bytes_ += large->allocated_bytes();
  buried_.push_back(std::move(large));
}

void Graveyard::collect(ScanBudget& budget) {
  while (!buried_.empty() && !budget.is_spent()) {
    Large& last = *buried_.back();
    const std::size_t before = last.allocated_bytes();
    const bool is_left = last.destroy_some(budget);
    bytes_ -= is_left ? before - last.allocated_bytes() : before;
    if (!is_left) buried_.pop_back();
  }
  if (buried_.empty()) buried_.shrink_to_fit();
}

void Graveyard::clear() {
  buried_.clear();
  bytes_ = 0;
}

}  // namespace borg::storage
