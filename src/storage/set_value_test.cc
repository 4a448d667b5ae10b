// SPDX-License-Identifier: Apache-2.0
#include "storage/set_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "storage/integer_set.h"
#include "storage/value_kinds.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(7);
using Model = std::set<std::string>;

KeyRef set_key() { return key_ref("set", first_slot(kPartition)); }

SetWriter writer_of(PartitionStore& store) { return {store, set_key(), store.find(set_key())}; }

Model content_of(const PartitionStore& store) {
  Model content;
  const auto entry = store.find(set_key());
  if (!entry) return content;
  SetReader(*entry).for_each([&](std::string_view member) {
    EXPECT_TRUE(content.emplace(member).second) << "twice: " << member;
  });
  return content;
}

/// Ranges of members: small integers, integers of every width, and texts.
struct Step {
  bool is_add;
  int kind;
  int first;
  int count;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << (step.is_add ? "add " : "erase ") << step.kind << ' ' << step.first << '+'
             << step.count;
}

std::string member_of(int kind, int number) {
  if (kind <= 1) return std::to_string(number - 300);
  if (kind == 2) return std::to_string((std::int64_t{number} - 300) << (number % 55));
  if (kind == 3) return "text " + std::to_string(number);
  return std::string(static_cast<std::size_t>(number % 80), 'x');
}

rc::Gen<Step> any_step(int kinds) {
  return rc::gen::apply(
      [](bool is_add, int kind, int first, int count) {
        return Step{is_add, kind, first, count};
      },
      rc::gen::arbitrary<bool>(), rc::gen::inRange(0, kinds), rc::gen::inRange(0, 600),
      rc::gen::weightedOneOf<int>({{3, rc::gen::inRange(0, 10)}, {1, rc::gen::inRange(0, 600)}}));
}

void run(const Step& step, PartitionStore& store, Model& model) {
  SetWriter set = writer_of(store);
  for (int i = step.first; i < step.first + step.count; ++i) {
    const std::string member = member_of(step.kind, i);
    if (step.is_add) {
      RC_ASSERT(set.add(member) == model.insert(member).second);
    } else {
      RC_ASSERT(set.erase(member) == (model.erase(member) > 0));
    }
  }
  RC_ASSERT(set.size() == model.size());
}

void check(const PartitionStore& store, const Model& model) {
  RC_ASSERT(content_of(store) == model);
  const auto entry = store.find(set_key());
  RC_ASSERT(entry.has_value() == !model.empty());
  if (!entry) return;
  for (const std::string& member : model) RC_ASSERT(SetReader(*entry).contains(member));
  RC_ASSERT(!SetReader(*entry).contains("never"));
  RC_ASSERT(!SetReader(*entry).contains("12345678901234567890123"));
  if (!entry->is_large) RC_ASSERT(is_valid_packed(ValueType::kSet, entry->value));
}

RC_GTEST_PROP(SetValue, BehavesAsASet, ()) {
  PartitionStore store(kPartition);
  const std::size_t empty_bytes = store.memory_bytes();
  Model model;
  const int kinds = *rc::gen::element(2, 3, 5);
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step(kinds));
  for (const Step& step : steps) run(step, store, model);
  check(store, model);
  PartitionStore other(kPartition);
  for (auto at = model.rbegin(); at != model.rend(); ++at) writer_of(other).add(*at);
  if (!model.empty()) {
    RC_ASSERT(digest_of_value(*store.find(set_key())) == digest_of_value(*other.find(set_key())));
  }
  store.clear();
  RC_ASSERT(store.memory_bytes() == empty_bytes);
}

TEST(SetValue, OfIntegersIsSortedAndAsNarrowAsTheyAllow) {
  PartitionStore store(kPartition);
  const auto bytes = [&] { return store.find(set_key())->value.size(); };
  writer_of(store).add("7");
  writer_of(store).add("-3");
  EXPECT_EQ(bytes(), 1u + 2 * 2);
  writer_of(store).add("40000");
  EXPECT_EQ(bytes(), 1u + 3 * 4);
  writer_of(store).add("5000000000");
  EXPECT_EQ(bytes(), 1u + 4 * 8);
  std::vector<std::string> members;
  SetReader(*store.find(set_key())).for_each([&](auto member) { members.emplace_back(member); });
  EXPECT_EQ(members, (std::vector<std::string>{"-3", "7", "40000", "5000000000"}));
}

TEST(SetValue, DrawsEveryMember) {
  Random random(1);
  for (const int kind : {0, 3}) {
    for (const int size : {3, 100, 600}) {
      PartitionStore store(kPartition);
      for (int i = 0; i < size; ++i) writer_of(store).add(member_of(kind, i));
      std::set<std::string> drawn;
      for (int i = 0; i < size * 30; ++i)
        drawn.insert(SetReader(*store.find(set_key())).draw(random));
      EXPECT_GT(drawn.size(), static_cast<std::size_t>(size) * 98 / 100);
      const Model all = content_of(store);
      EXPECT_TRUE(std::includes(all.begin(), all.end(), drawn.begin(), drawn.end()));
    }
  }
}

TEST(SetValue, AVisitEndsWhenItIsToldTo) {
  for (const int kind : {0, 3}) {
    for (const int size : {20, 600}) {
      PartitionStore store(kPartition);
      for (int i = 0; i < size; ++i) writer_of(store).add(member_of(kind, i));
      int visits = 0;
      SetReader(*store.find(set_key())).visit_while([&](auto) { return ++visits < 5; });
      EXPECT_EQ(visits, 5);
    }
  }
}

TEST(IntegerSet, RefusesDamagedBytes) {
  const std::string good = with_integer(set_of_integer(5), 70000);
  EXPECT_TRUE(is_integer_set(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const bool is_shorter_set = size == 1 + 4;
    EXPECT_EQ(is_integer_set(good.substr(0, size)), is_shorter_set) << size;
  }
  std::string unsorted = good;
  unsorted[1] = 127;
  unsorted[4] = 127;
  EXPECT_FALSE(is_integer_set(unsorted));
  EXPECT_FALSE(is_packed_set("\x03\x01\x02\x03"));
  EXPECT_FALSE(is_packed_set(std::string(3, '\0'))) << "no set is empty";
}

TEST(IntegerSet, TakesOnlyTheDecimalFormOfANumber) {
  EXPECT_EQ(canonical_integer("0"), 0);
  EXPECT_EQ(canonical_integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(canonical_integer("9223372036854775807"), INT64_MAX);
  for (const char* text : {"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "a",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_FALSE(canonical_integer(text)) << text;
  }
}

}  // namespace
}  // namespace borg::storage
