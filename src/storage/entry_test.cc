// SPDX-License-Identifier: Apache-2.0
#include "storage/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace borg::storage {
namespace {

using std::string_literals::operator""s;

void expect_entry(Entry entry, std::string_view key, std::string_view value, ExpiryMs expiry) {
  EXPECT_EQ(entry.key(), key);
  EXPECT_EQ(entry.view().key, key);
  EXPECT_EQ(entry.view().value, value);
  EXPECT_EQ(entry.view().expiry, expiry);
  EXPECT_EQ(entry.has_expiry(), expiry != kNoExpiry);
  EXPECT_EQ(entry.view().type, ValueType::kString);
}

TEST(Entry, KeepsSizesAroundEachHeaderWidth) {
  for (const std::size_t key_size : {0, 1, 127, 128, 16383, 16384}) {
    for (const std::size_t value_size : {0, 1, 127, 128, 16383, 16384, 2097151, 2097152}) {
      for (const ExpiryMs expiry : {kNoExpiry, ExpiryMs{0}, ExpiryMs{-5}, ExpiryMs{1} << 45}) {
        const std::string key(key_size, 'k');
        const std::string value(value_size, 'v');
        Entry entry = Entry::create(key, value, expiry, ValueType::kString);
        expect_entry(entry, key, value, expiry);
        EXPECT_GE(entry.allocated_bytes(), key_size + value_size + 3);
        entry.destroy();
      }
    }
  }
}

TEST(Entry, HeaderOfASmallEntryTakesThreeBytes) {
  // 16 + 64 + 3 fit a block of 88 usable bytes with glibc and of 96 with mimalloc.
  Entry entry =
      Entry::create(std::string(16, 'k'), std::string(64, 'v'), kNoExpiry, ValueType::kString);
  EXPECT_LE(entry.allocated_bytes(), 96u);
  entry.destroy();
}

TEST(Entry, KeepsBinaryKeysAndValues) {
  const std::string key = "\0\xff{\r\n"s;
  const std::string value = "\x80\0\0z"s;
  Entry entry = Entry::create(key, value, kNoExpiry, ValueType::kString);
  EXPECT_TRUE(entry.has_key(key));
  EXPECT_FALSE(entry.has_key(std::string_view(key).substr(0, 4)));
  expect_entry(entry, key, value, kNoExpiry);
  entry.destroy();
}

TEST(Entry, ReplacedByAViewOfItsOwnValue) {
  for (const std::size_t keep : {0, 1, 50, 99, 100}) {
    const std::string value = std::string(50, 'a') + std::string(50, 'b');
    Entry entry = Entry::create("key", value, kNoExpiry, ValueType::kString);
    entry = entry.replaced(entry.view().value.substr(100 - keep), kNoExpiry, ValueType::kString);
    expect_entry(entry, "key", value.substr(100 - keep), kNoExpiry);
    entry = entry.replaced(entry.view().value, 77, ValueType::kString);
    expect_entry(entry, "key", value.substr(100 - keep), 77);
    entry = entry.replaced(entry.key(), 77, ValueType::kString);
    expect_entry(entry, "key", "key", 77);
    entry.destroy();
  }
}

TEST(Entry, ReplacingGivesMemoryBack) {
  Entry entry = Entry::create("key", std::string(100000, 'x'), kNoExpiry, ValueType::kString);
  entry = entry.replaced("small", kNoExpiry, ValueType::kString);
  EXPECT_LT(entry.allocated_bytes(), 64u);
  entry.destroy();
}

TEST(Entry, GrowingOnceLeavesNoSpareRoom) {
  Entry entry = Entry::create("key", "v", kNoExpiry, ValueType::kString);
  entry = entry.resized(5000);
  EXPECT_LT(entry.allocated_bytes(), 5100u);
  entry.destroy();
}

TEST(Entry, GrowingByteByByteMovesSeldom) {
  Entry entry = Entry::create("key", "", kNoExpiry, ValueType::kString);
  std::set<std::size_t> rooms;
  for (std::size_t size = 1; size <= 100000; ++size) {
    entry = entry.resized(size);
    entry.value_data()[size - 1] = static_cast<char>(size);
    rooms.insert(entry.allocated_bytes());
  }
  EXPECT_LT(rooms.size(), 50u);
  for (std::size_t i = 0; i < 100000; ++i) {
    ASSERT_EQ(entry.view().value[i], static_cast<char>(i + 1));
  }
  entry.destroy();
}

TEST(Entry, ShrinkingGivesMemoryBack) {
  Entry entry = Entry::create("key", std::string(100000, 'x'), 5, ValueType::kString);
  entry = entry.resized(70000);
  entry = entry.resized(20000);
  EXPECT_LT(entry.allocated_bytes(), 70000u);
  entry = entry.resized(0);
  EXPECT_LT(entry.allocated_bytes(), 64u);
  expect_entry(entry, "key", "", 5);
  entry.destroy();
}

RC_GTEST_PROP(Entry, FollowsAnyHistory, (std::string key, std::string value)) {
  Entry entry = Entry::create(key, value, kNoExpiry, ValueType::kString);
  ExpiryMs expiry = kNoExpiry;
  const auto steps = *rc::gen::container<std::vector<int>>(20, rc::gen::inRange(0, 4));
  for (const int step : steps) {
    const auto size = *rc::gen::inRange<std::size_t>(0, 400);
    if (step == 0) {
      expiry = *rc::gen::element(ExpiryMs{kNoExpiry}, ExpiryMs{0}, ExpiryMs{1'700'000'000'000});
      entry = entry.with_expiry(expiry);
    } else if (step == 1) {
      value = std::string(size, 'r');
      entry = entry.replaced(value, expiry, ValueType::kString);
    } else {
      value.resize(size, '\0');
      entry = entry.resized(size);
    }
    RC_ASSERT(entry.key() == key);
    RC_ASSERT(entry.view().value == value);
    RC_ASSERT(entry.expiry() == expiry);
  }
  entry.destroy();
}

}  // namespace
}  // namespace borg::storage
