// SPDX-License-Identifier: Apache-2.0
#include "storage/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace borg::storage {
namespace {

/// Checks at its end that nothing is left in it.
Heap heap;

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
        Entry entry = Entry::create(heap, key, value, expiry, ValueType::kString);
        expect_entry(entry, key, value, expiry);
        EXPECT_GE(entry.allocated_bytes(heap), key_size + value_size + 3);
        entry.destroy(heap);
      }
    }
  }
}

TEST(Entry, IsRenamedAcrossEachHeaderWidth) {
  for (const std::size_t value_size : {0, 100, 4000, 20000, 2097152}) {
    for (const std::size_t from : {1, 127, 128, 16384}) {
      for (const std::size_t to : {1, 3, 127, 128, 16384}) {
        const ExpiryMs expiry = from == 1 ? kNoExpiry : 17;
        const std::string value(value_size, 'v');
        Entry entry =
            Entry::create(heap, std::string(from, 'a'), value, expiry, ValueType::kString);
        entry = entry.renamed(heap, std::string(to, 'b'));
        expect_entry(entry, std::string(to, 'b'), value, expiry);
        entry = entry.resized(heap, value_size + 1);
        expect_entry(entry, std::string(to, 'b'), value + '\0', expiry);
        entry.destroy(heap);
      }
    }
  }
}

TEST(Entry, HeaderOfASmallEntryTakesThreeBytes) {
  const std::string key(16, 'k');
  Entry entry = Entry::create(heap, key, std::string(61, 'v'), kNoExpiry, ValueType::kString);
  EXPECT_EQ(entry.allocated_bytes(heap), 80u);
  entry = entry.with_expiry(heap, 1'700'000'000'000);
  EXPECT_EQ(entry.allocated_bytes(heap), 88u);
  entry.destroy(heap);
}

TEST(Entry, CrossesTheBorderOfSmallBlocksBothWays) {
  Entry entry = Entry::create(heap, "key", std::string(4000, 'a'), kNoExpiry, ValueType::kString);
  entry = entry.resized(heap, 5000);
  entry = entry.resized(heap, 6000);
  EXPECT_FALSE(heap.is_small(entry.allocated_bytes(heap)));
  entry = entry.resized(heap, 4050);
  EXPECT_TRUE(heap.is_small(entry.allocated_bytes(heap)));
  expect_entry(entry, "key", std::string(4000, 'a') + std::string(50, '\0'), kNoExpiry);
  entry = entry.replaced(heap, std::string(4096, 'b'), kNoExpiry, ValueType::kString);
  EXPECT_FALSE(heap.is_small(entry.allocated_bytes(heap)));
  entry = entry.replaced(heap, entry.view().value.substr(1, 4000), kNoExpiry, ValueType::kString);
  expect_entry(entry, "key", std::string(4000, 'b'), kNoExpiry);
  entry.destroy(heap);
}

TEST(Entry, KeepsBinaryKeysAndValues) {
  const std::string key = "\0\xff{\r\n"s;
  const std::string value = "\x80\0\0z"s;
  Entry entry = Entry::create(heap, key, value, kNoExpiry, ValueType::kString);
  EXPECT_TRUE(entry.has_key(key));
  EXPECT_FALSE(entry.has_key(std::string_view(key).substr(0, 4)));
  expect_entry(entry, key, value, kNoExpiry);
  entry.destroy(heap);
}

TEST(Entry, ReplacedByAViewOfItsOwnValue) {
  for (const std::size_t keep : {0, 1, 50, 99, 100}) {
    const std::string value = std::string(50, 'a') + std::string(50, 'b');
    Entry entry = Entry::create(heap, "key", value, kNoExpiry, ValueType::kString);
    entry =
        entry.replaced(heap, entry.view().value.substr(100 - keep), kNoExpiry, ValueType::kString);
    expect_entry(entry, "key", value.substr(100 - keep), kNoExpiry);
    entry = entry.replaced(heap, entry.view().value, 77, ValueType::kString);
    expect_entry(entry, "key", value.substr(100 - keep), 77);
    entry = entry.replaced(heap, entry.key(), 77, ValueType::kString);
    expect_entry(entry, "key", "key", 77);
    entry.destroy(heap);
  }
}

