// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace borg::storage {
namespace {

/// Checks at its end that nothing is left in it.
Heap heap;

constexpr std::size_t kMany = 64 * 20 + 5;
/// What an allocator may add to align a block to 64 bytes.
constexpr std::size_t kAlignmentSlack = 64;

/// Marks each bucket with one entry, its number.
void add_marked(BucketArray& array, std::size_t number) {
  array[number].append(
      heap, Entry::create(heap, std::to_string(number), "", kNoExpiry, ValueType::kString), 1);
}

void drop_marked(BucketArray& array, std::size_t number) {
  Entry entry = array[number].at(0);
  EXPECT_EQ(entry.key(), std::to_string(number));
  array[number].remove(heap, 0);
  entry.destroy(heap);
}

TEST(BucketArray, KeepsBucketsWhileItGrowsAndShrinks) {
  BucketArray array(heap.buckets());
  for (int round = 0; round < 2; ++round) {
    add_marked(array, 0);
    while (array.size() < kMany) {
      array.push_back();
      ASSERT_EQ(array[array.size() - 1].size(), 0u);
      add_marked(array, array.size() - 1);
    }
    for (std::size_t i = 0; i < kMany; ++i) ASSERT_EQ(array[i].at(0).key(), std::to_string(i));
    while (array.size() > 1) {
      drop_marked(array, array.size() - 1);
      array.pop_back();
      ASSERT_EQ(array[array.size() / 2].at(0).key(), std::to_string(array.size() / 2));
    }
    drop_marked(array, 0);
  }
}

/// What `array` may take if a fraction of its buckets is spare.
std::size_t bytes_max(const BucketArray& array, std::size_t fraction) {
  const std::size_t used = array.size() * sizeof(Bucket);
  const std::size_t directory = array.size() <= 64 ? 0 : 64 + array.size() / 64 * 16;
  const std::size_t spare = std::min<std::size_t>(used / fraction, 4096);
  return used + spare + sizeof(Bucket) + kAlignmentSlack + directory;
}

TEST(BucketArray, TakesLittleMoreThanItsBuckets) {
  BucketArray array(heap.buckets());
  for (; array.size() < kMany; array.push_back()) {
    ASSERT_LE(array.allocated_bytes(), bytes_max(array, 8)) << array.size();
  }
  for (; array.size() > 1; array.pop_back()) {
    // The directory shrinks late.
    ASSERT_LE(array.allocated_bytes(), bytes_max(array, 4) + 200) << array.size();
  }
  EXPECT_LE(array.allocated_bytes(), bytes_max(array, 4));
}

TEST(BucketArray, SurvivesGoingBackAndForthOverASegment) {
  BucketArray array(heap.buckets());
  while (array.size() < 64) array.push_back();
  for (std::size_t i = 0; i < 64; ++i) add_marked(array, i);
  for (int i = 0; i < 100; ++i) {
    array.push_back();
    ASSERT_EQ(array[63].at(0).key(), "63");
    array.pop_back();
    ASSERT_EQ(array[63].at(0).key(), "63");
  }
  for (std::size_t i = 0; i < 64; ++i) drop_marked(array, i);
}

}  // namespace
}  // namespace borg::storage
