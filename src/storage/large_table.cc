// SPDX-License-Identifier: Apache-2.0
#include "storage/large_table.h"

#include "storage/hash_order.h"

namespace borg::storage {
namespace {

KeyRef element_ref(std::string_view element) { return {element, SlotId(), hash_of_key(element)}; }

}  // namespace

std::size_t LargeTable::allocated_bytes() const {
  return sizeof(*this) - sizeof(table_) + totals_.bytes;
}

bool LargeTable::destroy_some(ScanBudget& budget) { return table_.destroy_some(budget); }

std::optional<std::string_view> LargeTable::find(std::string_view element) const {
  const Entry entry = table_.find(element_ref(element));
  if (entry.is_null()) return std::nullopt;
  return entry.view().value;
}

bool LargeTable::put(std::string_view element, std::string_view value) {
  const std::size_t before = table_.keys();
  table_.put(element_ref(element), value, kNoExpiry, ValueType::kString);
  return table_.keys() > before;
}

bool LargeTable::erase(std::string_view element) { return table_.erase(element_ref(element)); }

std::optional<std::uint64_t> LargeTable::scan(std::uint64_t position, ScanBudget budget,
                                              const Visit& visit) const {
  if (position >> kPositionBits != 0) return std::nullopt;
  const auto next = table_.scan(reversed_from_position(position), budget,
                                [&](const EntryView& entry) { visit(entry.key, entry.value); });
  if (!next) return std::nullopt;
  return position_of(*next);
}

bool LargeTable::is_passed(std::string_view element, std::uint64_t position) const {
  return position_of(reverse_bits(hash_of_key(element))) < position;
}

bool LargeTable::receive(std::string_view element, std::string_view value) {
  put(element, value);
  return true;
}

}  // namespace borg::storage
