// SPDX-License-Identifier: Apache-2.0
#include "placement/copies.h"

#include <tuple>

#include "placement/fill.h"
#include "placement/paths.h"
#include "placement/scatter.h"
#include "placement/shed.h"

namespace borg::placement {
namespace {

// ---- trim: what may not stay ----

/// The holder without whom the partition is best off.
Index most_dispensable(const Layout& layout, std::size_t partition) {
  const Holders& holders = layout.holders(partition);
  const Tally& load = layout.load();
  Index worst = kNobody;
  std::tuple<std::uint32_t, bool, std::int64_t> worst_rank;
  for (const Index node : holders) {
    Holders without = holders;
    without.remove(node);
    const std::tuple rank(layout.topology().crowding_when_full(without),
                          layout.leader(partition) == node,
                          std::int64_t{load.quota(node).high} - load[node]);
    if (worst == kNobody || rank < worst_rank) {
      worst = node;
      worst_rank = rank;
    }
  }
  return worst;
}

bool is_crowded(const Layout& layout, const Holders& holders) {
  const Topology& topology = layout.topology();
  if (topology.crowding_min == 0) return topology.crowding(holders) > 0;
  return topology.crowding_when_full(holders) > topology.crowding_min;
}

/// Drops copies that are too many, or that keep a partition from being spread as it could be.
void trim(Layout& layout) {
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    while (layout.holders(p).size() > layout.topology().copies ||
           is_crowded(layout, layout.holders(p))) {
      layout.remove(p, most_dispensable(layout, p));
    }
  }
}

// ---- repair: chains of exchanges for what is left ----

class CopyArcs {
 public:
  CopyArcs(Layout& layout, bool is_new_only) : layout_(layout), is_new_only_(is_new_only) {}

  template <class F>
  void from(Index i, F f) {
    for (const std::uint16_t p : layout_.held(i)) {
      for (Index j = 0; j < layout_.topology().size(); ++j) {
        if (is_possible(p, i, j)) f(j, cost(p, i, j));
      }
    }
  }
  bool hand(Index i, Index j, int cost_max, bool at_any_cost) {
    std::size_t best = kPartitionCount;
    int best_cost = 0;
    for (const std::uint16_t p : layout_.held(i)) {
      if (!is_possible(p, i, j)) continue;
      const int c = cost(p, i, j);
      if (best != kPartitionCount && c >= best_cost) continue;
      best = p;
      best_cost = c;
      if (c <= cost_max) break;
    }
    if (best == kPartitionCount || (best_cost > cost_max && !at_any_cost)) return false;
    layout_.replace(best, i, j);
    return true;
  }

 private:
  [[nodiscard]] bool is_possible(std::size_t p, Index i, Index j) const {
    return !(is_new_only_ && layout_.was_holder(p, i)) && !layout_.holders(p).contains(j) &&
           layout_.topology().may_replace(layout_.holders(p), i, j);
  }
  /// Never negative, so that a search ends whatever the start was. A copy that was not there
  /// before moves for free.
  [[nodiscard]] int cost(std::size_t p, Index i, Index j) const {
    int sum = 1;
    if (layout_.was_holder(p, i) && !layout_.was_holder(p, j)) sum += 10'000;
    if (!layout_.may_leave(p, i)) sum += 1'000;
    sum += static_cast<int>(10 * scatter_excess(layout_, p, i, j, usual_limits(layout_)));
    return sum;
  }

  Layout& layout_;
  bool is_new_only_;
};

void repair(Layout& layout, bool is_new_only) {
  CopyArcs arcs(layout, is_new_only);
  PathBalancer<CopyArcs>(layout.load(), arcs).run();
}

}  // namespace

void settle_copies(Layout& layout) {
  trim(layout);
  layout.set_anchors();
  fill(layout);
  repair(layout, true);  // what has just been placed can still go elsewhere for nothing
  shed(layout);
  repair(layout, false);
}

}  // namespace borg::placement
