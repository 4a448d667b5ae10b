// SPDX-License-Identifier: Apache-2.0
#include "storage/large_sorted_set.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "storage/large_table.h"

namespace borg::storage {

double score_from(std::string_view bytes) {
  double score;
  std::memcpy(&score, bytes.data(), sizeof score);
  return score;
}

std::size_t LargeSortedSet::allocated_bytes() const {
  return sizeof(*this) - sizeof(table_) + totals_.bytes.value() + order_.allocated_bytes();
}

bool LargeSortedSet::destroy_some(ScanBudget& budget) {
  while (order_.size() > 0 && !budget.is_spent()) {
    // To forget a chunk costs about as much as to free a few keys.
    order_.forget_some();
    budget.keys_left -= std::min<std::size_t>(budget.keys_left, 4);
  }
  return budget.is_spent() || table_.destroy_some(budget);
}

std::optional<double> LargeSortedSet::score_of(std::string_view member) const {
  const auto value = value_of(member);
  if (!value) return std::nullopt;
  return score_from(*value);
}

void LargeSortedSet::put(std::string_view member, double score) {
  const KeyRef ref = element_ref(member);
  if (const Entry old = table_.find(ref); !old.is_null()) {
    order_.erase({score_from(old.view().value), old});
  }
  char bytes[sizeof score];
  std::memcpy(bytes, &score, sizeof score);
  table_.put(ref, {bytes, sizeof bytes}, kNoExpiry, ValueType::kString);
  order_.insert({score, table_.find(ref)});
}

bool LargeSortedSet::erase(std::string_view member) {
  const KeyRef ref = element_ref(member);
  const Entry entry = table_.find(ref);
  if (entry.is_null()) return false;
  order_.erase({score_from(entry.view().value), entry});
  return table_.erase(ref);
}

std::optional<std::size_t> LargeSortedSet::rank_of(std::string_view member) const {
  const Entry entry = table_.find(element_ref(member));
  if (entry.is_null()) return std::nullopt;
  return order_.rank_of({score_from(entry.view().value), entry});
}

std::optional<std::uint64_t> LargeSortedSet::scan(std::uint64_t position, ScanBudget budget,
                                                  const Visit& visit) const {
  return scan_elements(table_, position, budget, visit);
}

bool LargeSortedSet::is_passed(std::string_view element, std::uint64_t position) const {
  return is_element_passed(element, position);
}

std::optional<std::string_view> LargeSortedSet::value_of(std::string_view element) const {
  return value_in(table_, element);
}

bool LargeSortedSet::receive(std::string_view element, std::string_view value) {
  if (value.size() != sizeof(double) || std::isnan(score_from(value))) return false;
  put(element, score_from(value));
  return true;
}

}  // namespace borg::storage
