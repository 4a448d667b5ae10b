// SPDX-License-Identifier: Apache-2.0
#include "storage/hash_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/packed.h"
#include "storage/value_kinds.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(7);
using Model = std::map<std::string, std::string>;

KeyRef hash_key() { return key_ref("hash", first_slot(kPartition)); }

HashWriter writer_of(PartitionStore& store) { return {store, hash_key(), store.find(hash_key())}; }

Model content_of(const PartitionStore& store) {
  Model content;
  const auto entry = store.find(hash_key());
  if (!entry) return content;
  HashReader(*entry).for_each([&](std::string_view field, std::string_view value) {
    EXPECT_TRUE(content.emplace(field, value).second) << "twice: " << field;
  });
  return content;
}

std::string field_of(std::size_t number) { return "field " + std::to_string(number); }

void fill(PartitionStore& store, std::size_t fields) {
  for (std::size_t i = 0; i < fields; ++i) writer_of(store).put(field_of(i), "v");
}

struct Step {
  bool is_put;
  std::size_t first;
  std::size_t count;
  std::size_t value_size;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << (step.is_put ? "put " : "erase ") << step.first << '+' << step.count << " of "
             << step.value_size;
}

rc::Gen<Step> any_step() {
  return rc::gen::apply(
      [](bool is_put, std::size_t first, std::size_t count, std::size_t value_size) {
        return Step{is_put, first, count, value_size};
      },
      rc::gen::arbitrary<bool>(), rc::gen::inRange<std::size_t>(0, 700),
      rc::gen::inRange<std::size_t>(0, 700),
      rc::gen::weightedOneOf<std::size_t>(
          {{9, rc::gen::inRange<std::size_t>(0, 65)}, {1, rc::gen::inRange<std::size_t>(0, 200)}}));
}

void run(const Step& step, PartitionStore& store, Model& model) {
  HashWriter hash = writer_of(store);
  for (std::size_t i = step.first; i < step.first + step.count; ++i) {
    const std::string field = field_of(i);
    if (step.is_put) {
      const std::string value(step.value_size, static_cast<char>(i));
      RC_ASSERT(hash.put(field, value) == !model.contains(field));
      model[field] = value;
    } else {
      RC_ASSERT(hash.erase(field) == (model.erase(field) > 0));
    }
  }
  RC_ASSERT(hash.exists() == !model.empty());
}

RC_GTEST_PROP(HashValue, BehavesAsAMap, ()) {
  PartitionStore store(kPartition);
  const std::size_t empty_bytes = store.memory_bytes();
  Model model;
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  for (const Step& step : steps) run(step, store, model);
  RC_ASSERT(content_of(store) == model);
  if (const auto entry = store.find(hash_key())) {
    RC_ASSERT(HashReader(*entry).size() == model.size());
    for (const auto& [field, value] : model) RC_ASSERT(HashReader(*entry).find(field) == value);
    if (!entry->is_large) RC_ASSERT(is_valid_packed(ValueType::kHash, entry->value));
  }
  store.clear();
  RC_ASSERT(store.memory_bytes() == empty_bytes);
}

RC_GTEST_PROP(HashValue, ItsDigestIsThatOfItsContent, ()) {
  PartitionStore store(kPartition);
  Model model;
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  for (const Step& step : steps) run(step, store, model);
  PartitionStore other(kPartition);
  for (auto at = model.rbegin(); at != model.rend(); ++at)
    writer_of(other).put(at->first, at->second);
  if (model.empty()) return;
  const auto digest = [](const PartitionStore& s) { return digest_of_value(*s.find(hash_key())); };
  RC_ASSERT(digest(store) == digest(other));
  writer_of(other).put(model.begin()->first, model.begin()->second + "x");
  RC_ASSERT(digest(store) != digest(other));
}

TEST(HashValue, IsPackedUpToRedissLimits) {
  PartitionStore store(kPartition);
  fill(store, 512);
  EXPECT_FALSE(store.find(hash_key())->is_large);
  writer_of(store).put("one more", "v");
  EXPECT_TRUE(store.find(hash_key())->is_large);
  EXPECT_EQ(content_of(store).size(), 513u);
}

TEST(HashValue, KeepsItsExpiryWhenItBecomesLarge) {
  PartitionStore store(kPartition);
  fill(store, 10);
  store.set_expiry(hash_key(), 1234);
  writer_of(store).put("long", std::string(65, 'x'));
  EXPECT_TRUE(store.find(hash_key())->is_large);
  EXPECT_EQ(store.find(hash_key())->expiry, 1234);
  EXPECT_EQ(store.keys_with_expiry(), 1u);
  store.set_expiry(hash_key(), kNoExpiry);
  EXPECT_EQ(content_of(store).size(), 11u);
}

