// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <gtest/gtest.h>

#include <string>

namespace borg {
namespace {

TEST(Codec, ReadsBackWhatItWrote) {
  ByteBuffer buffer;
  Encoder out(buffer);
  const std::uint64_t numbers[] = {0, 1, 127, 128, 300, 1ULL << 35, UINT64_MAX};
  for (const auto n : numbers) out.varint(n);
  out.u8(9);
  out.u32(1u << 31);
  out.u64(UINT64_MAX - 1);
  out.bytes(std::string_view("a\0b", 3));
  const std::int64_t differences[] = {0, -1, 1, -64, 63, 64, INT64_MIN, INT64_MAX};
  for (const auto n : differences) out.signed_varint(n);
  Decoder in(buffer.view());
  for (const auto n : numbers) EXPECT_EQ(in.varint(), n);
  EXPECT_EQ(in.u8(), 9);
  EXPECT_EQ(in.u32(), 1u << 31);
  EXPECT_EQ(in.u64(), UINT64_MAX - 1);
  EXPECT_EQ(in.bytes(), std::string_view("a\0b", 3));
  for (const auto n : differences) EXPECT_EQ(in.signed_varint(), n);
  EXPECT_TRUE(in.done());
}

TEST(Codec, EveryTruncationIsAnErrorAndNeverReadsPastTheEnd) {
  ByteBuffer buffer;
  Encoder out(buffer);
  out.varint(1ULL << 40);
  out.bytes("hello");
  out.u64(5);
  for (std::size_t n = 0; n < buffer.size(); ++n) {
    Decoder in(buffer.view().substr(0, n));
    in.varint();
    in.bytes();
    in.u64();
    EXPECT_FALSE(in.ok()) << n;
  }
}

TEST(Codec, RefusesVarintsBeyond64Bits) {
  Decoder in(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace borg
