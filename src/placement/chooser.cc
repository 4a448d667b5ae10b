// SPDX-License-Identifier: Apache-2.0
#include "placement/chooser.h"

#include <algorithm>

#include "placement/paths.h"

namespace borg::placement {
namespace {

/// The choices so far; an arc from i to j is a partition that chose i and could choose j.
class Choices {
 public:
  Choices(const std::vector<Candidates>& candidates, const std::vector<Quota>& quota)
      : candidates_(candidates),
        chosen_(candidates.size(), kNobody),
        chosen_by_(quota.size()),
        tally_(quota, static_cast<std::uint32_t>(candidates.size())) {
    for (std::size_t p = 0; p < candidates.size(); ++p) {
      if (!candidates[p].nodes.empty()) choose(p, cheapest(candidates[p]));
    }
  }

  template <class F>
  void from(Index i, F f) {
    for (const std::size_t p : chosen_by_[i]) {
      const Candidates& c = candidates_[p];
      const int now = cost(p, i);
      for (std::size_t k = 0; k < c.nodes.size(); ++k) {
        if (c.nodes[k] != i) f(c.nodes[k], c.cost[k] - now);
      }
    }
  }
  bool hand(Index i, Index j, int cost_max, bool) {
    for (const std::size_t p : chosen_by_[i]) {
      if (!candidates_[p].nodes.contains(j) || cost(p, j) - cost(p, i) > cost_max) continue;
      std::erase(chosen_by_[i], p);
      tally_.remove(i);
      choose(p, j);
      return true;
    }
    return false;
  }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const std::vector<Index>& chosen() const { return chosen_; }

 private:
  [[nodiscard]] int cost(std::size_t p, Index node) const {
    const Candidates& c = candidates_[p];
    const auto it = std::find(c.nodes.begin(), c.nodes.end(), node);
    return c.cost[static_cast<std::size_t>(it - c.nodes.begin())];
  }
  [[nodiscard]] Index cheapest(const Candidates& c) const {
    std::size_t best = 0;
    for (std::size_t k = 1; k < c.nodes.size(); ++k) {
      const bool frees = tally_.is_open(c.nodes[k]) && !tally_.is_open(c.nodes[best]);
      if (c.cost[k] < c.cost[best] || (c.cost[k] == c.cost[best] && frees)) best = k;
    }
    return c.nodes[best];
  }
  void choose(std::size_t p, Index node) {
    chosen_[p] = node;
    chosen_by_[node].push_back(p);
    tally_.add(node);
  }

  const std::vector<Candidates>& candidates_;
  std::vector<Index> chosen_;
  std::vector<std::vector<std::size_t>> chosen_by_;
  Tally tally_;
};

}  // namespace

std::vector<Index> choose_one_each(const std::vector<Candidates>& candidates,
                                   const std::vector<Quota>& quota) {
  Choices choices(candidates, quota);
  PathBalancer<Choices>(choices.tally(), choices).run();
  return choices.chosen();
}

}  // namespace borg::placement
