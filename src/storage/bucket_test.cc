// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace borg::storage {
namespace {

/// Checks at its end that nothing is left in it.
Heap heap;

/// A bucket that destroys what is in it.
class OwnedBucket {
 public:
  OwnedBucket() { std::memset(static_cast<void*>(&bucket_), 0, sizeof(bucket_)); }
  OwnedBucket(const OwnedBucket&) = delete;
  OwnedBucket& operator=(const OwnedBucket&) = delete;
  ~OwnedBucket() {
    while (bucket_.size() > 0) remove(bucket_.size() - 1);
  }
  Bucket* operator->() { return &bucket_; }

  void append(const std::string& key, std::uint8_t tag) {
    bucket_.append(heap, Entry::create(heap, key, "value of " + key, kNoExpiry, ValueType::kString),
                   tag);
  }
  void remove(std::size_t index) {
    Entry entry = bucket_.at(index);
    bucket_.remove(heap, index);
    entry.destroy(heap);
  }

 private:
  Bucket bucket_;
};

TEST(Bucket, NineEntriesTakeNoArray) {
  OwnedBucket bucket;
  for (int i = 0; i < 9; ++i) bucket.append(std::to_string(i), 7);
  EXPECT_EQ(bucket->size(), 9u);
  EXPECT_EQ(bucket->overflow_bytes(), 0u);
  bucket.append("tenth", 7);
  EXPECT_EQ(bucket->size(), 10u);
  EXPECT_GT(bucket->overflow_bytes(), 0u);
  bucket.remove(0);
  EXPECT_EQ(bucket->overflow_bytes(), 0u);
  EXPECT_NE(bucket->find(7, "tenth"), Bucket::kNowhere);
  EXPECT_EQ(bucket->find(7, "0"), Bucket::kNowhere);
}

TEST(Bucket, FindsOnlyUnderTheRightTag) {
  OwnedBucket bucket;
  for (int i = 0; i < 20; ++i) bucket.append(std::to_string(i), static_cast<std::uint8_t>(i));
  for (int i = 0; i < 20; ++i) {
    const auto tag = static_cast<std::uint8_t>(i);
    const std::size_t index = bucket->find(tag, std::to_string(i));
    ASSERT_NE(index, Bucket::kNowhere);
    EXPECT_EQ(bucket->at(index).key(), std::to_string(i));
    EXPECT_EQ(bucket->tag_at(index), tag);
    EXPECT_EQ(bucket->find(static_cast<std::uint8_t>(tag + 1), std::to_string(i)),
              Bucket::kNowhere);
  }
}

TEST(Bucket, HoldsThousandsOfCollidingKeys) {
  OwnedBucket bucket;
  for (int i = 0; i < 3000; ++i) bucket.append(std::to_string(i), 255);
  for (int i = 0; i < 3000; i += 7) {
    ASSERT_NE(bucket->find(255, std::to_string(i)), Bucket::kNowhere);
  }
  const std::size_t bytes = bucket->overflow_bytes();
  while (bucket->size() > 100) bucket.remove(bucket->size() / 2);
  EXPECT_LT(bucket->overflow_bytes(), bytes / 10);
}

TEST(Bucket, ReplaceKeepsTheTag) {
  OwnedBucket bucket;
  for (int i = 0; i < 12; ++i) bucket.append(std::to_string(i), 9);
  for (const char* key : {"2", "11"}) {
    const std::size_t index = bucket->find(9, key);
    Entry old = bucket->at(index);
    bucket->replace(index, Entry::create(heap, key, "other", kNoExpiry, ValueType::kString));
    old.destroy(heap);
    EXPECT_EQ(bucket->find(9, key), index);
    EXPECT_EQ(bucket->at(index).view().value, "other");
  }
}

RC_GTEST_PROP(Bucket, HoldsWhatWasAppendedAndNotRemoved, ()) {
  OwnedBucket bucket;
  std::map<std::string, std::uint8_t> model;
  const auto steps =
      *rc::gen::container<std::vector<std::uint8_t>>(200, rc::gen::arbitrary<std::uint8_t>());
  int next = 0;
  for (const std::uint8_t step : steps) {
    if (step % 5 < 3 || model.empty()) {
      const std::string key = std::to_string(next++);
      bucket.append(key, step);
      model[key] = step;
    } else {
      const std::size_t index = step % model.size();
      model.erase(std::string(bucket->at(index).key()));
      bucket.remove(index);
    }
    RC_ASSERT(bucket->size() == model.size());
  }
  for (const auto& [key, tag] : model) {
    const std::size_t index = bucket->find(tag, key);
    RC_ASSERT(index != Bucket::kNowhere);
    RC_ASSERT(bucket->tag_at(index) == tag);
  }
}

}  // namespace
}  // namespace borg::storage
