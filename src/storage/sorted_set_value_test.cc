// SPDX-License-Identifier: Apache-2.0
#include "storage/sorted_set_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/packed.h"
#include "storage/value_kinds.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(7);
constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Model = std::map<std::string, double>;
using Ordered = std::vector<std::pair<double, std::string>>;

KeyRef set_key() { return key_ref("zset", first_slot(kPartition)); }

SortedSetWriter writer_of(PartitionStore& store) {
  return {store, set_key(), store.find(set_key())};
}
SortedSetReader reader_of(const PartitionStore& store) {
  return SortedSetReader(*store.find(set_key()));
}

Ordered ordered(const Model& model) {
  Ordered members;
  for (const auto& [member, score] : model) members.emplace_back(score, member);
  std::ranges::sort(members);
  return members;
}

Ordered content_of(const PartitionStore& store) {
  Ordered members;
  if (!store.find(set_key())) return members;
  reader_of(store).for_each(
      [&](const Scored& each) { members.emplace_back(each.score, each.member); });
  return members;
}

std::string member_of(std::size_t number) { return "member " + std::to_string(number); }

struct Step {
  enum class Kind : std::uint8_t { kPut, kErase, kEraseRange } kind;
  std::size_t first;
  std::size_t count;
  int score;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << static_cast<int>(step.kind) << ' ' << step.first << '+' << step.count << " at "
             << step.score;
}

rc::Gen<Step> any_step(std::size_t members) {
  return rc::gen::apply(
      [](Step::Kind kind, std::size_t first, std::size_t count, int score) {
        return Step{kind, first, count, score};
      },
      rc::gen::weightedElement<Step::Kind>(
          {{4, Step::Kind::kPut}, {2, Step::Kind::kErase}, {1, Step::Kind::kEraseRange}}),
      rc::gen::inRange<std::size_t>(0, members), rc::gen::inRange<std::size_t>(0, members),
      rc::gen::inRange(-3, 300));
}

void erase_range(SortedSetWriter& set, Model& model, std::size_t first, std::size_t count) {
  first = std::min(first, set.size());
  count = std::min(count / 4, set.size() - first);
  set.erase_range(first, count);
  const Ordered members = ordered(model);
  for (std::size_t i = first; i < first + count; ++i) model.erase(members[i].second);
}

void run(const Step& step, PartitionStore& store, Model& model) {
  SortedSetWriter set = writer_of(store);
  if (step.kind == Step::Kind::kEraseRange) {
    erase_range(set, model, step.first, step.count);
  } else {
    for (std::size_t i = step.first; i < step.first + step.count; ++i) {
      const std::string member = member_of(i * 7919 % 3000);
      if (step.kind == Step::Kind::kPut) {
        const double score = step.score < 0 ? static_cast<double>(i) : step.score + 0.5 * (i % 3);
        set.put(member, score);
        model[member] = score;
      } else {
        RC_ASSERT(set.erase(member) == (model.erase(member) > 0));
      }
    }
  }
  RC_ASSERT(set.exists() == !model.empty());
  RC_ASSERT(set.size() == model.size());
}

void check_reader(const SortedSetReader& set, const Model& model) {
  const Ordered members = ordered(model);
  for (std::size_t rank = 0; rank < members.size(); ++rank) {
    const auto& [score, member] = members[rank];
    RC_ASSERT((set.at(rank) == Scored{member, score}));
    RC_ASSERT(set.score_of(member) == score);
    RC_ASSERT(set.rank_of(member) == rank);
  }
  RC_ASSERT(!set.score_of("missing"));
  RC_ASSERT(!set.rank_of("missing"));
}

void check_walks(const SortedSetReader& set, const Model& model) {
  Ordered members = ordered(model);
  const std::size_t first = *rc::gen::inRange<std::size_t>(0, members.size() + 1);
  Ordered walked;
  const auto step = [&](const Scored& each) {
    walked.emplace_back(each.score, each.member);
    return walked.size() < 600;
  };
  const auto cut = [](Ordered all) {
    all.resize(std::min<std::size_t>(all.size(), 600));
    return all;
  };
  set.walk(first, step);
  const auto at = members.begin() + static_cast<std::ptrdiff_t>(first);
  RC_ASSERT(walked == cut({at, members.end()}));
  walked.clear();
  set.walk_back(first, step);
  if (first == members.size()) return RC_ASSERT(walked.empty());
  members.resize(first + 1);
  std::ranges::reverse(members);
  RC_ASSERT(walked == cut(members));
}

