// SPDX-License-Identifier: Apache-2.0
#include "node/node_memory.h"

#include <algorithm>

#include "base/memory_reserve.h"

namespace borg::node {
namespace {

using wire::MemoryLevel;

constexpr std::uint64_t kLevelBits = 2;

wire::MemoryState state_of(std::uint64_t word) {
  return {.version = word >> kLevelBits,
          .level = static_cast<MemoryLevel>(word & ((1u << kLevelBits) - 1))};
}

std::uint64_t margin_of(std::uint64_t limit) {
  constexpr std::uint64_t kMarginMax = 64 * 1024 * 1024;
  return std::min(limit / 32, kMarginMax);
}

}  // namespace

std::uint64_t NodeMemory::closed_mark(std::uint64_t limit) { return limit - margin_of(limit); }

std::uint64_t NodeMemory::full_mark(std::uint64_t limit) { return limit - 2 * margin_of(limit); }

wire::MemoryState NodeMemory::state() const {
  wire::MemoryState state = state_of(state_.load(std::memory_order_relaxed));
  if (limit() == 0) return state;
  const std::uint64_t mark = full_mark(limit());
  state.room = mark - std::min(mark, used());
  return state;
}

void NodeMemory::look(bool may_fall) {
  const std::uint64_t most = limit();
  auto level = MemoryLevel::kRoom;
  if (most > 0 && used() > full_mark(most)) level = MemoryLevel::kFull;
  if (most > 0 && used() > closed_mark(most)) level = MemoryLevel::kClosed;
  if (is_memory_refused()) {
    level = MemoryLevel::kClosed;
    if (may_fall) renew_memory_reserve();
  }
  std::uint64_t word = state_.load(std::memory_order_relaxed);
  const wire::MemoryState old = state_of(word);
  if (level == old.level || (level < old.level && !may_fall)) return;
  // If another worker is faster, with what may be a newer use, that counts.
  state_.compare_exchange_strong(
      word, (old.version + 1) << kLevelBits | static_cast<std::uint64_t>(level),
      std::memory_order_relaxed);
}

bool NodeMemory::admit(std::uint64_t bytes, bool is_forced) {
  const std::uint64_t most = limit();
  const std::uint64_t held = used();
  const std::uint64_t place = std::min(most / 4, most > held ? most - held : 0);
  std::uint64_t before = admitted();
  while (is_forced || before + bytes <= place) {
    if (admitted_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

bool NodeMemory::is_oldest(std::uint64_t ticket) const {
  return std::ranges::none_of(oldest_, [&](const std::atomic<std::uint64_t>& each) {
    const std::uint64_t oldest = each.load(std::memory_order_relaxed);
    return oldest != 0 && oldest < ticket;
  });
}

}  // namespace borg::node
