// SPDX-License-Identifier: Apache-2.0
#include "base/slot.h"

#include <gtest/gtest.h>

#include <boost/crc.hpp>
#include <string>

namespace borg {
namespace {

// The expected numbers are those that redis-server 7.0.15 answers to CLUSTER KEYSLOT.
TEST(Slot, AgreesWithRedisCluster) {
  EXPECT_EQ(slot_of_key("foo"), SlotId(12182));
  EXPECT_EQ(slot_of_key("somekey"), SlotId(11058));
  EXPECT_EQ(slot_of_key(""), SlotId(0));
  EXPECT_EQ(slot_of_key("123456789"), SlotId(12739));
}

TEST(Slot, IsTheCrcOfKeysOfAnyLengthAndBytes) {
  std::string key;
  for (int i = 0; i < 300; ++i) {
    boost::crc_optimal<16, 0x1021, 0, 0, false, false> crc;
    crc.process_bytes(key.data(), key.size());
    EXPECT_EQ(slot_of_key(key), SlotId(static_cast<std::uint16_t>(crc.checksum() % kSlotCount)));
    const int byte = (i * 131 + 7) & 0xff;  // all there are, but for the tag's
    if (byte != '{') key.push_back(static_cast<char>(byte));
  }
}

TEST(Slot, HashesOnlyANonEmptyTag) {
  EXPECT_EQ(slot_of_key("{foo}.bar"), slot_of_key("foo"));
  EXPECT_EQ(slot_of_key("x{foo}{bar}"), slot_of_key("foo"));
  EXPECT_EQ(slot_of_key("foo{{bar}}zap"), slot_of_key("{bar"));
  EXPECT_NE(slot_of_key("foo{}{bar}"), slot_of_key("bar"));
  EXPECT_NE(slot_of_key("{foo"), slot_of_key("foo"));
}

TEST(Slot, PartitionsAreSixteenConsecutiveSlots) {
  EXPECT_EQ(partition_of(SlotId(15)), PartitionId(0));
  EXPECT_EQ(partition_of(SlotId(16)), PartitionId(1));
  EXPECT_EQ(first_slot(partition_of(SlotId(16383))), SlotId(16368));
}

}  // namespace
}  // namespace borg
