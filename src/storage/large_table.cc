// SPDX-License-Identifier: Apache-2.0
#include "storage/large_table.h"

#include "storage/hash_order.h"

namespace borg::storage {

KeyRef element_ref(std::string_view element) { return {element, SlotId(), hash_of_key(element)}; }

std::optional<std::string_view> value_in(const SlotTable& table, std::string_view element) {
  const Entry entry = table.find(element_ref(element));
  if (entry.is_null()) return std::nullopt;
  return entry.view().value;
}

std::optional<std::uint64_t> scan_elements(const SlotTable& table, std::uint64_t position,
                                           ScanBudget budget, const Large::Visit& visit) {
  if (position >> kPositionBits != 0) return std::nullopt;
  const auto next = table.scan(reversed_from_position(position), budget,
                               [&](const EntryView& entry) { visit(entry.key, entry.value); });
  if (!next) return std::nullopt;
  return position_of(*next);
}

bool is_element_passed(std::string_view element, std::uint64_t position) {
  return position_of(reverse_bits(hash_of_key(element))) < position;
}

std::size_t LargeTable::allocated_bytes() const {
  return sizeof(*this) - sizeof(table_) + totals_.bytes.value();
}

bool LargeTable::destroy_some(ScanBudget& budget) { return table_.destroy_some(budget); }

std::optional<std::string_view> LargeTable::find(std::string_view element) const {
  return value_in(table_, element);
}

bool LargeTable::put(std::string_view element, std::string_view value) {
  const std::size_t before = table_.keys();
  table_.put(element_ref(element), value, kNoExpiry, ValueType::kString);
  return table_.keys() > before;
}

bool LargeTable::erase(std::string_view element) { return table_.erase(element_ref(element)); }

std::optional<std::uint64_t> LargeTable::scan(std::uint64_t position, ScanBudget budget,
                                              const Visit& visit) const {
  return scan_elements(table_, position, budget, visit);
}

bool LargeTable::is_passed(std::string_view element, std::uint64_t position) const {
  return is_element_passed(element, position);
}

bool LargeTable::receive(std::string_view element, std::string_view value) {
  put(element, value);
  return true;
}

}  // namespace borg::storage
