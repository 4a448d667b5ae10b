// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/large.h"
#include "storage/list_run.h"

namespace borg::storage {

/// A list of any length: runs of some kilobytes in a row, so that both ends are near, an element
/// costs a few bytes more than itself, and to insert one moves no more than a run.
///
/// Invariant: no run is empty; one that is larger than kRunBytesMax has a single element.
class LargeList : public Large {
 public:
  /// As a node of Redis's quicklist by default.
  static constexpr std::size_t kRunBytesMax = 8192;

  [[nodiscard]] std::size_t elements() const override { return count_; }
  [[nodiscard]] std::size_t allocated_bytes() const override;
  bool destroy_some(ScanBudget& budget) override;

  /// REQUIRES: index <= elements().
  void insert(std::size_t index, std::string_view element);
  // REQUIRES, as below: index < elements().
  void erase(std::size_t index);
  void set(std::size_t index, std::string_view element);
  [[nodiscard]] std::string_view at(std::size_t index) const;
  /// Removes `count` elements from an index on, whole runs at a time where it can.
  void erase_range(std::size_t index, std::size_t count);

  /// Removes those at these indexes, which ascend, in one walk.
  void erase_each(const std::vector<std::size_t>& indexes);

  /// The index grows; false ends the walk.
  using Step = std::function<bool(std::size_t index, std::string_view element)>;
  void walk(std::size_t first, const Step& step) const;
  /// From an index down to 0.
  void walk_back(std::size_t first, const Step& step) const;

  // A position is an index.
  std::optional<std::uint64_t> scan(std::uint64_t position, ScanBudget budget,
                                    const Visit& visit) const override;
  [[nodiscard]] bool is_passed(std::string_view, std::uint64_t) const override { return false; }
  [[nodiscard]] std::optional<std::string_view> value_of(std::string_view) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool receive(std::string_view, std::string_view value) override;
  void receive_absence(std::string_view) override {}
  [[nodiscard]] bool receive_at(ListChange change, std::uint64_t index,
                                std::string_view value) override;

 private:
  struct Node {
    std::string run;
    std::size_t count = 0;
  };
  struct Place {
    std::size_t node;
    std::size_t index;  ///< within the node
  };
  [[nodiscard]] Place place_of(std::size_t index) const;
  void insert_node(std::size_t at, Node node);
  void erase_node(std::size_t at);
  void split(const Place& place);
  void keep_others(Node& node, std::size_t base, std::span<const std::size_t> erased);
  /// Replaces bytes of a run, and counts what it takes.
  void replace(Node& node, std::size_t at, std::size_t removed, std::string_view added);

  std::deque<Node> nodes_;
  std::size_t count_ = 0;
  std::size_t run_bytes_ = 0;  ///< capacity of all runs
};

}  // namespace borg::storage
