// SPDX-License-Identifier: Apache-2.0
#include "storage/watch_table.h"

#include <gtest/gtest.h>

#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/partition_store.h"
#include "storage/set_value.h"

namespace borg::storage {
namespace {

constexpr Epoch kTerm(3);

TEST(WatchToken, IsReadAsItWasWritten) {
  const WatchToken token{.term = Epoch(7), .from = Seq(UINT64_MAX), .existed = true};
  const auto read = WatchToken::read(token.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->term, token.term);
  EXPECT_EQ(read->from, token.from);
  EXPECT_TRUE(read->existed);
  for (const char* text : {"", "1", "1.2", "1.2.", "1.2.2", "1.2.1 ", "a.2.1", "1..1", "1.2.1.1",
                           "18446744073709551616.1.1", "-1.1.1"}) {
    EXPECT_FALSE(WatchToken::read(text)) << text;
  }
}

TEST(WatchTable, KnowsWhatChangedSince) {
  WatchTable table(kTerm, Seq(10));
  const WatchToken token = table.watch(1, true);
  EXPECT_FALSE(table.is_changed(1, token));
  table.touch(2);
  table.begin_operation(Seq(11));
  EXPECT_FALSE(table.is_changed(1, token));
  table.touch(1);
  EXPECT_TRUE(table.is_changed(1, token));
  table.begin_operation(Seq(12));
  EXPECT_FALSE(table.is_changed(1, table.watch(1, true))) << "it is watched anew";
  EXPECT_TRUE(table.is_changed(1, token)) << "the older watch has seen a change all the same";
}

TEST(WatchTable, CountsTheVeryNextOperation) {
  WatchTable table(kTerm, Seq(10));
  const WatchToken token = table.watch(1, true);
  table.touch(1);
  EXPECT_TRUE(table.is_changed(1, token));
}

TEST(WatchTable, KnowsNothingOfAnotherTerm) {
  WatchTable before(Epoch(2), Seq(10));
  const WatchToken token = before.watch(1, true);
  WatchTable table(kTerm, Seq(10));
  (void)table.watch(1, true);
  EXPECT_TRUE(table.is_changed(1, token));
}

TEST(WatchTable, KeysThatWereNotThereAreNotCleared) {
  WatchTable table(kTerm, Seq(10));
  const WatchToken absent = table.watch(1, false);
  const WatchToken present = table.watch(2, true);
  table.touch_all();
  EXPECT_FALSE(table.is_changed(1, absent));
  EXPECT_TRUE(table.is_changed(2, present));
}

TEST(WatchTable, ForgetsWhatWasWatchedLongAgoAndThenCallsItChanged) {
  WatchTable table(kTerm, Seq(10));
  const WatchToken oldest = table.watch(1, true);
  const WatchToken kept = table.watch(2, true);
  for (std::uint64_t hash = 3; hash <= WatchTable::kKeysMax; ++hash) (void)table.watch(hash, true);
  (void)table.watch(2, true);
  EXPECT_FALSE(table.is_changed(1, oldest));
  for (std::uint64_t hash = 1; hash <= 10; ++hash) (void)table.watch(hash + 1'000'000, true);
  EXPECT_LE(table.size(), WatchTable::kKeysMax);
  EXPECT_TRUE(table.is_changed(1, oldest));
  EXPECT_FALSE(table.is_changed(2, kept)) << "somebody watched it just now";
  table.begin_operation(Seq(11));
  (void)table.watch(1, true);
  EXPECT_TRUE(table.is_changed(1, oldest)) << "it may have been changed while it was forgotten";
}

/// A store of which one key is watched.
class WatchedStore : public ::testing::Test {
 protected:
  void SetUp() override {
    store.record_watched(&table);
    token = table.watch(key.hash, false);
  }
  bool was_changed() {
    const bool changed = table.is_changed(key.hash, token);
    seq = seq.next();
    table.begin_operation(seq);
    token = table.watch(key.hash, store.find(key).has_value());
    return changed;
  }
  const KeyRef key = key_ref("k");
  const KeyRef other = key_ref("{k}2");
  PartitionStore store{partition_of(key.slot)};
  Seq seq{10};
  WatchTable table{kTerm, seq};
  WatchToken token;
};

TEST_F(WatchedStore, TellsOfEveryChange) {
  store.put(key, "value", kNoExpiry);
  EXPECT_TRUE(was_changed());
  store.put(key, "value", kNoExpiry);
  EXPECT_TRUE(was_changed());
  EXPECT_TRUE(store.set_expiry(key, 1000));
  EXPECT_TRUE(was_changed());
  (void)store.resize_value(key, 3);
  EXPECT_TRUE(was_changed());
  store.splice_value(key, {.at = 0, .removed = 0, .added = 1})[0] = 'x';
  EXPECT_TRUE(was_changed());
  EXPECT_TRUE(store.erase(key));
  EXPECT_TRUE(was_changed());
}

TEST_F(WatchedStore, IsSilentWhereNothingChanges) {
  EXPECT_FALSE(store.erase(key));
  EXPECT_FALSE(store.set_expiry(key, 1000));
  store.put(other, "value", kNoExpiry);
  EXPECT_TRUE(store.erase(other));
  store.clear_later();
  store.clear();
  EXPECT_FALSE(was_changed());
}

TEST_F(WatchedStore, TellsOfKeysThatAreCleared) {
  store.put(key, "value", kNoExpiry);
  EXPECT_TRUE(was_changed());
  store.clear_later();
  EXPECT_TRUE(was_changed());
  store.put(key, "value", kNoExpiry);
  EXPECT_TRUE(was_changed());
  store.clear();
  EXPECT_TRUE(was_changed());
}

TEST_F(WatchedStore, TellsOfChangesInLargeHashes) {
  const std::string value(kPackedHashBytesMax + 1, 'x');
  HashWriter(store, key, store.find(key)).put("a", value);
  EXPECT_TRUE(was_changed());
  HashWriter(store, key, store.find(key)).put("a", value);
  EXPECT_TRUE(was_changed());
  EXPECT_FALSE(HashWriter(store, key, store.find(key)).erase("b"));
  EXPECT_FALSE(was_changed());
  HashWriter(store, key, store.find(key)).put("b", value);
  EXPECT_TRUE(was_changed());
  EXPECT_TRUE(HashWriter(store, key, store.find(key)).erase("b"));
  EXPECT_TRUE(was_changed());
}

TEST_F(WatchedStore, TellsOfChangesInLargeSets) {
  const std::string member(kPackedSetBytesMax + 1, 'x');
  EXPECT_TRUE(SetWriter(store, key, store.find(key)).add(member));
  EXPECT_TRUE(was_changed());
  EXPECT_FALSE(SetWriter(store, key, store.find(key)).add(member));
  EXPECT_FALSE(SetWriter(store, key, store.find(key)).erase("b"));
  EXPECT_FALSE(was_changed());
  EXPECT_TRUE(SetWriter(store, key, store.find(key)).add("b"));
  EXPECT_TRUE(was_changed());
  EXPECT_TRUE(SetWriter(store, key, store.find(key)).erase("b"));
  EXPECT_TRUE(was_changed());
}

TEST_F(WatchedStore, TellsOfChangesInLargeLists) {
  const std::string element(LargeList::kRunBytesMax + 1, 'x');
  ListWriter(store, key, store.find(key)).insert(0, element);
  EXPECT_TRUE(was_changed());
  ListWriter(store, key, store.find(key)).insert(1, "b");
  EXPECT_TRUE(was_changed());
  ListWriter(store, key, store.find(key)).set(1, "b");
  EXPECT_TRUE(was_changed());
  ListWriter(store, key, store.find(key)).erase(1, 0);
  EXPECT_FALSE(was_changed());
  ListWriter(store, key, store.find(key)).erase(1, 1);
  EXPECT_TRUE(was_changed());
}

}  // namespace
}  // namespace borg::storage
