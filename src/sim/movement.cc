// SPDX-License-Identifier: Apache-2.0
#include "sim/movement.h"

#include <utility>

namespace borg::sim {

void Movement::on_changes(const coordination::Changes& changes) {
  for (const coordination::Change& change : changes.changes) {
    if (!change.value) continue;
    constexpr std::string_view kMembers = "members/";
    if (change.key == coordination::kSettingsKey) {
      const auto settings = coordination::settings_from_text(*change.value);
      if (!settings) continue;
      options_ = {.copies = static_cast<std::uint8_t>(settings->copies),
                  .scatter_width = settings->scatter_width};
    } else if (change.key.starts_with(kMembers)) {
      const auto id = coordination::node_id_from_text(change.key.substr(kMembers.size()));
      const auto member = id ? coordination::member_from_text(*id, *change.value) : std::nullopt;
      if (!member) continue;
      nodes_[*id] = {
          .id = *id, .weight = member->weight, .zone = member->zone, .host = member->host};
    } else if (change.key == coordination::kTargetKey) {
      if (const auto target = coordination::target_from_text(*change.value)) on_target(*target);
    }
  }
}

void Movement::on_target(const coordination::Target& target) {
  std::vector<placement::Node> nodes;
  for (const NodeId id : target.nodes) nodes.push_back(nodes_[id]);
  placement::Assignment next;
  for (const NodeList& list : target.replicas) {
    placement::Replicas& row = next.emplace_back();
    for (const NodeId node : list) row.push_back(node);
  }
  last_ = placement::stats(nodes, options_, assignment_, next);
  if (!assignment_.empty()) {
    moved_ += last_.moved;
    moved_least_ += last_.moved_min;
  }
  ++targets_;
  assignment_ = std::move(next);
}

}  // namespace borg::sim
