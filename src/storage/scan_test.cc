// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/partition_store.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(0);

SlotId slot_of(int number) { return SlotId(static_cast<std::uint16_t>(number % 3 * 5)); }

/// Fills and empties a store by the numbers of its keys.
struct Numbered {
  PartitionStore store{kPartition};

  void put(int number) {
    const std::string name = std::to_string(number);
    store.put(key_ref(name, slot_of(number)), "value", kNoExpiry);
  }
  void erase(int number) {
    const std::string name = std::to_string(number);
    store.erase(key_ref(name, slot_of(number)));
  }
};

bool is_before(int number, const ScanCursor& cursor) {
  const std::string name = std::to_string(number);
  return PartitionStore::is_before(key_ref(name, slot_of(number)), cursor);
}

TEST(Scan, VisitsEachKeyOnceWhileNothingChanges) {
  Numbered all;
  for (int i = 0; i < 5000; ++i) all.put(i);
  std::map<std::string, int> visits;
  std::optional<ScanCursor> cursor = all.store.begin();
  int calls = 0;
  for (; cursor && calls < 5000; ++calls) {
    std::size_t keys = 0;
    cursor = all.store.scan(*cursor, 10, SIZE_MAX, [&](const EntryView& entry) {
      ++visits[std::string(entry.key)];
      ++keys;
    });
    EXPECT_LT(keys, 60u);
    EXPECT_TRUE(!cursor || keys >= 10) << keys;
  }
  EXPECT_FALSE(cursor);
  EXPECT_GT(calls, 250);
  EXPECT_EQ(visits.size(), 5000u);
  for (const auto& [key, times] : visits) EXPECT_EQ(times, 1) << key;
}

TEST(Scan, EndsAtOnceWhereThereIsNothing) {
  const PartitionStore store(kPartition);
  EXPECT_FALSE(store.scan(store.begin(), 10, 10, [](const EntryView&) { FAIL(); }));
  EXPECT_FALSE(store.scan_slot(store.begin(), 10, 10, [](const EntryView&) { FAIL(); }));
}

TEST(Scan, GoesOnEvenWithoutABudget) {
  Numbered all;
  for (int i = 0; i < 200; ++i) all.put(i);
  std::optional<ScanCursor> cursor = all.store.begin();
  std::size_t visited = 0;
  for (int calls = 0; cursor && calls < 1000; ++calls) {
    cursor = all.store.scan(*cursor, 0, 0, [&](const EntryView&) { ++visited; });
  }
  EXPECT_FALSE(cursor);
  EXPECT_EQ(visited, 200u);
}

