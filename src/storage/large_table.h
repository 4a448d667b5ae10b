// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "storage/large.h"
#include "storage/slot_table.h"

namespace borg::storage {

// What all that keep their elements in such a table have in common.

[[nodiscard]] KeyRef element_ref(std::string_view element);
[[nodiscard]] std::optional<std::string_view> value_in(const SlotTable& table,
                                                       std::string_view element);
/// As Large::scan() and is_passed(): a position is one of a ScanCursor.
std::optional<std::uint64_t> scan_elements(const SlotTable& table, std::uint64_t position,
                                           ScanBudget budget, const Large::Visit& visit);
[[nodiscard]] bool is_element_passed(std::string_view element, std::uint64_t position);

/// A hash or a set of any size: a table like that of a slot, so it never stops to rehash, and a
/// position in it keeps its meaning while it changes and on every replica.
class LargeTable : public Large {
 public:
  LargeTable() : table_(totals_) {}

  [[nodiscard]] std::size_t elements() const override { return table_.keys(); }
  [[nodiscard]] std::size_t allocated_bytes() const override;
  bool destroy_some(ScanBudget& budget) override;

  /// Nullopt if it is not here. Valid until the next change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view element) const;
  /// True if it was not here.
  bool put(std::string_view element, std::string_view value);
  /// False if it is not here.
  bool erase(std::string_view element);

  /// A position is one of a ScanCursor.
  std::optional<std::uint64_t> scan(std::uint64_t position, ScanBudget budget,
                                    const Visit& visit) const override;
  [[nodiscard]] bool is_passed(std::string_view element, std::uint64_t position) const override;
  [[nodiscard]] std::optional<std::string_view> value_of(std::string_view element) const override {
    return find(element);
  }
  [[nodiscard]] bool receive(std::string_view element, std::string_view value) override;
  void receive_absence(std::string_view element) override { erase(element); }
  /// REQUIRES: elements() > 0.
  [[nodiscard]] EntryView draw(Random& random) const { return table_.random_entry(random).view(); }

 private:
  Totals totals_;
  SlotTable table_;
};

}  // namespace borg::storage
