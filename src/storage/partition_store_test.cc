// SPDX-License-Identifier: Apache-2.0
#include "storage/partition_store.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/slot.h"
#include "storage/list_value.h"
#include "storage/value_kinds.h"

namespace borg::storage {
namespace {

using std::string_literals::operator""s;

constexpr PartitionId kPartition(3);

/// A key of the partition: which slot it is in does not depend on its name.
KeyRef here(std::string_view key, unsigned slot = 0) {
  return key_ref(key, SlotId(static_cast<std::uint16_t>(first_slot(kPartition).value() + slot)));
}

std::string value_of(const PartitionStore& store, const KeyRef& key) {
  const auto entry = store.find(key);
  return entry ? std::string(entry->value) : "(none)";
}

TEST(KeyRef, KnowsSlotAndHash) {
  const KeyRef key = key_ref("{user1000}.following");
  EXPECT_EQ(key.slot, slot_of_key("user1000"));
  EXPECT_EQ(key.hash, key_ref(key.key, SlotId(1)).hash);
  EXPECT_NE(key.hash, key_ref("{user1000}.followers").hash);
}

TEST(PartitionStore, PutsFindsReplacesErases) {
  PartitionStore store(kPartition);
  EXPECT_FALSE(store.find(here("a")));
  store.put(here("a"), "1", kNoExpiry);
  store.put(here("b"), "2", 1000);
  EXPECT_EQ(value_of(store, here("a")), "1");
  EXPECT_EQ(store.find(here("b"))->expiry, 1000);
  EXPECT_EQ(store.keys_with_expiry(), 1u);
  store.put(here("b"), "3", kNoExpiry);
  EXPECT_EQ(value_of(store, here("b")), "3");
  EXPECT_EQ(store.keys_with_expiry(), 0u);
  EXPECT_EQ(store.keys(), 2u);
  EXPECT_TRUE(store.erase(here("a")));
  EXPECT_FALSE(store.erase(here("a")));
  EXPECT_EQ(store.keys(), 1u);
}

TEST(PartitionStore, AnyKeyMayBePrefetched) {
  PartitionStore store(kPartition);
  for (int i = 0; i < 100; ++i) {  // empty, inline entries, overflowing buckets, several buckets
    const std::string name = "k" + std::to_string(i);
    const KeyRef key = here(name);
    store.prefetch_table(key.slot);
    store.prefetch_bucket(key);
    store.prefetch_entry(key);
    EXPECT_FALSE(store.find(key));
    store.put(key, name, kNoExpiry);
    store.prefetch_entry(key);
    EXPECT_EQ(value_of(store, key), name);
  }
}

TEST(PartitionStore, KeepsSlotsApart) {
  PartitionStore store(kPartition);
  for (unsigned slot = 0; slot < 16; ++slot) store.put(here("k", slot), std::to_string(slot), 5);
  EXPECT_EQ(store.keys(), 16u);
  for (unsigned slot = 0; slot < 16; ++slot) {
    EXPECT_EQ(value_of(store, here("k", slot)), std::to_string(slot));
    EXPECT_EQ(store.keys(here("", slot).slot), 1u);
  }
  EXPECT_TRUE(store.erase(here("k", 7)));
  EXPECT_EQ(store.keys(here("", 7).slot), 0u);
  EXPECT_FALSE(store.find(here("k", 7)));
  EXPECT_EQ(store.keys_with_expiry(), 15u);
}

TEST(PartitionStore, KeepsEmptyAndBinaryKeysAndValues) {
  PartitionStore store(kPartition);
  store.put(here(""), "empty key", kNoExpiry);
  store.put(here("empty value"), "", kNoExpiry);
  store.put(here(std::string_view()), std::string_view(), 9);
  store.put(here("\0"s), "\0\r\n\xff"s, kNoExpiry);
  store.put(here("\0\0"s), "two", kNoExpiry);
  EXPECT_EQ(store.keys(), 4u);
  EXPECT_EQ(value_of(store, here("")), "");
  EXPECT_EQ(value_of(store, here("empty value")), "");
  EXPECT_EQ(value_of(store, here("\0"s)), "\0\r\n\xff"s);
  EXPECT_EQ(value_of(store, here("\0\0"s)), "two");
}

TEST(PartitionStore, KeepsValuesOfMegabytes) {
  PartitionStore store(kPartition);
  for (unsigned i = 0; i < 6; ++i) {
    store.put(here("big", i), std::string((1u << 20) * i + i, static_cast<char>('a' + i)), 5);
  }
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT_EQ(value_of(store, here("big", i)),
              std::string((1u << 20) * i + i, static_cast<char>('a' + i)));
  }
  EXPECT_GT(store.memory_bytes(), 15u << 20);
  EXPECT_LT(store.memory_bytes(), 16u << 20);
}

TEST(PartitionStore, SetsAndRemovesExpiry) {
  PartitionStore store(kPartition);
  EXPECT_FALSE(store.set_expiry(here("a"), 5));
  store.put(here("a"), "value", kNoExpiry);
  EXPECT_FALSE(store.set_expiry(here("b"), 5));
  EXPECT_TRUE(store.set_expiry(here("a"), 5));
  EXPECT_TRUE(store.set_expiry(here("a"), 6));
  EXPECT_EQ(store.find(here("a"))->expiry, 6);
  EXPECT_EQ(store.keys_with_expiry(), 1u);
  EXPECT_TRUE(store.find(here("a"))->expired_at(6));
  EXPECT_FALSE(store.find(here("a"))->expired_at(5));
  EXPECT_TRUE(store.set_expiry(here("a"), kNoExpiry));
  EXPECT_EQ(store.keys_with_expiry(), 0u);
  EXPECT_EQ(value_of(store, here("a")), "value");
}

TEST(PartitionStore, ResizesAValueInPlace) {
  PartitionStore store(kPartition);
  store.put(here("a"), "abc", 42);
  char* value = store.resize_value(here("a"), 5);
  value[4] = 'e';
  EXPECT_EQ(value_of(store, here("a")), "abc\0e"s);
  EXPECT_EQ(store.find(here("a"))->expiry, 42);
  store.resize_value(here("a"), 2);
  EXPECT_EQ(value_of(store, here("a")), "ab");
  EXPECT_EQ(store.keys_with_expiry(), 1u);
}

TEST(PartitionStore, CopiesAValueThatIsAViewIntoItself) {
  PartitionStore store(kPartition);
  store.put(here("a"), std::string(300, 'x'), kNoExpiry);
  store.put(here("b"), store.find(here("a"))->value, kNoExpiry);
  store.put(here("a"), store.find(here("a"))->value.substr(100), 12);
  EXPECT_EQ(value_of(store, here("a")), std::string(200, 'x'));
  EXPECT_EQ(value_of(store, here("b")), std::string(300, 'x'));
  EXPECT_TRUE(store.erase(here(store.find(here("a"))->key)));
  EXPECT_EQ(store.keys(), 1u);
}

TEST(PartitionStore, GivesItsMemoryBack) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  EXPECT_LT(empty, 512u);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20000; ++i) {
      store.put(here(std::to_string(i), i % 16u), std::string(i % 300u, 'v'), i);
    }
    EXPECT_GT(store.memory_bytes(), 20000u * 150);
    if (round == 0) {
      for (int i = 0; i < 20000; ++i) ASSERT_TRUE(store.erase(here(std::to_string(i), i % 16u)));
    } else {
      store.clear();
    }
    EXPECT_EQ(store.keys(), 0u);
    EXPECT_EQ(store.keys_with_expiry(), 0u);
    EXPECT_EQ(store.memory_bytes(), empty);
  }
}

