// SPDX-License-Identifier: Apache-2.0
#include "placement/copies.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "placement/chooser.h"
#include "placement/fill.h"
#include "placement/paths.h"
#include "placement/scatter.h"
#include "placement/shed.h"

namespace borg::placement {
namespace {

// ---- trim: what may not stay ----

/// How crowded the partition will be at best without this holder.
std::uint32_t crowding_without(const Layout& layout, std::size_t partition, Index node) {
  Holders without = layout.holders(partition);
  without.remove(node);
  return layout.topology().crowding_when_full(without);
}

/// Those without whom the partition is best off; the likely primary at a price.
Candidates dispensable(const Layout& layout, std::size_t partition) {
  std::uint32_t best = UINT32_MAX;
  for (const Index node : layout.holders(partition)) {
    best = std::min(best, crowding_without(layout, partition, node));
  }
  Candidates result;
  for (const Index node : layout.holders(partition)) {
    if (crowding_without(layout, partition, node) != best) continue;
    result.add(node, layout.leader(partition) == node ? 10 : 0);
  }
  return result;
}

/// How many copies each node should lose: as many as bring it within its quota.
std::vector<Quota> surplus(const Layout& layout) {
  std::vector<Quota> result;
  for (Index i = 0; i < layout.topology().size(); ++i) {
    const std::uint32_t held = layout.load()[i];
    const Quota& quota = layout.load().quota(i);
    result.push_back({held - std::min(held, quota.high), held - std::min(held, quota.low)});
  }
  return result;
}

/// Drops one copy of each partition that has too many. False if none has.
bool trim_number(Layout& layout) {
  std::vector<Candidates> candidates(kPartitionCount);
  bool any = false;
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (layout.holders(p).size() <= layout.topology().copies) continue;
    candidates[p] = dispensable(layout, p);
    any = true;
  }
  if (!any) return false;
  const std::vector<Index> dropped = choose_one_each(candidates, surplus(layout));
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (dropped[p] != kNobody) layout.remove(p, dropped[p]);
  }
  return true;
}

bool is_crowded(const Topology& topology, const Holders& holders) {
  if (topology.crowding_min == 0) return topology.crowding(holders) > 0;
  return topology.crowding_when_full(holders) > topology.crowding_min;
}

/// The one to drop from a partition that is crowded: rather a backup, rather from the fullest.
Index most_dispensable(const Layout& layout, std::size_t partition) {
  const Candidates candidates = dispensable(layout, partition);
  const Tally& load = layout.load();
  const auto rank = [&](Index node) {
    return std::tuple(layout.leader(partition) == node,
                      std::int64_t{load.quota(node).high} - load[node]);
  };
  return *std::min_element(candidates.nodes.begin(), candidates.nodes.end(),
                           [&](Index a, Index b) { return rank(a) < rank(b); });
}

/// Drops copies that keep a partition from being spread as it could be.
void trim_crowded(Layout& layout) {
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    while (is_crowded(layout.topology(), layout.holders(p))) {
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
  while (trim_number(layout)) {
  }
  trim_crowded(layout);
  layout.set_anchors();
  fill(layout);
  repair(layout, true);  // what has just been placed can still go elsewhere for nothing
  shed(layout);
  repair(layout, false);
}

}  // namespace borg::placement
