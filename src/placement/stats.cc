// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "placement/layout.h"
#include "placement/placement.h"
#include "placement/shares.h"

namespace borg::placement {
namespace {

struct Census {
  explicit Census(std::size_t nodes) : copies(nodes), primaries(nodes), partners(nodes) {}
  std::vector<std::uint32_t> copies;
  std::vector<std::uint32_t> primaries;
  std::vector<std::set<Index>> partners;
  /// Pairs that are all the copies of some partition.
  std::set<std::pair<Index, Index>> fatal_pairs;
};

Census census(const Topology& topology, const Previous& now) {
  Census result(topology.size());
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (now.primary[p] != kNobody) ++result.primaries[now.primary[p]];
    const Holders& holders = now.holders[p];
    for (const Index node : holders) {
      ++result.copies[node];
      for (const Index other : holders) {
        if (other != node) result.partners[node].insert(other);
      }
    }
    if (holders.size() == 2) result.fatal_pairs.insert(std::minmax(holders[0], holders[1]));
  }
  return result;
}

/// How many of the previous copies could stay, counted by nodes: none holds more than its
/// quota, and only so many are rounded up.
std::uint32_t can_stay_by_node(const Topology& topology, const Census& before) {
  const Quotas quota = quotas(topology);
  std::uint32_t stay = 0;
  std::uint32_t rounded_up_max = kPartitionCount * topology.copies;
  std::uint32_t over = 0;
  for (Index i = 0; i < topology.size(); ++i) {
    const Quota& q = quota.copies[i];
    stay += std::min(before.copies[i], q.low);
    rounded_up_max -= q.low;
    if (before.copies[i] > q.low && q.high > q.low) ++over;
  }
  return stay + std::min(over, rounded_up_max);
}

/// The same, counted by partitions: no more than there shall be, nor more crowded.
std::uint32_t can_stay_by_partition(const Topology& topology, const Previous& before) {
  std::uint32_t stay = 0;
  for (Holders holders : before.holders) {
    while (holders.size() > topology.copies ||
           topology.crowding_when_full(holders) > topology.crowding_min) {
      Index worst = holders[0];
      std::uint32_t best = UINT32_MAX;
      for (const Index node : holders) {
        Holders without = holders;
        without.remove(node);
        const std::uint32_t crowding = topology.crowding_when_full(without);
        if (crowding < best) {
          best = crowding;
          worst = node;
        }
      }
      holders.remove(worst);
    }
    stay += static_cast<std::uint32_t>(holders.size());
  }
  return stay;
}

void count_moves(const Previous& before, const Previous& now, Stats& out) {
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    bool any_kept = false;
    for (const Index node : now.holders[p]) {
      const bool is_kept = before.holders[p].contains(node);
      any_kept = any_kept || is_kept;
      if (!is_kept) ++out.moved;
    }
    if (!any_kept && !before.holders[p].empty()) ++out.replaced_whole;
    if (before.primary[p] != kNobody && before.primary[p] != now.primary[p]) {
      ++out.primaries_changed;
    }
  }
}

void count_scatter(const Topology& topology, const Census& now, Stats& out) {
  const std::size_t n = topology.size();
  std::size_t sum = 0;
  out.scatter_min = UINT32_MAX;
  for (const std::set<Index>& partners : now.partners) {
    const auto width = static_cast<std::uint32_t>(partners.size());
    out.scatter_min = std::min(out.scatter_min, width);
    out.scatter_max = std::max(out.scatter_max, width);
    sum += width;
  }
  out.scatter_mean_x100 = static_cast<std::uint32_t>(100 * sum / n);
  if (n < 2) return;
  const std::size_t pairs = n * (n - 1) / 2;
  out.pair_loss_permille = static_cast<std::uint32_t>(1000 * now.fatal_pairs.size() / pairs);
}

}  // namespace

Stats stats(const std::vector<Node>& nodes, const Options& options, const Assignment& previous,
            const Assignment& assignment) {
  const Topology topology(nodes, options);
  Stats result;
  if (topology.size() == 0) return result;
  const Previous before(topology, previous);
  const Previous after(topology, assignment);
  const Census now = census(topology, after);
  const auto [copies_min, copies_max] = std::minmax_element(now.copies.begin(), now.copies.end());
  result.copies_min = *copies_min;
  result.copies_max = *copies_max;
  const auto [low, high] = std::minmax_element(now.primaries.begin(), now.primaries.end());
  result.primaries_min = *low;
  result.primaries_max = *high;
  count_moves(before, after, result);
  result.moved_min = kPartitionCount * topology.copies -
                     std::min(can_stay_by_node(topology, census(topology, before)),
                              can_stay_by_partition(topology, before));
  count_scatter(topology, now, result);
  return result;
}

}  // namespace borg::placement
