// SPDX-License-Identifier: Apache-2.0
#include "base/strong_id.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "base/ids.h"

namespace borg {
namespace {

static_assert(!std::is_convertible_v<Epoch, Seq>);
static_assert(!std::is_convertible_v<Epoch, std::uint64_t>);
static_assert(!std::is_convertible_v<std::uint64_t, Epoch>);

TEST(StrongId, OrdersAndCounts) {
  EXPECT_LT(Epoch(1), Epoch(2));
  EXPECT_EQ(Seq(4).next(), Seq(5));
  EXPECT_EQ(NodeId(), NodeId(0));
}

}  // namespace
}  // namespace borg