TEST(PartitionStore, WhatIsClearedLaterIsGoneAtOnceAndItsMemoryPieceByPiece) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  for (int i = 0; i < 20000; ++i) {
    store.put(here(std::to_string(i), i % 16u), "value", i % 2 == 0 ? kNoExpiry : ExpiryMs{5});
  }
  const std::size_t full = store.memory_bytes();
  store.clear_later();
  EXPECT_EQ(store.keys(), 0u);
  EXPECT_EQ(store.keys_with_expiry(), 0u);
  EXPECT_FALSE(store.find(here("7", 7)));
  EXPECT_FALSE(store.scan(store.begin(), 1, 1, [](const EntryView&) { FAIL(); }));
  EXPECT_EQ(store.memory_bytes(), full) << "it is still taken";
  store.put(here("7", 7), "new", kNoExpiry);
  int rounds = 0;
  for (std::size_t before = full; store.has_garbage(); ++rounds) {
    ScanBudget budget{.keys_left = 1000, .bytes_left = SIZE_MAX};
    store.collect(budget);
    EXPECT_LT(store.memory_bytes(), before);
    before = store.memory_bytes();
  }
  EXPECT_GE(rounds, 15) << "a budget is kept to";
  EXPECT_LE(rounds, 21);
  EXPECT_EQ(store.find(here("7", 7))->value, "new");
  EXPECT_TRUE(store.erase(here("7", 7)));
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(PartitionStore, GarbageEndsWithTheStoreAndWithClear) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  for (int i = 0; i < 3000; ++i) store.put(here(std::to_string(i), 1), "value", kNoExpiry);
  store.clear_later();
  store.clear();
  EXPECT_FALSE(store.has_garbage());
  EXPECT_EQ(store.memory_bytes(), empty);
  store.put(here("a", 1), "value", kNoExpiry);
  store.clear_later();  // and the destructor frees it: the sanitizers would tell
}

