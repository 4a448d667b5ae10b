// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/large.h"
#include "storage/score_order.h"
#include "storage/slot_table.h"

namespace borg::storage {

/// A sorted set of any size: a table finds the score of a member, and gives the set an order in
/// which it is the same on every replica to travel in; an order over the same entries finds
/// ranks.
class LargeSortedSet : public Large {
 public:
  LargeSortedSet() : table_(totals_) {}

  [[nodiscard]] std::size_t elements() const override { return table_.keys(); }
  [[nodiscard]] std::size_t allocated_bytes() const override;
  bool destroy_some(ScanBudget& budget) override;

  /// Nullopt if it is not here.
  [[nodiscard]] std::optional<double> score_of(std::string_view member) const;
  /// REQUIRES: score is a number.
  void put(std::string_view member, double score);
  /// False if it is not here.
  bool erase(std::string_view member);
  [[nodiscard]] std::optional<std::size_t> rank_of(std::string_view member) const;
  [[nodiscard]] const ScoreOrder& order() const { return order_; }

  /// A position is one of a ScanCursor; the value of an element is its score, 8 bytes.
  std::optional<std::uint64_t> scan(std::uint64_t position, ScanBudget budget,
                                    const Visit& visit) const override;
  [[nodiscard]] bool is_passed(std::string_view element, std::uint64_t position) const override;
  [[nodiscard]] std::optional<std::string_view> value_of(std::string_view element) const override;
  [[nodiscard]] bool receive(std::string_view element, std::string_view value) override;
  void receive_absence(std::string_view element) override { erase(element); }

 private:
  Totals totals_;
  SlotTable table_;
  ScoreOrder order_;
};

/// As it is kept and sent: 8 bytes, little-endian. REQUIRES: there are 8.
[[nodiscard]] double score_from(std::string_view bytes);

}  // namespace borg::storage
