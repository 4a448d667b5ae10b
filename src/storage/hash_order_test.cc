// SPDX-License-Identifier: Apache-2.0
#include "storage/hash_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace borg::storage {
namespace {

TEST(HashOrder, HashIsTheSameInEveryRelease) {
  EXPECT_EQ(hash_of_key(""), 0x2d06800538d394c2u);
  EXPECT_EQ(hash_of_key("color"), 0x0c37b10495d47aa9u);
  EXPECT_EQ(hash_of_key("{user1000}.followers"), 0x90a52c2288f41abbu);
}

TEST(HashOrder, ReversesBits) {
  EXPECT_EQ(reverse_bits(0), 0u);
  EXPECT_EQ(reverse_bits(1), std::uint64_t{1} << 63);
  EXPECT_EQ(reverse_bits(0b1101), std::uint64_t{0b1011} << 60);
}

RC_GTEST_PROP(HashOrder, ReversingTwiceGivesTheSame, (std::uint64_t bits)) {
  RC_ASSERT(reverse_bits(reverse_bits(bits)) == bits);
  for (unsigned i = 0; i < 64; ++i) {
    RC_ASSERT(((bits >> i) & 1) == ((reverse_bits(bits) >> (63 - i)) & 1));
  }
}

RC_GTEST_PROP(HashOrder, PositionHolds38Bits, (std::uint64_t bits)) {
  RC_ASSERT(position_of(bits) < std::uint64_t{1} << 38);
  RC_ASSERT(reversed_from_position(position_of(bits)) <= bits);
  RC_ASSERT(position_of(reversed_from_position(position_of(bits))) == position_of(bits));
}

}  // namespace
}  // namespace borg::storage