TEST(HashValue, CountsItsMemoryAsItGrowsAndShrinks) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  fill(store, 20'000);
  EXPECT_GT(store.memory_bytes(), empty + 20'000 * 12);
  EXPECT_GT(store.memory_bytes(hash_key()).value(), 20'000u * 12);
  HashWriter hash = writer_of(store);
  for (std::size_t i = 0; i < 20'000; ++i) EXPECT_TRUE(hash.erase(field_of(i)));
  EXPECT_FALSE(store.find(hash_key()));
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(HashValue, ALargeOneIsDestroyedInSteps) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  fill(store, 20'000);
  const std::size_t full = store.memory_bytes();
  store.erase(hash_key());
  EXPECT_TRUE(store.has_garbage());
  EXPECT_GT(store.memory_bytes(), full - full / 10) << "it is still taken";
  int rounds = 0;
  for (; store.has_garbage(); ++rounds) {
    ScanBudget budget{.keys_left = 1000, .bytes_left = SIZE_MAX};
    store.collect(budget);
  }
  EXPECT_GE(rounds, 15);
  EXPECT_LE(rounds, 21);
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(HashValue, WhatReplacesALargeOneLeavesItToTheCollector) {
  PartitionStore store(kPartition);
  fill(store, 20'000);
  store.put(hash_key(), "a string", 99);
  EXPECT_TRUE(store.has_garbage());
  EXPECT_EQ(store.find(hash_key())->value, "a string");
  fill(store, 0);
  store.erase(hash_key());
  store.clear();
  EXPECT_FALSE(store.has_garbage());
}

TEST(HashValue, AScanOfALargeOneVisitsWhatStaysHoweverItChanges) {
  PartitionStore store(kPartition);
  fill(store, 3000);
  std::set<std::string> seen;
  std::optional<std::uint64_t> position = 0;
  std::size_t next = 3000;
  for (int step = 0; position; ++step) {
    position = HashReader(*store.find(hash_key())).scan(*position, 10, [&](auto field, auto) {
      seen.emplace(field);
    });
    // The even ones of the first come to go, the others come in numbers.
    HashWriter hash = writer_of(store);
    for (int i = 0; i < 20; ++i) hash.put(field_of(next++), "v");
    for (int i = 0; i < 7 && step < 100; ++i) hash.erase(field_of(2u * (7u * step + i)));
  }
  for (std::size_t i = 1; i < 3000; i += 2) EXPECT_TRUE(seen.contains(field_of(i))) << i;
}

TEST(HashValue, DrawsAllFields) {
  Random random(1);
  for (const std::size_t fields : {3, 1000}) {
    PartitionStore store(kPartition);
    fill(store, fields);
    std::set<std::string> drawn;
    for (std::size_t i = 0; i < fields * 30; ++i) {
      drawn.emplace(HashReader(*store.find(hash_key())).draw(random).first);
    }
    EXPECT_GT(drawn.size(), fields * 99 / 100);
  }
}

TEST(Packed, RefusesDamagedBytes) {
  std::string packed(kPackedHeaderBytes, '\0');
  set_packed_count(packed.data(), 2);
  for (const char* item : {"a", "1", "b", "2"}) append_packed_item(packed, item);
  append_packed_item(packed, "");
  packed.pop_back();
  EXPECT_TRUE(is_packed(packed, 2));
  EXPECT_FALSE(is_packed(packed + "x", 2));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(is_packed(packed.substr(0, size), 2)) << size;
  }
  packed[kPackedHeaderBytes] = '\x7f';
  EXPECT_FALSE(is_packed(packed, 2));
  EXPECT_FALSE(is_packed(std::string("\x01\x00\xff\xff\xff\xff\xff\xff", 8), 1));
}

TEST(Packed, KeepsItemsOfEverySize) {
  std::string packed(kPackedHeaderBytes, '\0');
  for (const std::size_t size : {0, 1, 127, 128, 16383, 16384, 100000}) {
    const std::size_t begin = packed.size();
    append_packed_item(packed, std::string(size, 'x'));
    EXPECT_EQ(packed.size() - begin, packed_item_bytes(size));
    EXPECT_EQ(packed_item(packed, begin).bytes, std::string(size, 'x'));
    EXPECT_EQ(packed_item(packed, begin).end, packed.size());
  }
}

}  // namespace
}  // namespace borg::storage