TEST(PartitionStore, TheHeapKnowsWhatItsStoresHoldTogether) {
  const auto heap = std::make_shared<Heap>();
  PartitionStore one(kPartition, heap);
  {
    PartitionStore two(kPartition, heap);
    const auto check = [&](const char* what) {
      EXPECT_EQ(heap->stored_bytes(), one.memory_bytes() + two.memory_bytes()) << what;
    };
    for (int i = 0; i < 3000; ++i) {
      one.put(here(std::to_string(i)), std::string(i % 300, 'x'), kNoExpiry);
      two.put(here(std::to_string(i), 3), "value", kNoExpiry);
    }
    two.put(here("large"), std::string(1 << 20, 'x'), kNoExpiry);
    check("put");
    for (int i = 0; i < 3000; i += 2) one.erase(here(std::to_string(i)));
    check("erase");
    two.clear_later();
    check("clear_later");
    ScanBudget budget{.keys_left = 100, .bytes_left = SIZE_MAX};
    two.collect(budget);
    check("collect");
    one.clear();
    check("clear");
  }
  EXPECT_EQ(heap->stored_bytes(), one.memory_bytes());
}

TEST(PartitionStore, TakesLessThan24BytesBeyondKeyAndValue) {
  PartitionStore store(kPartition);
  const std::string value(64, 'v');
  int next = 0;
  for (const std::size_t keys : {1000, 3000, 10000, 20000, 50000, 100000}) {
    while (store.keys() < keys) {
      const std::string digits = std::to_string(next++);
      store.put(here(std::string(16 - digits.size(), 'k') + digits, next % 16u), value, kNoExpiry);
    }
    EXPECT_LT(store.memory_bytes(), keys * (16 + 64 + 24)) << keys;
  }
}

TEST(PartitionStore, BytesOfTheKeysAddUpToThoseOfThePartition) {
  PartitionStore store(kPartition);
  std::size_t sum = 0;
  for (int i = 0; i < 5000; ++i) store.put(here(std::to_string(i)), "some value", kNoExpiry);
  for (int i = 0; i < 5000; ++i) sum += store.memory_bytes(here(std::to_string(i))).value();
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(store.memory_bytes()), sum * 0.03);
  EXPECT_FALSE(store.memory_bytes(here("absent")));
  EXPECT_FALSE(store.memory_bytes(here("absent", 5)));
}

TEST(PartitionStore, HoldsManyKeysOfOneHashTag) {
  PartitionStore store(partition_of(slot_of_key("{tag}")));
  constexpr int kKeys = 200000;
  for (int i = 0; i < kKeys; ++i) {
    store.put(key_ref("{tag}" + std::to_string(i)), std::to_string(i), kNoExpiry);
  }
  EXPECT_EQ(store.keys(slot_of_key("{tag}")), static_cast<std::size_t>(kKeys));
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_EQ(value_of(store, key_ref("{tag}" + std::to_string(i))), std::to_string(i));
  }
  EXPECT_FALSE(store.find(key_ref("{tag}-1")));
  for (int i = 0; i < kKeys; i += 2) ASSERT_TRUE(store.erase(key_ref("{tag}" + std::to_string(i))));
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_EQ(store.find(key_ref("{tag}" + std::to_string(i))).has_value(), i % 2 == 1);
  }
}

