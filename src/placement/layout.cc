// SPDX-License-Identifier: Apache-2.0
#include "placement/layout.h"

#include <algorithm>

#include "placement/chooser.h"

namespace borg::placement {

Previous::Previous(const Topology& topology, const Assignment& assignment)
    : holders(kPartitionCount), primary(kPartitionCount, kNobody) {
  const std::size_t rows = std::min<std::size_t>(assignment.size(), kPartitionCount);
  for (std::size_t p = 0; p < rows; ++p) {
    for (const NodeId id : assignment[p]) {
      const Index node = topology.find(id);
      if (node != kNobody && !holders[p].contains(node)) holders[p].add(node);
    }
    primary[p] = topology.find(assignment[p].primary());
  }
}

Layout::Layout(const Topology& topology, const Quotas& quotas, const Previous& previous)
    : topology_(topology),
      previous_(previous),
      size_(topology.size()),
      holders_(kPartitionCount),
      held_(size_),
      leader_(kPartitionCount, kNobody),
      anchor_(kPartitionCount, kNobody),
      anchors_(size_),
      load_(quotas.copies, kPartitionCount * topology.copies),
      lead_(quotas.primaries, kPartitionCount),
      shared_(size_ * size_),
      degree_(size_) {
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    if (previous.primary[p] != kNobody) add(p, previous.primary[p]);
    for (const Index node : previous.holders[p]) {
      if (!holders_[p].contains(node)) add(p, node);
    }
  }
}

void Layout::add(std::size_t partition, Index node) {
  count_pairs(partition, node, 1);
  holders_[partition].add(node);
  held_[node].push_back(static_cast<std::uint16_t>(partition));
  load_.add(node);
  const bool is_first = holders_[partition].size() == 1;
  if (leader_[partition] != kNobody || !(is_first || previous_.primary[partition] == node)) return;
  leader_[partition] = node;
  lead_.add(node);
}

void Layout::remove(std::size_t partition, Index node) {
  holders_[partition].remove(node);
  std::erase(held_[node], static_cast<std::uint16_t>(partition));
  load_.remove(node);
  count_pairs(partition, node, -1);
  if (leader_[partition] == node) {
    leader_[partition] = kNobody;
    lead_.remove(node);
  }
  if (anchor_[partition] != node) return;
  --anchors_[node];
  anchor_[partition] = other_anchor(partition, node);
  if (anchor_[partition] != kNobody) ++anchors_[anchor_[partition]];
}

void Layout::replace(std::size_t partition, Index from, Index to) {
  const bool was_leader = leader_[partition] == from;
  remove(partition, from);
  add(partition, to);
  if (!was_leader || leader_[partition] != kNobody || !lead_.below_low(to)) return;
  leader_[partition] = to;
  lead_.add(to);
}

void Layout::count_pairs(std::size_t partition, Index node, int sign) {
  for (const Index other : holders_[partition]) {
    auto& there = shared_[node * size_ + other];
    auto& back = shared_[other * size_ + node];
    const auto before = there;
    there = back = static_cast<std::uint16_t>(there + sign);
    const int change = (there > 0) - (before > 0);
    degree_[node] += static_cast<std::uint32_t>(change);
    degree_[other] += static_cast<std::uint32_t>(change);
  }
}

Draw Layout::draw_of(std::size_t partition, Index node) const {
  const Node& n = topology_.nodes[node];
  return draw(PartitionId(static_cast<std::uint16_t>(partition)), n.id, n.weight);
}

void Layout::set_anchors() {
  std::vector<Candidates> candidates(kPartitionCount);
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    for (const Index node : holders_[p]) {
      if (was_holder(p, node)) candidates[p].add(node, node == previous_.primary[p] ? 0 : 1);
    }
  }
  std::vector<Quota> quota;
  for (Index i = 0; i < size_; ++i) quota.push_back({0, load_.quota(i).high});
  anchor_ = choose_one_each(candidates, quota);
  anchors_.assign(size_, 0);
  for (Index& anchor : anchor_) {
    if (anchor == kNobody) continue;
    // More than a node may hold cannot stay.
    if (anchors_[anchor] == load_.quota(anchor).high) {
      anchor = kNobody;
    } else {
      ++anchors_[anchor];
    }
  }
}

Index Layout::other_anchor(std::size_t partition, Index node) const {
  for (const Index other : holders_[partition]) {
    if (other != node && was_holder(partition, other) &&
        anchors_[other] < load_.quota(other).high) {
      return other;
    }
  }
  return kNobody;
}

bool Layout::may_leave(std::size_t partition, Index node) const {
  return anchor_[partition] != node || other_anchor(partition, node) != kNobody;
}

}  // namespace borg::placement
