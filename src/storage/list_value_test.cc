// SPDX-License-Identifier: Apache-2.0
#include "storage/list_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/value_kinds.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(7);
using Model = std::vector<std::string>;

KeyRef list_key() { return key_ref("list", first_slot(kPartition)); }

ListWriter writer_of(PartitionStore& store) { return {store, list_key(), store.find(list_key())}; }

Model content_of(const PartitionStore& store) {
  Model content;
  const auto entry = store.find(list_key());
  if (!entry) return content;
  ListReader(*entry).walk(0, [&](std::size_t index, std::string_view element) {
    EXPECT_EQ(index, content.size());
    content.emplace_back(element);
    return true;
  });
  return content;
}

struct Step {
  enum Kind { kInsert, kAppend, kSet, kErase, kEraseEach, kKinds };
  int kind;
  std::size_t at;
  std::size_t count;
  std::size_t size;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << '{' << step.kind << " at " << step.at << " count " << step.count << " size "
             << step.size << '}';
}

rc::Gen<Step> any_step() {
  return rc::gen::apply(
      [](int kind, std::size_t at, std::size_t count, std::size_t size) {
        return Step{kind, at, count, size};
      },
      rc::gen::weightedElement<int>({{3, Step::kInsert},
                                     {3, Step::kAppend},
                                     {1, Step::kSet},
                                     {1, Step::kErase},
                                     {1, Step::kEraseEach}}),
      rc::gen::inRange<std::size_t>(0, 2000), rc::gen::inRange<std::size_t>(0, 300),
      rc::gen::weightedOneOf<std::size_t>({{9, rc::gen::inRange<std::size_t>(0, 200)},
                                           {1, rc::gen::inRange<std::size_t>(0, 20'000)}}));
}

void erase_each(const Step& step, ListWriter& list, Model& model) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = step.at % 7; i < model.size(); i += 1 + step.count % 9) indexes.push_back(i);
  if (indexes.empty()) return;
  list.erase_each(indexes);
  for (std::size_t i = indexes.size(); i-- > 0;) {
    model.erase(model.begin() + static_cast<std::ptrdiff_t>(indexes[i]));
  }
}

void run(const Step& step, PartitionStore& store, Model& model) {
  ListWriter list = writer_of(store);
  const std::string element(step.size, static_cast<char>('a' + step.count % 26));
  const std::size_t at = model.empty() ? 0 : step.at % model.size();
  const auto place = model.begin() + static_cast<std::ptrdiff_t>(at);
  if (step.kind == Step::kInsert) {
    const std::size_t count = step.size < 300 ? step.count : 1;
    for (std::size_t i = 0; i < count; ++i) list.insert(at, element);
    model.insert(place, count, element);
  } else if (step.kind == Step::kAppend) {
    list.push(ListEnd::kRight, element);
    model.push_back(element);
  } else if (step.kind == Step::kSet && !model.empty()) {
    list.set(at, element);
    *place = element;
  } else if (step.kind == Step::kErase && !model.empty()) {
    const std::size_t count = std::min(step.count, model.size() - at);
    list.erase(at, count);
    model.erase(place, place + static_cast<std::ptrdiff_t>(count));
  } else if (step.kind == Step::kEraseEach) {
    erase_each(step, list, model);
  }
  RC_ASSERT(list.size() == model.size());
}

void check(const PartitionStore& store, const Model& model) {
  RC_ASSERT(content_of(store) == model);
  const auto entry = store.find(list_key());
  RC_ASSERT(entry.has_value() == !model.empty());
  if (!entry) return;
  if (!entry->is_large) RC_ASSERT(is_valid_packed(ValueType::kList, entry->value));
  const ListReader list(*entry);
  for (std::size_t i = 0; i < model.size(); i += 1 + model.size() / 50) {
    RC_ASSERT(list.at(i) == model[i]);
    std::size_t expected = i + 1;
    list.walk_back(i, [&](std::size_t index, std::string_view element) {
      RC_ASSERT(index == --expected);
      RC_ASSERT(element == model[index]);
      return i - index < 100;
    });
  }
}

RC_GTEST_PROP(ListValue, BehavesAsASequence, ()) {
  PartitionStore store(kPartition);
  const std::size_t empty_bytes = store.memory_bytes();
  Model model;
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  for (const Step& step : steps) run(step, store, model);
  check(store, model);
  PartitionStore other(kPartition);
  for (const std::string& element : model) writer_of(other).push(ListEnd::kRight, element);
  if (!model.empty()) {
    RC_ASSERT(digest_of_value(*store.find(list_key())) == digest_of_value(*other.find(list_key())));
  }
  store.clear();
  RC_ASSERT(store.memory_bytes() == empty_bytes);
}

TEST(ListValue, ALongListTakesLittleMoreThanItsElements) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  constexpr std::size_t kElements = 100'000;
  ListWriter list = writer_of(store);
  for (std::size_t i = 0; i < kElements; ++i) {
    list.push(i % 2 == 0 ? ListEnd::kLeft : ListEnd::kRight, "0123456789");
  }
  EXPECT_LT(store.memory_bytes() - empty, kElements * 13);
  EXPECT_GT(store.memory_bytes() - empty, kElements * 12);
  for (std::size_t i = 0; i < kElements; ++i) {
    EXPECT_EQ(list.pop(i % 3 == 0 ? ListEnd::kLeft : ListEnd::kRight), "0123456789");
  }
  EXPECT_FALSE(store.find(list_key()));
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(ListValue, ALongOneIsDestroyedInSteps) {
  PartitionStore store(kPartition);
  const std::size_t empty = store.memory_bytes();
  ListWriter list = writer_of(store);
  for (int i = 0; i < 200'000; ++i) list.push(ListEnd::kRight, "0123456789");
  store.erase(list_key());
  int rounds = 0;
  for (; store.has_garbage(); ++rounds) {
    ScanBudget budget{.keys_left = 100, .bytes_left = SIZE_MAX};
    store.collect(budget);
  }
  EXPECT_GT(rounds, 5);
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(ListRun, RefusesDamagedBytes) {
  const std::string run = run_of("a") + run_of(std::string(200, 'b')) + run_of("");
  EXPECT_TRUE(is_run(run, 3));
  EXPECT_FALSE(is_run(run, 2));
  EXPECT_FALSE(is_run(run, 4));
  for (std::size_t size = 0; size < run.size(); ++size)
    EXPECT_FALSE(is_run(run.substr(0, size), 3));
  std::string damaged = run;
  damaged[2] = 3;
  EXPECT_FALSE(is_run(damaged, 3)) << "it could not be walked backwards";
}

TEST(ListRun, IsWalkedInBothDirections) {
  std::string run;
  const std::vector<std::size_t> sizes{0, 1, 125, 126, 127, 128, 129, 16'380, 16'384, 70'000, 3};
  for (const std::size_t size : sizes) {
    const std::string element = run_of(std::string(size, 'x'));
    EXPECT_EQ(element.size(), run_element_bytes(size));
    run += element;
  }
  std::size_t end = run.size();
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const RunElement element = run_element_before(run, end);
    EXPECT_EQ(element.bytes.size(), sizes[i]);
    EXPECT_EQ(run_element(run, element.begin).end, end);
    end = element.begin;
  }
  EXPECT_EQ(end, 0u);
}

}  // namespace
}  // namespace borg::storage
