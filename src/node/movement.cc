// SPDX-License-Identifier: Apache-2.0
#include "node/movement.h"

#include <algorithm>

namespace borg::node {
namespace {

using membership::ClusterView;

bool has_target(const ClusterView& view, std::uint16_t p) {
  return p < view.target.replicas.size() && view.partitions[p].epoch != Epoch() &&
         !view.is_lost(PartitionId(p));
}

/// Replicas of the target that do not yet hold the partition.
std::uint32_t copies_missing(const ClusterView& view, std::uint16_t p) {
  const NodeList& target = view.target.replicas[p];
  return static_cast<std::uint32_t>(std::count_if(target.begin(), target.end(), [&](NodeId node) {
    return !view.partitions[p].in_sync.contains(node);
  }));
}

std::uint8_t copies_alive(const ClusterView& view, std::uint16_t p) {
  const NodeList& in_sync = view.partitions[p].in_sync;
  return static_cast<std::uint8_t>(std::count_if(in_sync.begin(), in_sync.end(), [&](NodeId node) {
    const membership::MemberRecord* record = view.member(node);
    return record != nullptr && record->member.state != coordination::MemberState::kDown;
  }));
}

/// The whole grows with what comes in addition, so that what is done never goes back.
void update(std::uint32_t& whole, std::uint32_t& left, std::uint32_t now_left) {
  if (now_left > left) whole += now_left - left;
  left = now_left;
}

}  // namespace

bool is_in_place(const ClusterView& view, PartitionId partition) {
  const PartitionConfig& c = view.partition(partition);
  if (!c.syncing.empty() || partition.value() >= view.target.replicas.size()) return false;
  const NodeList& target = view.target.replicas[partition.value()];
  if (c.primary() != target.front() || c.in_sync.size() != target.size()) return false;
  return std::all_of(target.begin(), target.end(),
                     [&](NodeId node) { return c.in_sync.contains(node); });
}

RepairWait repair_waits_for(const ClusterView& view, const std::set<NodeId>& silent,
                            std::uint64_t without_memory) {
  const std::size_t wanted = view.settings ? view.settings->copies : 1;
  std::uint64_t possible = 0;
  std::uint64_t impossible = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    if (!has_target(view, p) || copies_alive(view, p) >= wanted) continue;
    const NodeList& target = view.target.replicas[p];
    const bool has_taker = std::any_of(target.begin(), target.end(), [&](NodeId node) {
      const membership::MemberRecord* const record = view.member(node);
      const bool is_up = record != nullptr && !silent.contains(node) &&
                         record->member.state != coordination::MemberState::kDown;
      return is_up && !view.partitions[p].in_sync.contains(node);
    });
    ++(has_taker ? possible : impossible);
  }
  if (possible == 0) return impossible > 0 ? RepairWait::kNodes : RepairWait::kNothing;
  return without_memory >= possible ? RepairWait::kMemory : RepairWait::kNothing;
}

bool Movement::observe(const ClusterView& view, Instant now) {
  follow_repair(view, now);
  return follow_rebalance(view, now);
}

bool Movement::follow_rebalance(const ClusterView& view, Instant now) {
  std::uint32_t partitions = 0;
  std::uint32_t copies = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    if (!has_target(view, p)) continue;
    partitions += is_in_place(view, PartitionId(p)) ? 0 : 1;
    copies += copies_missing(view, p);
  }
  const bool was_running = rebalance_ && rebalance_->is_running;
  if (!was_running && partitions == 0) return false;
  if (!was_running) rebalance_ = Rebalance{.is_running = true, .began = now};
  update(rebalance_->partitions, rebalance_->partitions_left, partitions);
  update(rebalance_->copies, rebalance_->copies_left, copies);
  if (partitions > 0) return false;
  rebalance_->is_running = false;
  rebalance_->took = now - rebalance_->began;
  return true;
}

void Movement::follow_repair(const ClusterView& view, Instant now) {
  const std::size_t wanted = view.settings ? view.settings->copies : 1;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const std::uint8_t alive = copies_alive(view, p);
    const bool is_lacking = alive < wanted && !view.is_lost(PartitionId(p));
    if (!is_lacking) {
      in_repair_.reset(p);
    } else if (alive < copies_[p] && !in_repair_.test(p)) {
      if (!repair_) repair_ = Repair{.began = now};
      in_repair_.set(p);
      ++repair_->partitions;
    }
    copies_[p] = alive;
  }
  if (!repair_ || in_repair_.any()) return;
  repair_->took = now - repair_->began;
  last_repair_ = repair_;
  repair_.reset();
}

std::optional<Rebalance> Movement::rebalance(Instant now) const {
  std::optional<Rebalance> result = rebalance_;
  if (result && result->is_running) result->took = now - result->began;
  return result;
}

std::optional<Repair> Movement::running_repair(Instant now) const {
  std::optional<Repair> result = repair_;
  if (result) result->took = now - result->began;
  return result;
}

}  // namespace borg::node
