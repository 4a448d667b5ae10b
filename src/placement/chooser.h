// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "placement/shares.h"

namespace borg::placement {

/// Nodes of which one is to be chosen, with what each choice costs.
struct Candidates {
  Holders nodes;
  std::array<std::int8_t, kCopiesMax> cost{};

  void add(Index node, std::int8_t price) {
    cost[nodes.size()] = price;
    nodes.add(node);
  }
};

/// Chooses one node for each partition so that every node is chosen as often as its quota says
/// or, where that cannot be, nearly; among such choices one of minimum cost. kNobody where there
/// is no candidate. Ties are decided by the order of the candidates.
[[nodiscard]] std::vector<Index> choose_one_each(const std::vector<Candidates>& candidates,
                                                 const std::vector<Quota>& quota);

}  // namespace borg::placement