TEST(Entry, KeepsItsFormUntilItIsReplaced) {
  for (const StringForm form : {StringForm::kText, StringForm::kInPlace}) {
    Entry entry = Entry::create(heap, "key", "17", kNoExpiry, ValueType::kString);
    EXPECT_EQ(entry.view().form, StringForm::kByContent);
    entry.set_form(form);
    entry = entry.with_expiry(heap, 77).compacted(heap);
    EXPECT_EQ(entry.view().form, form);
    expect_entry(entry, "key", "17", 77);
    entry = entry.resized(heap, 2);
    EXPECT_EQ(entry.view().form, StringForm::kInPlace);
    entry = entry.replaced(heap, "18", 77, ValueType::kString);
    EXPECT_EQ(entry.view().form, StringForm::kByContent);
    entry.destroy(heap);
  }
}

TEST(Entry, ReplacingGivesMemoryBack) {
  Entry entry = Entry::create(heap, "key", std::string(100000, 'x'), kNoExpiry, ValueType::kString);
  entry = entry.replaced(heap, "small", kNoExpiry, ValueType::kString);
  EXPECT_LT(entry.allocated_bytes(heap), 64u);
  entry.destroy(heap);
}

TEST(Entry, GrowingOnceLeavesNoSpareRoom) {
  Entry entry = Entry::create(heap, "key", "v", kNoExpiry, ValueType::kString);
  entry = entry.resized(heap, 5000);
  EXPECT_LT(entry.allocated_bytes(heap), 5100u);
  entry.destroy(heap);
}

TEST(Entry, GrowingByteByByteCopiesEachByteAFewTimes) {
  constexpr std::size_t kSize = 100000;
  Entry entry = Entry::create(heap, "key", "", kNoExpiry, ValueType::kString);
  std::size_t copied = 0;
  for (std::size_t size = 1; size <= kSize; ++size) {
    const std::uintptr_t before = entry.address();
    const std::size_t room = entry.allocated_bytes(heap);
    entry = entry.resized(heap, size);
    if (entry.address() != before || entry.allocated_bytes(heap) != room) copied += size;
    entry.value_data()[size - 1] = static_cast<char>(size);
  }
  EXPECT_LT(copied, 6 * kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    ASSERT_EQ(entry.view().value[i], static_cast<char>(i + 1));
  }
  entry.destroy(heap);
}

TEST(Entry, ShrinkingGivesMemoryBack) {
  Entry entry = Entry::create(heap, "key", std::string(100000, 'x'), 5, ValueType::kString);
  entry = entry.resized(heap, 70000);
  entry = entry.resized(heap, 20000);
  EXPECT_LT(entry.allocated_bytes(heap), 70000u);
  entry = entry.resized(heap, 0);
  EXPECT_LT(entry.allocated_bytes(heap), 64u);
  expect_entry(entry, "key", "", 5);
  entry.destroy(heap);
}

RC_GTEST_PROP(Entry, FollowsAnyHistory, (std::string key, std::string value)) {
  Entry entry = Entry::create(heap, key, value, kNoExpiry, ValueType::kString);
  ExpiryMs expiry = kNoExpiry;
  const auto steps = *rc::gen::container<std::vector<int>>(20, rc::gen::inRange(0, 4));
  for (const int step : steps) {
    const auto size = *rc::gen::inRange<std::size_t>(0, 400);
    if (step == 0) {
      expiry = *rc::gen::element(ExpiryMs{kNoExpiry}, ExpiryMs{0}, ExpiryMs{1'700'000'000'000});
      entry = entry.with_expiry(heap, expiry);
    } else if (step == 1) {
      value = std::string(size, 'r');
      entry = entry.replaced(heap, value, expiry, ValueType::kString);
    } else {
      value.resize(size, '\0');
      entry = entry.resized(heap, size);
    }
    RC_ASSERT(entry.key() == key);
    RC_ASSERT(entry.view().value == value);
    RC_ASSERT(entry.expiry() == expiry);
  }
  entry.destroy(heap);
}

}  // namespace
}  // namespace borg::storage