void behaves_as_a_map(std::size_t members) {
  PartitionStore store(kPartition);
  const std::size_t empty_bytes = store.memory_bytes();
  Model model;
  for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step(members))) {
    run(step, store, model);
  }
  RC_ASSERT(content_of(store) == ordered(model));
  if (!model.empty()) {
    check_reader(reader_of(store), model);
    check_walks(reader_of(store), model);
    const auto entry = store.find(set_key());
    if (!entry->is_large) RC_ASSERT(is_valid_packed(ValueType::kSortedSet, entry->value));
  }
  store.clear();
  RC_ASSERT(store.memory_bytes() == empty_bytes);
}

RC_GTEST_PROP(SortedSetValue, ASmallOneBehavesAsAMap, ()) { behaves_as_a_map(60); }
RC_GTEST_PROP(SortedSetValue, ALargeOneBehavesAsAMap, ()) { behaves_as_a_map(3000); }

RC_GTEST_PROP(SortedSetValue, ItsDigestIsThatOfItsContent, ()) {
  PartitionStore store(kPartition);
  Model model;
  for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step(400))) {
    run(step, store, model);
  }
  if (model.empty()) return;
  PartitionStore other(kPartition);
  std::vector<Scored> members;
  for (const auto& [member, score] : model) members.push_back({member, score});
  put_sorted_set(other, set_key(), members, kNoExpiry);
  RC_ASSERT(content_of(other) == ordered(model));
  const auto digest = [](const PartitionStore& s) { return digest_of_value(*s.find(set_key())); };
  RC_ASSERT(digest(store) == digest(other));
  writer_of(other).put(model.begin()->first, model.begin()->second + 0.25);
  RC_ASSERT(digest(store) != digest(other));
}

TEST(SortedSetValue, ItsOrderIsByScoreThenByBytes) {
  PartitionStore store(kPartition);
  SortedSetWriter set = writer_of(store);
  const std::vector<Scored> members{
      {"inf", -kInfinity}, {"big", -1e300}, {"m", -1},        {"", 0},           {"a", -0.0},
      {"aa", 0},           {"\xff", 0},     {"tiny", 1e-300}, {"sup", kInfinity}};
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Scored& each = members[i * 4 % members.size()];
    set.put(each.member, each.score);
  }
  std::vector<Scored> found;
  set.reader().for_each([&](const Scored& each) { found.push_back(each); });
  EXPECT_EQ(found, members);
}

TEST(SortedSetValue, OnlyALargeOneKnowsAZeroBelowZero) {
  PartitionStore store(kPartition);
  writer_of(store).put("a", -0.0);
  EXPECT_FALSE(std::signbit(*reader_of(store).score_of("a")));
  writer_of(store).put(std::string(65, 'x'), -0.0);
  EXPECT_FALSE(std::signbit(*reader_of(store).score_of("a")));
  EXPECT_TRUE(std::signbit(*reader_of(store).score_of(std::string(65, 'x'))));
}

TEST(SortedSetValue, PackedScoresAreExact) {
  for (const double score :
       {0.0, 1.0, -1.0, 127.0, 128.0, -128.0, -129.0, 32767.0, 32768.0, 9007199254740991.0,
        9007199254740992.0, -9007199254740992.0, 1e17, 0.1, -2.5, kInfinity, 5e-324}) {
    PartitionStore store(kPartition);
    writer_of(store).put("member", score);
    EXPECT_EQ(reader_of(store).score_of("member"), score);
    EXPECT_TRUE(is_valid_packed(ValueType::kSortedSet, store.find(set_key())->value));
  }
}

TEST(SortedSetValue, IsPackedUpToRedissLimits) {
  PartitionStore store(kPartition);
  for (std::size_t i = 0; i < 128; ++i) writer_of(store).put(member_of(i), 1);
  writer_of(store).put(member_of(5), 2);
  EXPECT_EQ(encoding_of_container(*store.find(set_key())), "listpack");
  writer_of(store).put("one more", 1);
  EXPECT_EQ(encoding_of_container(*store.find(set_key())), "skiplist");
  EXPECT_EQ(content_of(store).size(), 129u);
  store.clear();
  writer_of(store).put(std::string(64, 'x'), 1);
  EXPECT_FALSE(store.find(set_key())->is_large);
  writer_of(store).put(std::string(65, 'x'), 1);
  EXPECT_TRUE(store.find(set_key())->is_large);
}

