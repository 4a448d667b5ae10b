// SPDX-License-Identifier: Apache-2.0
#include "node/node_memory.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

using wire::MemoryLevel;

constexpr std::uint64_t kMegabyte = 1024 * 1024;

TEST(NodeMemory, HasMarksBelowTheLimit) {
  for (const std::uint64_t limit : {std::uint64_t{1}, kMegabyte, 60 * kMegabyte, kMegabyte << 20}) {
    EXPECT_LE(NodeMemory::full_mark(limit), NodeMemory::closed_mark(limit));
    EXPECT_LE(NodeMemory::closed_mark(limit), limit);
    EXPECT_GE(NodeMemory::full_mark(limit), limit - limit / 16);
  }
  EXPECT_EQ(NodeMemory::full_mark(kMegabyte << 20), (kMegabyte << 20) - 128 * kMegabyte);
}

TEST(NodeMemory, IsNeverFullWithoutALimit) {
  NodeMemory memory(2);
  memory.replace(0, 1000 * kMegabyte);
  memory.look(true);
  EXPECT_EQ(memory.state(), wire::MemoryState{});
}

TEST(NodeMemory, RisesAtOnceAndFallsWhenItMay) {
  NodeMemory memory(2);
  memory.set_limit(64 * kMegabyte);
  memory.replace(0, 60 * kMegabyte);
  memory.look(false);
  EXPECT_EQ(memory.state(), (wire::MemoryState{.room = 0})) << "at the mark there is place";
  memory.replace(60 * kMegabyte, 61 * kMegabyte);
  memory.look(false);
  memory.look(false);
  EXPECT_EQ(memory.state(),
            (wire::MemoryState{.version = 1, .level = MemoryLevel::kFull, .room = 0}));
  memory.replace(0, 2 * kMegabyte);
  memory.look(false);
  EXPECT_EQ(memory.state(),
            (wire::MemoryState{.version = 2, .level = MemoryLevel::kClosed, .room = 0}));
  memory.replace(63 * kMegabyte, kMegabyte);
  memory.look(false);
  EXPECT_EQ(memory.state().version, 2u);
  memory.look(true);
  EXPECT_EQ(memory.state(),
            (wire::MemoryState{.version = 3, .level = MemoryLevel::kRoom, .room = 59 * kMegabyte}));
}

}  // namespace
}  // namespace borg::node
