// SPDX-License-Identifier: Apache-2.0
#include "commands/hyperloglog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "base/random.h"

namespace borg::commands {
namespace {

std::uint64_t estimate(const HyperLogLog& value) {
  const auto registers = std::make_unique<HyperLogLog::Registers>();
  EXPECT_TRUE(HyperLogLog::raise_to(value.bytes(), *registers));
  return HyperLogLog::estimate(*registers);
}

TEST(HyperLogLog, EstimatesWithinFourStandardErrors) {
  for (const bool begins_dense : {false, true}) {
    HyperLogLog value;
    if (begins_dense) {
      ASSERT_TRUE(value.make_dense());
    }
    int added = 0;
    for (const int count : {1, 10, 100, 1000, 10'000, 100'000}) {
      for (; added < count; ++added) {
        ASSERT_NE(value.add("element " + std::to_string(added)), HyperLogLog::Added::kCorrupt);
      }
      const double error = std::abs(static_cast<double>(estimate(value)) - count);
      EXPECT_LE(error, 4 * 1.04 / 128 * count) << count;
    }
    EXPECT_TRUE(value.is_dense());
  }
}

TEST(HyperLogLog, SparseAndDenseHaveTheSameRegisters) {
  HyperLogLog sparse;
  HyperLogLog dense;
  ASSERT_TRUE(dense.make_dense());
  for (int i = 0; i < 1000 && !sparse.is_dense(); ++i) {
    EXPECT_EQ(sparse.add(std::to_string(i)), dense.add(std::to_string(i)));
    if (i % 50 == 0) {
      HyperLogLog converted = sparse;
      ASSERT_TRUE(converted.make_dense());
      EXPECT_EQ(converted.bytes().substr(16), dense.bytes().substr(16));
    }
  }
}

TEST(HyperLogLog, OfDamagedBytesNothingIsBelieved) {
  Random random(1);
  HyperLogLog whole;
  for (int i = 0; i < 300; ++i) static_cast<void>(whole.add(std::to_string(i)));
  const auto registers = std::make_unique<HyperLogLog::Registers>();
  int corrupt = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole.bytes();
    for (int n = 0; n < 3; ++n) {
      bytes[16 + random.below(bytes.size() - 16)] = static_cast<char>(random.below(256));
    }
    if (random.chance(1, 2)) bytes.resize(17 + random.below(bytes.size() - 16));
    HyperLogLog damaged(bytes);
    if (!HyperLogLog::raise_to(bytes, *registers)) ++corrupt;
    for (int n = 0; n < 20; ++n) static_cast<void>(damaged.add(std::to_string(random.next())));
    static_cast<void>(damaged.make_dense());
  }
  EXPECT_GT(corrupt, 1000);
}

}  // namespace
}  // namespace borg::commands