TEST(Scan, StopsAtTheLimitOfBytes) {
  PartitionStore store(kPartition);
  for (int i = 0; i < 2000; ++i) {
    store.put(key_ref(std::to_string(i), SlotId(0)), std::string(1000, 'v'), kNoExpiry);
  }
  std::size_t bytes = 0;
  const auto cursor = store.scan(store.begin(), SIZE_MAX, 100'000, [&](const EntryView& entry) {
    bytes += entry.key.size() + entry.value.size();
  });
  EXPECT_TRUE(cursor);
  EXPECT_GE(bytes, 100'000u);
  EXPECT_LT(bytes, 130'000u);
}

TEST(Scan, OfASlotStaysInIt) {
  Numbered all;
  for (int i = 0; i < 3000; ++i) all.put(i);
  std::optional<ScanCursor> cursor = ScanCursor{SlotId(5), 0};
  std::set<std::string> visited;
  for (int calls = 0; cursor && calls < 1000; ++calls) {
    EXPECT_EQ(cursor->slot, SlotId(5));
    cursor = all.store.scan_slot(*cursor, 10, SIZE_MAX, [&](const EntryView& entry) {
      visited.insert(std::string(entry.key));
    });
  }
  EXPECT_FALSE(cursor);
  EXPECT_EQ(visited.size(), 1000u);
  for (const std::string& key : visited) EXPECT_EQ(std::stoi(key) % 3, 1);
}

TEST(Scan, EndsWhereNoSlotBehindHoldsAKey) {
  PartitionStore store(kPartition);
  store.put(key_ref("a", SlotId(2)), "v", kNoExpiry);
  store.put(key_ref("a", SlotId(9)), "v", kNoExpiry);
  const auto ignore = [](const EntryView&) {};
  const auto cursor = store.scan(store.begin(), 1, SIZE_MAX, ignore);
  EXPECT_EQ(cursor, (ScanCursor{SlotId(9), 0}));
  EXPECT_FALSE(store.scan(*cursor, 1, SIZE_MAX, ignore));
}

TEST(Scan, TakesAnyPositionThatAClientMayInvent) {
  Numbered all;
  for (int i = 0; i < 3000; ++i) all.put(i);
  std::size_t visited = 0;
  const auto count = [&](const EntryView&) { ++visited; };
  EXPECT_FALSE(all.store.scan({SlotId(10), UINT64_MAX}, 1, 1, count));
  EXPECT_FALSE(all.store.scan_slot({SlotId(0), std::uint64_t{1} << 38}, 1, 1, count));
  EXPECT_EQ(visited, 0u);
  EXPECT_TRUE(all.store.scan({SlotId(0), UINT64_MAX}, 1, 1, count));
  EXPECT_GT(visited, 0u);
  const auto last = all.store.scan({SlotId(10), (std::uint64_t{1} << 38) - 1}, 1, 1, count);
  EXPECT_FALSE(last);
}

TEST(Scan, PositionsStayBelowWhatClientsKeepInADouble) {
  Numbered all;
  for (int i = 0; i < 30000; ++i) all.put(i);
  std::optional<ScanCursor> cursor = all.store.begin();
  while (cursor) {
    EXPECT_LT(cursor->position, std::uint64_t{1} << 38);
    const ScanCursor from = *cursor;
    cursor = all.store.scan(from, 100, SIZE_MAX, [](const EntryView&) {});
    ASSERT_TRUE(!cursor || *cursor > from);
  }
}

/// What happens between two calls of a scan: a range of passing keys comes or goes.
struct Change {
  bool is_put;
  int first;
  int count;
};
constexpr int kPassing = 4000;

std::vector<Change> any_changes() {
  const auto change = rc::gen::apply(
      [](bool is_put, int first, int count) {
        return Change{is_put, first, count};
      },
      rc::gen::arbitrary<bool>(), rc::gen::inRange(0, kPassing), rc::gen::inRange(0, kPassing));
  return *rc::gen::container<std::vector<Change>>(12, change);
}

void apply(const Change& change, int staying, Numbered& all) {
  for (int i = change.first; i < std::min(change.first + change.count, kPassing); ++i) {
    // NOLINTNEXTLINE(readability-implicit-bool-conversion)
    change.is_put ? all.put(staying + i) : all.erase(staying + i);
  }
}

RC_GTEST_PROP(Scan, MissesNoKeyHoweverTheTableChanges, ()) {
  Numbered all;
  const int staying = *rc::gen::inRange(1, 2000);
  for (int i = 0; i < staying; ++i) all.put(i);
  const std::vector<Change> changes = any_changes();
  apply(changes[0], staying, all);
  std::set<int> visited;
  ScanCursor cursor = all.store.begin();
  for (std::size_t call = 0;; ++call) {
    const std::size_t keys_min = staying / 10 + 1;
    std::vector<int> now;
    const auto next = all.store.scan(cursor, keys_min, SIZE_MAX, [&](const EntryView& entry) {
      now.push_back(std::stoi(std::string(entry.key)));
    });
    for (const int number : now) {
      RC_ASSERT(!is_before(number, cursor));
      RC_ASSERT(!next || is_before(number, *next));
      visited.insert(number);
    }
    // A staying key was visited exactly if the cursor is behind it.
    for (int i = 0; next && i < staying; ++i) {
      RC_ASSERT(visited.contains(i) == is_before(i, *next));
    }
    if (!next) break;
    cursor = *next;
    apply(changes[call % changes.size()], staying, all);
  }
  for (int i = 0; i < staying; ++i) RC_ASSERT(visited.contains(i));
}

RC_GTEST_PROP(Scan, IsTheSameOrderOnEveryReplica, ()) {
  // A cursor of one replica serves on another whose table is larger and was built otherwise.
  Numbered one, other;
  for (int i = 0; i < 1000; ++i) one.put(i);
  for (int i = 3000; i-- > 0;) other.put(i);
  std::set<int> visited;
  const auto visit = [&](const EntryView& entry) {
    visited.insert(std::stoi(std::string(entry.key)));
  };
  std::optional<ScanCursor> cursor = one.store.begin();
  for (int call = 0; cursor; ++call) {
    cursor = (call % 2 == 0 ? one : other).store.scan(*cursor, 50, SIZE_MAX, visit);
  }
  for (int i = 0; i < 1000; ++i) RC_ASSERT(visited.contains(i));
}

}  // namespace
}  // namespace borg::storage
