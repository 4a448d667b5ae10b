// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

namespace borg {
namespace {

TEST(Random, SameSeedSameNumbers) {
  Random a(42);
  Random b(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, StaysInItsRangesAndReachesTheirEnds) {
  Random random(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 2000; ++i) {
    EXPECT_LT(random.below(3), 3u);
    const auto v = random.between(-2, 2);
    low = low || v == -2;
    high = high || v == 2;
    ASSERT_TRUE(v >= -2 && v <= 2);
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace borg