TEST(SortedSetValue, KeepsItsExpiryWhenItBecomesLarge) {
  PartitionStore store(kPartition);
  writer_of(store).put("a", 1);
  store.set_expiry(set_key(), 1234);
  writer_of(store).put(std::string(100, 'x'), 1);
  EXPECT_EQ(store.find(set_key())->expiry, 1234);
  for (std::size_t i = 0; i < 3000; ++i) writer_of(store).put(member_of(i), 1);
  writer_of(store).erase_range(1, 2500);
  EXPECT_EQ(store.find(set_key())->expiry, 1234);
  EXPECT_EQ(writer_of(store).size(), 502u);
}

TEST(SortedSetValue, CountsThoseAtTheFront) {
  PartitionStore store(kPartition);
  for (std::size_t i = 0; i < 2000; ++i) {
    writer_of(store).put(member_of(i), static_cast<double>(i / 2));
    const std::size_t below = reader_of(store).count_while([](auto& m) { return m.score < 50; });
    EXPECT_EQ(below, std::min<std::size_t>(i + 1, 100));
  }
}

TEST(SortedSetValue, AScanMeetsWhatStays) {
  PartitionStore store(kPartition);
  for (std::size_t i = 0; i < 3000; ++i) writer_of(store).put(member_of(i), 1);
  std::map<std::string, int> seen;
  std::optional<std::uint64_t> at = 0;
  std::size_t step = 0;
  while (at) {
    at = reader_of(store).scan(*at, 10, [&](const Scored& m) { ++seen[std::string(m.member)]; });
    for (std::size_t i = 0; i < 10; ++i) writer_of(store).erase(member_of(1000 + 10 * step + i));
    writer_of(store).put(member_of(step), static_cast<double>(step));
    ASSERT_LT(++step, 3000u);
  }
  EXPECT_GT(step, 20u);
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_TRUE(seen.contains(member_of(i))) << i;
}

TEST(SortedSetValue, AMillionMembersAreFreedInSteps) {
  PartitionStore store(kPartition);
  for (std::size_t i = 0; i < 100'000; ++i) {
    writer_of(store).put(member_of(i * 7919 % 100'000), static_cast<double>(i));
  }
  EXPECT_LT(store.memory_bytes(), 100'000u * 100);
  store.erase(set_key());
  std::size_t before = store.memory_bytes();
  std::size_t steps = 0;
  for (; store.has_garbage(); ++steps) {
    ScanBudget budget{1000, SIZE_MAX};
    store.collect(budget);
    EXPECT_LT(store.memory_bytes(), before);
    before = store.memory_bytes();
    ASSERT_LT(steps, 1000u);
  }
  EXPECT_GT(steps, 50u);
}

TEST(SortedSetValue, ADamagedPackedValueIsRefused) {
  PartitionStore store(kPartition);
  writer_of(store).put("a", 1);
  writer_of(store).put("b", 2.5);
  const std::string good(store.find(set_key())->value);
  const auto is_valid = [](std::string_view v) {
    return is_valid_packed(ValueType::kSortedSet, v);
  };
  ASSERT_TRUE(is_valid(good));
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(is_valid(good.substr(0, i))) << i;
  const auto packed = [](const std::vector<std::string>& items) {
    std::string value(kPackedHeaderBytes, '\0');
    set_packed_count(value.data(), items.size() / 2);
    for (const std::string& item : items) append_packed_item(value, item);
    return value;
  };
  EXPECT_TRUE(is_valid(packed({"a", "\1", "b", "\2"})));
  EXPECT_FALSE(is_valid(packed({"a", "\2", "b", "\1"}))) << "not in order";
  EXPECT_FALSE(is_valid(packed({"a", "\1", "a", "\2"}))) << "a member twice";
  EXPECT_FALSE(is_valid(packed({"a", std::string(9, 'x')}))) << "no such score";
  EXPECT_FALSE(is_valid(packed({"a", std::string(8, '\xff')}))) << "not a number";
  EXPECT_FALSE(is_valid(packed({}))) << "empty";
}

TEST(SortedSetValue, ALargeOneRefusesWhatIsNoScore) {
  LargeSortedSet set;
  EXPECT_FALSE(set.receive("a", "short"));
  EXPECT_FALSE(set.receive("a", std::string(8, '\xff')));
  EXPECT_EQ(set.elements(), 0u);
}

}  // namespace
}  // namespace borg::storage
