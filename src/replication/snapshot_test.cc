// SPDX-License-Identifier: Apache-2.0
#include "replication/snapshot.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "base/slot.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/value_kinds.h"

namespace borg::replication {
namespace {

using storage::EntryView;
using storage::key_ref;
using storage::PartitionStore;

PartitionId partition() { return partition_of(slot_of_key("{t}")); }

/// A key of each kind, small and large.
void fill(PartitionStore& store) {
  store.put(key_ref("{t}string"), "value", 17);
  for (const auto& [suffix, count] : {std::pair("small", 3), std::pair("large", 1000)}) {
    for (int i = 0; i < count; ++i) {
      const std::string element = "element " + std::to_string(i) + std::string(10, 'x');
      const auto key = [&](const char* kind) { return std::string("{t}") + kind + suffix; };
      const std::string hash = key("hash"), set = key("set"), numbers = key("num"),
                        list = key("list");
      const auto found = [&](const std::string& name) { return store.find(key_ref(name)); };
      storage::HashWriter(store, key_ref(hash), found(hash)).put(element, "v");
      storage::SetWriter(store, key_ref(set), found(set)).add(element);
      storage::SetWriter(store, key_ref(numbers), found(numbers)).add(std::to_string(i));
      storage::ListWriter(store, key_ref(list), found(list)).insert(0, element);
    }
  }
}

/// All of a store, as a snapshot has it.
std::string snapshot_of(const PartitionStore& store) {
  ByteBuffer bytes;
  Encoder out(bytes);
  store.scan(store.begin(), SIZE_MAX, SIZE_MAX, [&](const EntryView& entry) {
    encode_entry(out, entry);
    if (!entry.is_large) return;
    ElementEncoder elements(out, entry.key);
    entry.large()->scan(0, {SIZE_MAX, SIZE_MAX},
                        [&](auto element, auto value) { elements.put(element, value); });
    elements.finish();
  });
  return std::string(bytes.view());
}

std::uint64_t digest_of(const PartitionStore& store) {
  std::uint64_t sum = store.keys();
  store.scan(store.begin(), SIZE_MAX, SIZE_MAX, [&](const EntryView& entry) {
    sum += storage::digest_of_value(entry) * (key_ref(entry.key).hash | 1) +
           static_cast<std::uint64_t>(entry.expiry);
  });
  return sum;
}

TEST(Snapshot, BringsEveryKindOfValue) {
  PartitionStore store(partition());
  fill(store);
  PartitionStore copy(partition());
  ASSERT_TRUE(apply_entries(snapshot_of(store), partition(), copy));
  EXPECT_EQ(copy.keys(), 9u);
  EXPECT_EQ(digest_of(copy), digest_of(store));
}

TEST(Snapshot, BringsTheFormOfAString) {
  const auto text = key_ref("{t}text");
  const auto in_place = key_ref("{t}in place");
  PartitionStore store(partition());
  store.put(text, "1", storage::kNoExpiry);
  store.set_form(text, storage::StringForm::kText);
  store.put(in_place, "2", 5);
  store.resize_value(in_place, 1);
  PartitionStore copy(partition());
  ASSERT_TRUE(apply_entries(snapshot_of(store), partition(), copy));
  EXPECT_EQ(copy.find(text)->form, storage::StringForm::kText);
  EXPECT_EQ(copy.find(in_place)->form, storage::StringForm::kInPlace);
  EXPECT_EQ(copy.find(in_place)->expiry, 5);
  EXPECT_EQ(digest_of(copy), digest_of(store));
}

TEST(Snapshot, OfAFormThatThereIsNotIsRefused) {
  PartitionStore store(partition());
  const std::string key = "{t}key";
  for (const std::string_view head : {"\x18", "\x09", "\x14"}) {
    ByteBuffer bytes;
    Encoder out(bytes);
    out.u8(static_cast<std::uint8_t>(head.front()));
    out.bytes(key);
    out.bytes("1");
    EXPECT_FALSE(apply_entries(bytes.view(), partition(), store));
  }
}

TEST(Snapshot, ElementsWithoutTheirContainerAreRefused) {
  ByteBuffer bytes;
  Encoder out(bytes);
  ElementEncoder elements(out, "{t}nothing");
  elements.put("a", "b");
  elements.finish();
  PartitionStore store(partition());
  EXPECT_FALSE(apply_entries(bytes.view(), partition(), store));
  store.put(key_ref("{t}nothing"), "a string", storage::kNoExpiry);
  EXPECT_FALSE(apply_entries(bytes.view(), partition(), store));
}

TEST(Snapshot, ChangesOfAListThatCannotBeAreRefused) {
  PartitionStore store(partition());
  store.put_large(key_ref("{t}l"), storage::make_large(storage::ValueType::kList),
                  storage::kNoExpiry, storage::ValueType::kList);
  const auto is_taken = [&](storage::ListChange change, std::uint64_t index) {
    ByteBuffer bytes;
    Encoder out(bytes);
    ElementEncoder elements(out, "{t}l");
    elements.change(change, index, "x");
    elements.finish();
    return apply_entries(bytes.view(), partition(), store);
  };
  EXPECT_FALSE(is_taken(storage::ListChange::kErase, 0));
  EXPECT_FALSE(is_taken(storage::ListChange::kSet, 0));
  EXPECT_FALSE(is_taken(storage::ListChange::kInsert, 1));
  EXPECT_TRUE(is_taken(storage::ListChange::kInsert, 0));
  EXPECT_TRUE(is_taken(storage::ListChange::kSet, 0));
  EXPECT_TRUE(is_taken(storage::ListChange::kErase, 0));
}

RC_GTEST_PROP(Snapshot, DamagedBytesAreRefusedOrMeanSomething, ()) {
  static const std::string whole = [] {
    PartitionStore store(partition());
    fill(store);
    return snapshot_of(store);
  }();
  std::string damaged = whole;
  const auto places = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, whole.size()), rc::gen::arbitrary<char>()));
  for (const auto& [at, byte] : places) damaged[at] = byte;
  PartitionStore store(partition());
  static_cast<void>(apply_entries(damaged, partition(), store));
  digest_of(store);  // what was taken can be read
  store.clear();
}

}  // namespace
}  // namespace borg::replication
