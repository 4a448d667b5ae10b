// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "placement/shares.h"

namespace borg::placement {

/// Brings a Tally within its quotas by handing units along the cheapest chains of nodes.
///
/// Each step is an augmentation of a minimum-cost flow (successive shortest paths, Bellman-Ford
/// with a queue). `Arcs` knows what can be handed from whom to whom:
///   void from(Index i, F f)                     calls f(j, cost) for each way from i to j
///   bool hand(Index i, Index j, int cost, bool at_any_cost)
///       hands one unit over at no more than this cost, else at the lowest if so allowed
/// The result is of minimum cost if the start is, and costs are additive; in any case it ends.
template <class Arcs>
class PathBalancer {
 public:
  PathBalancer(const Tally& tally, Arcs& arcs) : tally_(tally), arcs_(arcs) {}

  void run() {
    // Each round that counts moves a unit towards its quota; others cannot repeat for ever.
    for (std::uint32_t round = 0; round < 8u * kPartitionCount; ++round) {
      if (!needed()) return;
      const Index end = search();
      if (end == kNobody || !push(end)) return;
    }
  }

 private:
  struct Label {
    std::int64_t cost = kFar;
    int step_cost = 0;
    Index parent = kNobody;
    bool is_queued = false;
  };
  static constexpr std::int64_t kFar = INT64_MAX / 4;
  /// More than any path costs.
  static constexpr std::int64_t kGain = 1'000'000'000'000;

  [[nodiscard]] bool needed() const {
    for (Index i = 0; i < tally_.size(); ++i) {
      if (tally_.above_high(i) || tally_.below_low(i)) return true;
    }
    return false;
  }
  [[nodiscard]] std::int64_t source_cost(Index i) const {
    if (tally_.above_high(i)) return -kGain;
    return tally_.above_low(i) ? 0 : kFar;
  }
  [[nodiscard]] std::int64_t sink_cost(Index i) const {
    if (tally_.below_low(i)) return -kGain;
    return tally_.below_high(i) ? 0 : kFar;
  }
  /// The end of the best path that brings somebody nearer to its quota, or kNobody.
  Index search() {
    labels_.assign(tally_.size(), {});
    std::deque<Index> queue;
    for (Index i = 0; i < labels_.size(); ++i) {
      labels_[i].cost = source_cost(i);
      if (labels_[i].cost == kFar) continue;
      labels_[i].is_queued = true;
      queue.push_back(i);
    }
    relax_all(queue);
    Index best = kNobody;
    std::int64_t best_cost = -kGain / 2;
    for (Index i = 0; i < labels_.size(); ++i) {
      if (labels_[i].parent == kNobody || sink_cost(i) == kFar) continue;
      const std::int64_t cost = labels_[i].cost + sink_cost(i);
      if (cost < best_cost) {
        best = i;
        best_cost = cost;
      }
    }
    return best;
  }
  void relax_all(std::deque<Index>& queue) {
    // A negative cycle cannot be if the start was of minimum cost; if it was not, the bound
    // ends the search with labels that are good enough.
    std::size_t turns = 50 * labels_.size() + 1000;
    while (!queue.empty() && turns-- > 0) {
      const Index i = queue.front();
      queue.pop_front();
      labels_[i].is_queued = false;
      arcs_.from(i, [&](Index j, int cost) {
        const std::int64_t through = labels_[i].cost + cost;
        if (through >= labels_[j].cost) return;
        labels_[j].cost = through;
        labels_[j].step_cost = cost;
        labels_[j].parent = i;
        if (labels_[j].is_queued) return;
        labels_[j].is_queued = true;
        queue.push_back(j);
      });
    }
  }
  /// Hands as many units along the path as keep the same worth. False if not even one.
  bool push(Index end) {
    std::vector<Index> path;  // from the end to the start
    for (Index i = end; i != kNobody; i = labels_[i].parent) {
      if (path.size() > labels_.size()) return false;
      path.push_back(i);
    }
    const std::int64_t worth = source_cost(path.back()) + sink_cost(end);
    bool any = false;
    while (source_cost(path.back()) + sink_cost(end) == worth) {
      for (std::size_t k = 0; k + 1 < path.size(); ++k) {
        // The steps before may have made this one dearer: what was begun is ended all the same.
        const bool at_any_cost = k > 0;
        if (!arcs_.hand(path[k + 1], path[k], labels_[path[k]].step_cost, at_any_cost)) {
          return any || k > 0;
        }
      }
      any = true;
    }
    return any;
  }

  const Tally& tally_;
  Arcs& arcs_;
  std::vector<Label> labels_;
};

}  // namespace borg::placement
