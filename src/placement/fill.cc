// SPDX-License-Identifier: Apache-2.0
#include "placement/fill.h"

#include <algorithm>
#include <tuple>

#include "placement/scatter.h"

namespace borg::placement {
namespace {

/// How full the pairs would be: keeps what two nodes share as even as what they hold, so that
/// when one dies all others take over alike.
std::uint64_t pairing(const Layout& layout, std::size_t partition, Index node) {
  std::uint64_t sum = 0;
  for (const Index other : layout.holders(partition)) sum += layout.shared(other, node);
  return (sum << 20) / std::max(1u, layout.load().quota(node).high);
}

Index best_newcomer(const Layout& layout, std::size_t partition) {
  const Holders& holders = layout.holders(partition);
  const Topology& topology = layout.topology();
  Index best = kNobody;
  std::tuple<std::uint32_t, int, std::uint32_t, std::uint64_t> best_rank;
  Draw best_draw;
  for (Index node = 0; node < topology.size(); ++node) {
    if (holders.contains(node)) continue;
    const Tally& load = layout.load();
    int fullness = load.is_open(node) ? 0 : load.below_high(node) ? 1 : 2;
    if (holders.empty() && !layout.lead().is_open(node)) ++fullness;
    const std::tuple rank(topology.crowding(holders, kNobody, node), fullness,
                          scatter_excess(layout, partition, kNobody, node, usual_limits(layout)),
                          pairing(layout, partition, node));
    if (best != kNobody && rank > best_rank) continue;
    const Draw d = layout.draw_of(partition, node);
    if (best != kNobody && rank == best_rank && d >= best_draw) continue;
    best = node;
    best_rank = rank;
    best_draw = d;
  }
  return best;
}

}  // namespace

void fill(Layout& layout) {
  for (std::size_t size = 0; size < layout.topology().copies; ++size) {
    for (std::size_t p = 0; p < kPartitionCount; ++p) {
      if (layout.holders(p).size() == size) layout.add(p, best_newcomer(layout, p));
    }
  }
}

}  // namespace borg::placement
