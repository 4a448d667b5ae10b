// SPDX-License-Identifier: Apache-2.0
#include "base/byte_buffer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace borg {
namespace {

TEST(ByteBuffer, BehavesLikeAStringUnderRandomAppendsAndConsumes) {
  Random random(7);
  ByteBuffer buffer;
  std::string model;
  for (int i = 0; i < 5000; ++i) {
    const std::string bytes(random.below(300), static_cast<char>('a' + random.below(26)));
    buffer.append(bytes);
    model += bytes;
    const std::size_t n = random.below(model.size() + 1);
    buffer.consume(n);
    model.erase(0, n);
    ASSERT_EQ(buffer.view(), model);
  }
}

TEST(ByteBuffer, KeepsItsMemoryWhenEmptied) {
  ByteBuffer buffer;
  buffer.append(std::string(1000, 'x'));
  const std::size_t capacity = buffer.capacity();
  buffer.consume(1000);
  buffer.append(std::string(900, 'y'));
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(buffer.size(), 900u);
  buffer.truncate(3);
  EXPECT_EQ(buffer.view(), "yyy");
}

TEST(ByteBuffer, GivesBackWhatALargeContentTook) {
  ByteBuffer buffer;
  buffer.append(std::string(1000, 'x'));
  const std::size_t capacity = buffer.capacity();
  buffer.clear(capacity);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.append("x");
  buffer.clear(capacity - 1);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
}

}  // namespace
}  // namespace borg
