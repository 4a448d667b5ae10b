// SPDX-License-Identifier: Apache-2.0
#include "node/loss_acceptance.h"

#include <algorithm>
#include <utility>

namespace borg::node {
namespace {

using membership::ClusterView;

/// Sooner than clients give up waiting.
constexpr Duration kPatience = Duration::seconds(4);

std::string slots_text(std::size_t partitions) {
  return std::to_string(partitions * kSlotsPerPartition) + " slots";
}

/// Of partitions that nobody serves though nothing is lost: their holders are given up and may
/// be back.
std::size_t waiting_partitions(const ClusterView& view) {
  std::size_t waiting = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = view.partitions[p];
    if (c.epoch == Epoch() || view.is_lost(PartitionId(p))) continue;
    waiting += std::all_of(c.in_sync.begin(), c.in_sync.end(), [&](NodeId node) {
      const membership::MemberRecord* record = view.member(node);
      return record == nullptr || record->member.state == coordination::MemberState::kDown;
    });
  }
  return waiting;
}

std::string text_of_nothing(const ClusterView& view) {
  const std::size_t waiting = waiting_partitions(view);
  if (waiting == 0) return "OK nothing is lost";
  return "OK nothing is lost; " + slots_text(waiting) + " wait for nodes that may come back";
}

}  // namespace

void LossAcceptance::add(AdminRequest request, const ClusterView& view, Instant now) {
  Pending pending{.request = std::move(request), .partitions = {}, .deadline = now + kPatience};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    if (view.is_lost(PartitionId(p))) pending.partitions.insert(PartitionId(p));
  }
  pending_.push_back(std::move(pending));
}

bool LossAcceptance::accepts(PartitionId partition) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const Pending& pending) {
    return pending.partitions.contains(partition);
  });
}

std::vector<LossAcceptance::Answer> LossAcceptance::settle(const ClusterView& view, bool is_open,
                                                           Instant now) {
  std::vector<Answer> answers;
  std::erase_if(pending_, [&](Pending& pending) {
    const auto left =
        static_cast<std::size_t>(std::count_if(pending.partitions.begin(), pending.partitions.end(),
                                               [&](PartitionId p) { return view.is_lost(p); }));
    std::string text;
    if (pending.partitions.empty()) {
      text = text_of_nothing(view);
    } else if (left == 0) {
      text = "OK " + slots_text(pending.partitions.size()) + " go on with what is left of them";
    } else if (now < pending.deadline) {
      return false;
    } else if (is_open) {
      text = "INDOUBT the coordinator has not answered, see BORG INFO";
    } else {
      text = "ERR " + slots_text(left) + " of " + slots_text(pending.partitions.size()) +
             " cannot go on now: their nodes may come back, or no member can take them";
    }
    answers.push_back({std::move(pending.request), std::move(text)});
    return true;
  });
  return answers;
}

}  // namespace borg::node
