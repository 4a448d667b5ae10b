// SPDX-License-Identifier: Apache-2.0
#include "storage/graveyard.h"

#include <utility>

#include "storage/heap.h"
#include "storage/partition_store.h"

namespace borg::storage {
namespace {

/// Destroyed in about 50 microseconds.
constexpr std::size_t kSmallElements = 1000;

/// What glibc's free() gets it sorts by size at the next allocation that fits none of it: up to ten
/// thousand blocks at once, each a cache miss. So that this stops nobody for 10 ms later, it does
/// it now, for the few that were freed here. It sorts when it is asked for more than it keeps
/// ready.
void sort_freed_blocks() {
  constexpr std::size_t kBytes = 4096;
  Heap& plain = Heap::plain();
  plain.release(plain.allocate(kBytes), kBytes);
}

}  // namespace

void Graveyard::bury(std::unique_ptr<Large> large) {
  if (large->elements() <= kSmallElements) return;
  bytes_ += large->allocated_bytes();
  buried_.push_back(std::move(large));
}

void Graveyard::collect(ScanBudget& budget) {
  if (buried_.empty()) return;
  while (!buried_.empty() && !budget.is_spent()) {
    Large& last = *buried_.back();
    const std::size_t before = last.allocated_bytes();
    const bool is_left = last.destroy_some(budget);
    bytes_ -= is_left ? before - last.allocated_bytes() : before;
    if (!is_left) buried_.pop_back();
  }
  if (buried_.empty()) buried_.shrink_to_fit();
  sort_freed_blocks();
}

void Graveyard::clear() {
  buried_.clear();
  bytes_ -= bytes_.value();
}

}  // namespace borg::storage
