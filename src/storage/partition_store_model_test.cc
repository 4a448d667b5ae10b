// SPDX-License-Identifier: Apache-2.0
// The store against std::map under random histories.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "storage/partition_store.h"

namespace borg::storage {
namespace {

constexpr PartitionId kPartition(1023);
/// Ranges of keys, so that few steps make the tables grow and shrink a lot.
constexpr int kKeysMax = 1500;

struct Step {
  enum Kind { kPut, kErase, kSetExpiry, kResize, kSweep, kClear, kKinds };
  int kind;
  int first;
  int count;
  int size;
  ExpiryMs expiry;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << '{' << step.kind << ' ' << step.first << '+' << step.count << " size " << step.size
             << " expiry " << step.expiry << '}';
}

rc::Gen<Step> any_step() {
  return rc::gen::apply(
      [](int kind, int first, int count, int size, ExpiryMs expiry) {
        return Step{kind, first, count, size, expiry};
      },
      // Clearing is rarer than the rest, or nothing ever gets large.
      rc::gen::weightedElement<int>({{8, Step::kPut},
                                     {6, Step::kErase},
                                     {3, Step::kSetExpiry},
                                     {3, Step::kResize},
                                     {2, Step::kSweep},
                                     {1, Step::kClear}}),
      rc::gen::inRange(0, kKeysMax), rc::gen::inRange(0, kKeysMax), rc::gen::inRange(0, 400),
      rc::gen::element(ExpiryMs{kNoExpiry}, ExpiryMs{0}, ExpiryMs{10},
                       ExpiryMs{1'700'000'000'000}));
}

struct ModelEntry {
  std::string value;
  ExpiryMs expiry;
};

/// Runs each step on a store and on a map.
class Twins {
 public:
  void run(const Step& step) {
    if (step.kind == Step::kSweep) return sweep(step);
    if (step.kind == Step::kClear) {
      store_.clear();
      model_.clear();
      return;
    }
    for (int i = step.first; i < std::min(step.first + step.count, kKeysMax); ++i) {
      run_on_key(step, i);
    }
  }

  void check_counts() const {
    const auto expiring = std::count_if(model_.begin(), model_.end(), [](const auto& item) {
      return item.second.expiry != kNoExpiry;
    });
    RC_ASSERT(store_.keys() == model_.size());
    RC_ASSERT(store_.keys_with_expiry() == static_cast<std::size_t>(expiring));
    std::size_t bytes = 0;
    for (const auto& [number, entry] : model_) bytes += entry.value.size() + 3;
    RC_ASSERT(store_.memory_bytes() > bytes);
    if (model_.empty()) RC_ASSERT(store_.memory_bytes() == empty_bytes_);
  }

  void check_content() const {
    for (int i = 0; i < kKeysMax; ++i) {
      const auto found = store_.find(ref(i));
      const auto expected = model_.find(i);
      RC_ASSERT(found.has_value() == (expected != model_.end()));
      if (!found) continue;
      RC_ASSERT(found->value == expected->second.value);
      RC_ASSERT(found->expiry == expected->second.expiry);
    }
    std::size_t visited = 0;
    const auto next =
        store_.scan(store_.begin(), SIZE_MAX, SIZE_MAX, [&](const EntryView&) { ++visited; });
    RC_ASSERT(!next.has_value());
    RC_ASSERT(visited == model_.size());
  }

 private:
  /// Two slots in three are empty, the keys of the others differ in number.
  static KeyRef ref(int number) {
    static const std::vector<std::string> names = [] {
      std::vector<std::string> made;
      for (int i = 0; i < kKeysMax; ++i) made.push_back("key " + std::to_string(i));
      return made;
    }();
    const unsigned slot = number % 7 == 0 ? 15u : number % 7 < 3 ? 4u : 0u;
    return key_ref(names[static_cast<std::size_t>(number)],
                   SlotId(static_cast<std::uint16_t>(first_slot(kPartition).value() + slot)));
  }

  void run_on_key(const Step& step, int number) {
    const auto size = static_cast<std::size_t>(step.size);
    const auto found = model_.find(number);
    const bool is_here = found != model_.end();
    if (step.kind == Step::kPut) {
      const std::string value(size, static_cast<char>(number));
      store_.put(ref(number), value, step.expiry);
      model_[number] = {value, step.expiry};
    } else if (step.kind == Step::kErase) {
      RC_ASSERT(store_.erase(ref(number)) == is_here);
      model_.erase(number);
    } else if (step.kind == Step::kSetExpiry) {
      RC_ASSERT(store_.set_expiry(ref(number), step.expiry) == is_here);
      if (is_here) found->second.expiry = step.expiry;
    } else if (is_here) {
      const char* value = store_.resize_value(ref(number), size);
      found->second.value.resize(size, '\0');
      RC_ASSERT(std::string_view(value, size) == found->second.value);
    }
  }

  void sweep(const Step& step) {
    std::vector<std::string> expired;
    store_.find_expired(10, static_cast<std::size_t>(step.count), [&](const EntryView& entry) {
      RC_ASSERT(entry.expired_at(10));
      expired.emplace_back(entry.key.substr(4));
    });
    for (const std::string& digits : expired) {
      const int number = std::stoi(digits);
      RC_ASSERT(model_.at(number).expiry <= 10);
      RC_ASSERT(store_.erase(ref(number)));
      model_.erase(number);
    }
  }

  PartitionStore store_{kPartition};
  std::size_t empty_bytes_ = store_.memory_bytes();
  std::map<int, ModelEntry> model_;
};

RC_GTEST_PROP(PartitionStoreModel, BehavesAsAMap, ()) {
  Twins twins;
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  for (const Step& step : steps) {
    twins.run(step);
    twins.check_counts();
  }
  twins.check_content();
}

}  // namespace
}  // namespace borg::storage
