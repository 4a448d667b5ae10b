// SPDX-License-Identifier: Apache-2.0
#include "node/stats.h"

#include <gtest/gtest.h>

#include "base/codec.h"

namespace borg::node {
namespace {

std::string some_numbers(int count) {
  ByteBuffer out;
  Encoder encoder(out);
  for (int i = 1; i <= count; ++i) encoder.varint(static_cast<std::uint64_t>(i) * 1000);
  return std::string(out.view());
}

TEST(Stats, RoundTrip) {
  Stats stats;
  stats.keys = 7;
  stats.sent_bytes = std::uint64_t{1} << 40;
  ByteBuffer out;
  encode(out, stats);
  const auto decoded = decode_stats(out.view());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->keys, 7u);
  EXPECT_EQ(decoded->sent_bytes, std::uint64_t{1} << 40);
}

TEST(Stats, OlderNodesKnowFewerAndNewerMore) {
  const auto old = decode_stats(some_numbers(13));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->input_bytes, 13'000u);
  EXPECT_EQ(old->sent_bytes, 0u);
  const auto newer = decode_stats(some_numbers(40));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->sent_copies, 14'000u);
}

TEST(Stats, WhatIsCutOffIsRefused) {
  EXPECT_FALSE(decode_stats(""));
  EXPECT_FALSE(decode_stats(some_numbers(12)));
  EXPECT_FALSE(decode_stats(some_numbers(13) + "\xff"));
}

}  // namespace
}  // namespace borg::node
