// SPDX-License-Identifier: Apache-2.0
#include "placement/scatter.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace borg::placement {

std::uint32_t scatter_excess(const Layout& layout, std::size_t partition, Index from, Index to,
                             const Limits& limits) {
  std::uint32_t excess = 0;
  std::uint32_t degree = layout.degree(to);
  for (const Index other : layout.holders(partition)) {
    if (other == from || layout.shared(other, to) > 0) continue;
    const bool frees = from != kNobody && layout.shared(other, from) == 1;
    if (layout.degree(other) - (frees ? 1 : 0) >= limits.others) ++excess;
    if (degree++ >= limits.newcomer) ++excess;
  }
  return excess;
}

Limits usual_limits(const Layout& layout) {
  return {layout.topology().scatter, layout.topology().scatter};
}

std::map<std::uint32_t, std::uint32_t> pairs_to_end(const Layout& layout) {
  const std::uint32_t scatter = layout.topology().scatter;
  const auto nodes = static_cast<Index>(layout.topology().size());
  std::vector<std::tuple<bool, std::uint32_t, std::uint32_t>> pairs;
  for (Index a = 0; a < nodes; ++a) {
    for (Index b = a + 1; b < nodes; ++b) {
      const std::uint32_t shared = layout.shared(a, b);
      if (shared == 0) continue;
      const bool is_wanted = layout.degree(a) < scatter || layout.degree(b) < scatter;
      pairs.emplace_back(is_wanted, shared, pair_code(a, b));
    }
  }
  const std::size_t wanted = std::size_t{scatter} * nodes / 2;
  const std::size_t soon = pairs.size() + scatter;
  std::sort(pairs.begin(), pairs.end());
  std::map<std::uint32_t, std::uint32_t> order;
  for (std::size_t i = 0; i < pairs.size() && wanted + i < soon; ++i) {
    order.emplace(std::get<2>(pairs[i]), static_cast<std::uint32_t>(i));
  }
  return order;
}

}  // namespace borg::placement