TEST(PartitionStore, MovesWithItsKeys) {
  PartitionStore store(kPartition);
  for (int i = 0; i < 1000; ++i) store.put(here(std::to_string(i)), "v", kNoExpiry);
  PartitionStore other(std::move(store));
  EXPECT_EQ(other.keys(), 1000u);
  other.put(here("more"), "v", kNoExpiry);
  store = std::move(other);
  EXPECT_EQ(store.keys(), 1001u);
  EXPECT_EQ(value_of(store, here("7")), "v");
}

TEST(PartitionStore, FindsExpiredKeysInOneRound) {
  PartitionStore store(kPartition);
  for (int i = 0; i < 3000; ++i) {
    store.put(here(std::to_string(i), i % 3u), "v",
              i % 10 == 0  ? 100
              : i % 2 == 0 ? 200
                           : kNoExpiry);
  }
  for (int i = 0; i < 1000; ++i) store.put(here(std::to_string(i), 9), "v", kNoExpiry);
  std::multiset<std::string> found;
  const auto looked_at = store.find_expired(100, 1'000'000, [&](const EntryView& entry) {
    EXPECT_EQ(entry.expiry, 100);
    found.insert(std::string(entry.key));
  });
  EXPECT_EQ(found.size(), 300u);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 300u);
  EXPECT_EQ(looked_at, 3000u) << "the slots in which something is due, each once";
}

