// SPDX-License-Identifier: Apache-2.0
#include "commands/growth.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/slot.h"

namespace borg::commands {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;

class GrowthTest : public testing::Test {
 protected:
  std::uint64_t growth_of(const std::vector<std::string>& words) {
    const std::vector<std::string_view> args(words.begin(), words.end());
    return growth(*resolve(args), args, store_);
  }
  void set(std::string_view key, std::size_t bytes) {
    store_.put(storage::key_ref(key), std::string(bytes, 'x'), storage::kNoExpiry);
  }
  storage::PartitionStore store_{partition_of(slot_of_key("{k}"))};
};

TEST_F(GrowthTest, OfMostCommandsThereIsNone) {
  EXPECT_EQ(growth_of({"SET", "{k}", std::string(1'000'000, 'x')}), 0u);
  EXPECT_EQ(growth_of({"APPEND", "{k}", "x"}), 0u);
  EXPECT_EQ(growth_of({"INCR", "{k}"}), 0u);
}

TEST_F(GrowthTest, AFarOffsetMakesALargeValue) {
  EXPECT_EQ(growth_of({"SETRANGE", "{k}", "10485760", "x"}), 10 * kMegabyte);
  EXPECT_EQ(growth_of({"SETRANGE", "{k}", "10485760", ""}), 0u);
  EXPECT_EQ(growth_of({"SETBIT", "{k}", "83886080", "1"}), 10 * kMegabyte);
  EXPECT_EQ(growth_of({"BITFIELD", "{k}", "GET", "u8", "#99999999", "SET", "u16", "#5242880", "1"}),
            10 * kMegabyte);
  EXPECT_EQ(growth_of({"BITFIELD", "{k}", "INCRBY", "i8", "83886080", "1"}), 10 * kMegabyte);
  set("{k}", 10 * kMegabyte);
  EXPECT_EQ(growth_of({"SETBIT", "{k}", "83886079", "1"}), 0u) << "it is there";
}

TEST_F(GrowthTest, SmallAndSenselessOnesDoNotCount) {
  EXPECT_EQ(growth_of({"SETRANGE", "{k}", "1000", "x"}), 0u);
  EXPECT_EQ(growth_of({"SETRANGE", "{k}", "-5", "x"}), 0u);
  EXPECT_EQ(growth_of({"SETBIT", "{k}", "much", "1"}), 0u);
  EXPECT_EQ(growth_of({"BITFIELD", "{k}", "SET", "u16"}), 0u);
  EXPECT_EQ(growth_of({"BITFIELD", "{k}", "SET", "", "#", "1"}), 0u);
}

TEST_F(GrowthTest, CopiesAreAsLargeAsWhatTheyAreMadeOf) {
  set("{k}a", 2 * kMegabyte);
  set("{k}b", 3 * kMegabyte);
  EXPECT_NEAR(static_cast<double>(growth_of({"COPY", "{k}a", "{k}c"})), 2e6, 2e5);
  EXPECT_NEAR(static_cast<double>(growth_of({"BITOP", "OR", "{k}c", "{k}a", "{k}b"})), 3.1e6, 2e5);
  EXPECT_NEAR(static_cast<double>(growth_of({"SUNIONSTORE", "{k}c", "{k}a", "{k}b"})), 5.2e6, 2e5);
  EXPECT_NEAR(static_cast<double>(growth_of({"SINTERSTORE", "{k}c", "{k}a", "{k}b"})), 2e6, 2e5);
  EXPECT_NEAR(static_cast<double>(growth_of({"ZUNIONSTORE", "{k}c", "1", "{k}a"})), 2e6, 2e5);
  EXPECT_NEAR(static_cast<double>(growth_of({"SORT", "{k}a", "STORE", "{k}c"})), 2e6, 2e5);
  EXPECT_EQ(growth_of({"SORT", "{k}a"}), 0u);
  EXPECT_EQ(growth_of({"SINTERSTORE", "{k}c", "{k}none", "{k}b"}), 0u);
}

TEST_F(GrowthTest, APartOfALargeKeyIsSmall) {
  set("{k}a", 20 * kMegabyte);
  EXPECT_EQ(growth_of({"ZRANGESTORE", "{k}c", "{k}a", "0", "9"}), 0u);
  EXPECT_EQ(growth_of({"ZRANGESTORE", "{k}c", "{k}a", "(1", "+inf", "BYSCORE", "LIMIT", "0", "5"}),
            0u);
  EXPECT_EQ(growth_of({"SORT", "{k}a", "LIMIT", "0", "5", "STORE", "{k}c"}), 0u);
  EXPECT_EQ(growth_of({"GEOSEARCHSTORE", "{k}c", "{k}a", "FROMLONLAT", "0", "0", "BYRADIUS", "1",
                       "m", "COUNT", "3"}),
            0u);
  EXPECT_GT(growth_of({"ZRANGESTORE", "{k}c", "{k}a", "0", "-1"}), 20 * kMegabyte - 1);
  EXPECT_GT(growth_of({"ZRANGESTORE", "{k}c", "{k}a", "-inf", "+inf", "BYSCORE"}),
            20 * kMegabyte - 1);
  EXPECT_GT(growth_of({"ZRANGESTORE", "{k}c", "{k}a", "0", "99999"}), 10 * kMegabyte);
}

TEST_F(GrowthTest, OfATransactionItIsThatOfItsCommands) {
  EXPECT_EQ(growth_of({"_exec", "0", "4", "SETRANGE", "{k}", "1048576", "x", "3", "SET", "{k}c",
                       "1", "4", "SETBIT", "{k}b", "8388608", "1"}),
            2 * kMegabyte);
}

}  // namespace
}  // namespace borg::commands
