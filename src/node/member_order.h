// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coordination/coordinator.h"
#include "membership/cluster_view.h"
#include "node/memory_need.h"

namespace borg::node {

/// What an operator wants of a member: BORG DRAIN, LEAVE, UNDRAIN or FORGET.
struct MemberOrder {
  enum class Kind : std::uint8_t { kDrain, kLeave, kUndrain, kForget };
  Kind kind = Kind::kDrain;
  std::string node;        ///< its name
  bool is_forced = false;  ///< FORCE was said
  bool is_check = false;   ///< CHECK was said: whether it would be refused, and no more
};
/// nullopt: these words are no such order.
[[nodiscard]] std::optional<MemberOrder> order_from(const std::vector<std::string>& words);

/// What the node that is asked knows beside the view.
struct OrderContext {
  NodeId self;
  std::function<bool(NodeId)> is_silent;
  bool may_judge = true;  ///< it is in reach of most others
  /// What the others would have no memory for if the node went.
  MemoryNeed memory = {};
};

/// What comes of an order by this view.
struct OrderVerdict {
  /// "OK" and what happens, or the error that refuses it and says why.
  std::string answer;
  /// The member as it has to be written for that; nothing: it is so already, or refused.
  std::optional<coordination::Member> change;
  /// What must not have changed since, beside the member's own record.
  std::vector<coordination::Compare> compares;
};
/// It is refused where the others have no memory for what the node holds.
[[nodiscard]] bool depends_on_memory(const MemberOrder& order);
[[nodiscard]] OrderVerdict judge(const MemberOrder& order, const membership::ClusterView& view,
                                 const OrderContext& context);

}  // namespace borg::node