TEST(PartitionStore, LooksAtNothingWhereNothingIsDue) {
  PartitionStore store(kPartition);
  const auto looks = [&](std::int64_t now_ms) {
    return store.find_expired(now_ms, 1'000'000, [](const EntryView&) { FAIL(); });
  };
  for (int i = 0; i < 2000; ++i) store.put(here(std::to_string(i), i % 4u), "v", kNoExpiry);
  store.put(here("soon", 1), "v", 100);
  store.put(here("late", 2), "v", 10'000);
  EXPECT_EQ(looks(99), 0u);
  store.set_expiry(here("soon", 1), 300);
  EXPECT_NEAR(static_cast<double>(looks(100)), 501, 1) << "once in vain, in that slot alone";
  EXPECT_EQ(looks(299), 0u);
  store.erase(here("soon", 1));
  EXPECT_NEAR(static_cast<double>(looks(300)), 500, 1);
  EXPECT_EQ(looks(9999), 0u);
  store.clear_later();
  EXPECT_EQ(looks(20'000), 0u);
}

/// Whatever happens between two looks, and however small they are, nothing that is due is missed.
TEST(PartitionStore, MissesNothingThatIsDue) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    PartitionStore store(kPartition);
    std::map<std::pair<std::string, unsigned>, ExpiryMs> model;
    std::int64_t now_ms = 0;
    const auto draw_key = [&] {
      return std::pair(std::to_string(random.below(400)),
                       static_cast<unsigned>(random.below(random.chance(1, 2) ? 1 : 3)));
    };
    for (int step = 0; step < 3000; ++step) {
      const auto key = draw_key();
      const ExpiryMs expiry =
          random.chance(1, 3) ? kNoExpiry : now_ms + 1 + static_cast<ExpiryMs>(random.below(200));
      const auto what = random.below(20);
      if (what < 12) {
        store.put(here(key.first, key.second), "v", expiry);
        model[key] = expiry;
      } else if (what < 15) {
        EXPECT_EQ(store.erase(here(key.first, key.second)), model.erase(key) > 0);
      } else if (what < 18) {
        if (store.set_expiry(here(key.first, key.second), expiry)) model[key] = expiry;
      } else if (step % 997 == 0) {
        store.clear_later();
        model.clear();
      }
      if (random.chance(1, 4)) ++now_ms;
      std::vector<std::string> due;
      store.find_expired(now_ms, random.below(4), [&](const EntryView& entry) {
        due.emplace_back(entry.key);
        EXPECT_LE(entry.expiry, now_ms);
      });
      if (random.chance(1, 10)) continue;  // not erased yet: they are given again
      for (const std::string& name : due) {
        for (unsigned slot = 0; slot < 3; ++slot) {
          const auto at = model.find({name, slot});
          if (at == model.end() || at->second > now_ms) continue;
          EXPECT_TRUE(store.erase(here(name, slot)));
          model.erase(at);
        }
      }
    }
    for (int look = 0; look < 3; ++look) {
      std::vector<std::string> due;
      store.find_expired(now_ms, 1'000'000,
                         [&](const EntryView& entry) { due.emplace_back(entry.key); });
      for (const std::string& name : due) {
        for (unsigned slot = 0; slot < 3; ++slot) {
          const auto at = model.find({name, slot});
          if (at == model.end() || at->second > now_ms) continue;
          store.erase(here(name, slot));
          model.erase(at);
        }
      }
    }
    for (const auto& [key, expiry] : model) ASSERT_GT(expiry, now_ms) << key.first << " " << seed;
    EXPECT_EQ(store.keys(), model.size()) << seed;
  }
}

TEST(PartitionStore, FindsExpiredKeysALittleAtATime) {
  PartitionStore store(kPartition);
  EXPECT_EQ(store.find_expired(100, 10, [](const EntryView&) { FAIL(); }), 0u);
  for (int i = 0; i < 3000; ++i) store.put(here(std::to_string(i), i % 5u), "v", i % 2 * 50 + 50);
  for (int call = 0; call < 1000 && store.keys() > 1500; ++call) {
    std::vector<std::string> names;
    store.find_expired(50, 4, [&](const EntryView& e) { names.emplace_back(e.key); });
    for (const std::string& name : names) {
      ASSERT_TRUE(store.erase(here(name, static_cast<unsigned>(std::stoi(name) % 5))));
    }
  }
  EXPECT_EQ(store.keys(), 1500u);
}

TEST(PartitionStore, DrawsEachKeyAboutAsOften) {
  PartitionStore store(kPartition);
  Random random(1);
  EXPECT_FALSE(store.random_entry(random));
  constexpr int kKeys = 300;
  for (int i = 0; i < kKeys; ++i) {
    store.put(here(std::to_string(i), i < 10 ? 1u : 2u), "v", kNoExpiry);
  }
  std::map<std::string, int> drawn;
  for (int i = 0; i < kKeys * 200; ++i) ++drawn[std::string(store.random_entry(random)->key)];
  EXPECT_EQ(drawn.size(), static_cast<std::size_t>(kKeys));
  for (const auto& [key, times] : drawn) {
    EXPECT_GT(times, 130) << key;
    EXPECT_LT(times, 280) << key;
  }
}

TEST(PartitionStore, DrawsTheOnlyKey) {
  PartitionStore store(kPartition);
  Random random(1);
  store.put(here("only", 15), "v", kNoExpiry);
  EXPECT_EQ(store.random_entry(random)->key, "only");
}

TEST(PartitionStore, DigestSaysWhatIsInItHoweverItCame) {
  const KeyRef first = key_ref("{t}first");
  const KeyRef second = key_ref("{t}second");
  PartitionStore one(partition_of(first.slot));
  PartitionStore other(partition_of(first.slot));
  EXPECT_EQ(digest_of_store(one), digest_of_store(other));
  one.put(first, "a", kNoExpiry);
  one.put(second, "b", 17);
  other.put(second, "longer", kNoExpiry);
  other.put(key_ref("{t}third"), "c", kNoExpiry);
  other.put(first, "a", kNoExpiry);
  EXPECT_NE(digest_of_store(one), digest_of_store(other));
  other.erase(key_ref("{t}third"));
  other.put(second, "b", kNoExpiry);
  EXPECT_NE(digest_of_store(one), digest_of_store(other));
  other.set_expiry(second, 17);
  EXPECT_EQ(digest_of_store(one), digest_of_store(other));
  other.put(first, "b", kNoExpiry);
  other.put(second, "a", 17);
  EXPECT_NE(digest_of_store(one), digest_of_store(other));
}

TEST(PartitionStore, RenamesAndCopiesWhatIsThere) {
  const KeyRef from = key_ref("{t}from");
  const KeyRef to = key_ref("{t}to");
  for (const std::size_t elements : {1, 5000}) {
    PartitionStore store(partition_of(from.slot));
    const std::size_t empty_bytes = store.memory_bytes();
    for (std::size_t i = 0; i < elements; ++i) {
      ListWriter(store, from, store.find(from)).push(ListEnd::kRight, std::to_string(i));
    }
    store.set_expiry(from, 17);
    store.put(to, "other", kNoExpiry);
    const std::uint64_t digest = digest_of_value(*store.find(from));
    store.copy(from, to);
    EXPECT_EQ(digest_of_value(*store.find(to)), digest);
    EXPECT_EQ(store.find(to)->expiry, 17);
    ListWriter(store, from, store.find(from)).push(ListEnd::kLeft, "x");
    EXPECT_EQ(digest_of_value(*store.find(to)), digest);
    store.rename(to, from);
    EXPECT_EQ(digest_of_value(*store.find(from)), digest);
    EXPECT_EQ(store.find(from)->expiry, 17);
    EXPECT_EQ(store.find(from)->is_large, elements > 1);
    EXPECT_FALSE(store.find(to));
    EXPECT_EQ(store.keys(), 1u);
    EXPECT_EQ(store.keys_with_expiry(), 1u);
    store.erase(from);
    ScanBudget budget{SIZE_MAX, SIZE_MAX};
    store.collect(budget);
    EXPECT_EQ(store.memory_bytes(), empty_bytes);
  }
}

TEST(PartitionStore, RenamesStringsOfAnySize) {
  for (const std::size_t size : {1, 1000, 100'000}) {
    const KeyRef from = key_ref("{t}from");
    PartitionStore store(partition_of(from.slot));
    const std::size_t empty_bytes = store.memory_bytes();
    for (int i = 0; i < 100; ++i) {
      const std::string name = "{t}" + std::to_string(i);
      store.put(key_ref(name), std::string(size, 'a'), i);
    }
    store.put(from, std::string(size, 'b'), 1000);
    for (int i = 0; i < 100; ++i) {  // each is replaced, and there again under the next name
      const std::string name = "{t}" + std::to_string(i);
      store.rename(i == 0 ? from : key_ref("{t}" + std::to_string(i - 1)), key_ref(name));
      EXPECT_EQ(store.find(key_ref(name))->value, std::string(size, 'b'));
      EXPECT_EQ(store.find(key_ref(name))->expiry, 1000);
    }
    EXPECT_EQ(store.keys(), 1u);
    EXPECT_EQ(store.keys_with_expiry(), 1u);
    store.erase(key_ref("{t}99"));
    EXPECT_EQ(store.memory_bytes(), empty_bytes);
  }
}

TEST(PartitionStore, CompactingGivesTheMemoryOfHolesBack) {
  const auto heap = std::make_shared<Heap>();
  PartitionStore store(kPartition, heap);
  constexpr int kKeys = 40'000;
  const auto value = [](int i) {
    return std::string(100 + static_cast<std::size_t>(i) % 3 * 100,
                       static_cast<char>('a' + i % 26));
  };
  for (int i = 0; i < kKeys; ++i) store.put(here(std::to_string(i)), value(i), kNoExpiry);
  for (int i = 0; i < kKeys; ++i) {
    if (i * 7919 % 4 != 0) store.erase(here(std::to_string(i)));
  }
  EXPECT_GT(heap->hole_bytes(), heap->used_bytes());
  const std::size_t bytes = store.memory_bytes();
  PartitionStore::CompactCursor cursor;
  for (bool goes_on = true; goes_on;) {
    ScanBudget budget{.keys_left = 100, .bytes_left = SIZE_MAX};
    goes_on = store.compact(cursor, budget);
  }
  EXPECT_LT(heap->hole_bytes(), heap->used_bytes() / 6);
  EXPECT_EQ(store.memory_bytes(), bytes);
  for (int i = 0; i < kKeys; ++i) {
    const auto entry = store.find(here(std::to_string(i)));
    ASSERT_EQ(entry.has_value(), i * 7919 % 4 == 0);
    if (!entry) continue;
    ASSERT_EQ(entry->value, value(i));
  }
}

}  // namespace
}  // namespace borg::storage
