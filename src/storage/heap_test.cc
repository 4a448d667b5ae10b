// SPDX-License-Identifier: Apache-2.0
#include "storage/heap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace borg::storage {
namespace {

/// A block filled with a mark of its own.
struct Block {
  char* address;
  std::size_t bytes;
  char mark;

  static Block take(Heap& heap, std::size_t bytes, char mark) {
    auto* const address = static_cast<char*>(heap.allocate(bytes));
    std::memset(address, mark, bytes);
    return {address, bytes, mark};
  }
  [[nodiscard]] bool is_intact() const {
    return std::string_view(address, bytes).find_first_not_of(mark) == std::string_view::npos;
  }
};

TEST(Heap, RoundsUpByLittle) {
  for (std::size_t bytes = 1; bytes <= Heap::kSmallBytesMax; ++bytes) {
    const std::size_t rounded = Heap::rounded(bytes);
    ASSERT_GE(rounded, bytes);
    ASSERT_LE(rounded, bytes + (bytes <= 1024 ? 7 : 63)) << bytes;
    ASSERT_EQ(Heap::rounded(rounded), rounded);
    ASSERT_EQ(rounded % 8, 0u);
  }
}

TEST(Heap, BlocksOfEverySizeAreApart) {
  Heap heap;
  std::vector<Block> blocks;
  for (std::size_t bytes = 1; bytes <= Heap::kSmallBytesMax + 1000; bytes += 3) {
    for (int i = 0; i < 3; ++i) {
      blocks.push_back(Block::take(heap, bytes, static_cast<char>('a' + blocks.size() % 26)));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back().address) % 8, 0u);
    }
  }
  for (const Block& block : blocks) {
    ASSERT_TRUE(block.is_intact());
    heap.release(block.address, block.bytes);
  }
  EXPECT_EQ(heap.used_bytes(), 0u);
  EXPECT_EQ(heap.hole_bytes(), 0u);
}

TEST(Heap, UsesAHoleBeforeNewMemory) {
  Heap heap;
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(heap.allocate(40));
  heap.release(blocks[50], 40);
  EXPECT_EQ(heap.hole_bytes(), 40u);
  EXPECT_EQ(heap.allocate(33), blocks[50]);
  EXPECT_EQ(heap.hole_bytes(), 0u);
  for (void* block : blocks) heap.release(block, 40);
}

TEST(Heap, GivesAddressSpaceBack) {
  Heap heap;
  std::vector<void*> blocks;
  for (int i = 0; i < 40'000; ++i) blocks.push_back(heap.allocate(1000));
  EXPECT_GE(heap.runs().mapped_bytes(), 40'000'000u);
  for (void* block : blocks) heap.release(block, 1000);
  EXPECT_LE(heap.runs().mapped_bytes(), 8u * 1024 * 1024);
}

TEST(Heap, PlainPassesEverythingOn) {
  Heap& heap = Heap::plain();
  EXPECT_FALSE(heap.is_small(1));
  void* const block = heap.allocate(10);
  EXPECT_GE(heap.block_bytes(block, 10), 10u);
  heap.release(block, 10);
  EXPECT_EQ(heap.runs().mapped_bytes(), 0u);
}

RC_GTEST_PROP(Heap, KeepsBlocksApartHoweverTheyComeAndGo, ()) {
  Heap heap;
  std::vector<Block> blocks;
  std::size_t used = 0;
  const auto steps =
      *rc::gen::container<std::vector<std::uint32_t>>(3000, rc::gen::arbitrary<std::uint32_t>());
  for (const std::uint32_t step : steps) {
    if (step % 5 < 3 || blocks.empty()) {
      // Few sizes, so that runs fill up; large ones, so that they do so soon.
      const std::size_t bytes = 1 + step / 8 % 4 * 1300;
      used += Heap::rounded(bytes);
      blocks.push_back(Block::take(heap, bytes, static_cast<char>(step)));
    } else {
      Block& block = blocks[step / 8 % blocks.size()];
      RC_ASSERT(block.is_intact());
      used -= Heap::rounded(block.bytes);
      heap.release(block.address, block.bytes);
      block = blocks.back();
      blocks.pop_back();
    }
    RC_ASSERT(heap.used_bytes() == used);
  }
  for (const Block& block : blocks) {
    RC_ASSERT(block.is_intact());
    heap.release(block.address, block.bytes);
  }
  RC_ASSERT(heap.hole_bytes() == 0);
}

}  // namespace
}  // namespace borg::storage
