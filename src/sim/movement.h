// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "coordination/coordinator.h"
#include "coordination/schema.h"
#include "placement/placement.h"

namespace borg::sim {

/// Adds up what all the targets that a cluster had asked to be moved, and what the least would
/// have been.
class Movement {
 public:
  void on_changes(const coordination::Changes& changes);

  [[nodiscard]] std::uint64_t targets() const { return targets_; }
  [[nodiscard]] std::uint64_t moved() const { return moved_; }
  [[nodiscard]] std::uint64_t moved_least() const { return moved_least_; }
  /// Of the latest target.
  [[nodiscard]] const placement::Stats& last() const { return last_; }

 private:
  void on_target(const coordination::Target& target);

  std::map<NodeId, placement::Node> nodes_;
  placement::Options options_;
  placement::Assignment assignment_;
  std::uint64_t targets_ = 0;
  std::uint64_t moved_ = 0;
  std::uint64_t moved_least_ = 0;
  placement::Stats last_;
};

}  // namespace borg::sim
