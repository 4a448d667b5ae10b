// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/cluster_info.h"

#include <boost/json.hpp>

namespace borg::borgctl {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

OptionalCount count_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr) return std::nullopt;
  if (const json::array* list = value->if_array()) return static_cast<std::int64_t>(list->size());
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? OptionalCount() : OptionalCount(number);
}

std::optional<bool> fact_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  const bool* fact = value != nullptr ? value->if_bool() : nullptr;
  return fact != nullptr ? std::optional<bool>(*fact) : std::nullopt;
}

/// The object in this field, or null.
const json::object* part_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr ? value->if_object() : nullptr;
}

std::optional<RebalanceInfo> rebalance_of(const json::object* object) {
  if (object == nullptr) return std::nullopt;
  return RebalanceInfo{.is_running = fact_of(*object, "running").value_or(false),
                       .milliseconds = count_of(*object, "milliseconds").value_or(0),
                       .slots = count_of(*object, "slots").value_or(0),
                       .slots_left = count_of(*object, "slots_left").value_or(0),
                       .bytes_left = count_of(*object, "bytes_left")};
}

std::optional<RepairInfo> repair_of(const json::object* object) {
  if (object == nullptr) return std::nullopt;
  return RepairInfo{.milliseconds = count_of(*object, "milliseconds").value_or(0),
                    .slots = count_of(*object, "slots").value_or(0),
                    .waits_for = text_of(*object, "waits_for")};
}

std::optional<RiskInfo> risk_of(const json::object* object) {
  if (object == nullptr) return std::nullopt;
  return RiskInfo{.pairs = count_of(*object, "pairs").value_or(0),
                  .fatal_pairs = count_of(*object, "fatal_pairs").value_or(0)};
}

NodeInfo node_of(const json::object& object) {
  return {.name = text_of(object, "name"),
          .id = text_of(object, "id"),
          .address = text_of(object, "address"),
          .state = text_of(object, "state"),
          .members_missing = count_of(object, "members_missing").value_or(0),
          .memory_missing_bytes = count_of(object, "memory_missing_bytes").value_or(0),
          .zone = text_of(object, "zone"),
          .keys = count_of(object, "keys"),
          .primary_slots = count_of(object, "primary_slots"),
          .backup_slots = count_of(object, "backup_slots"),
          .memory_bytes = count_of(object, "memory_bytes"),
          .memory_used_bytes = count_of(object, "memory_used_bytes"),
          .memory_limit_bytes = count_of(object, "memory_limit_bytes"),
          .is_memory_full = fact_of(object, "memory_full").value_or(false),
          .death_exceeds_memory = fact_of(object, "death_exceeds_memory").value_or(false),
          .partitions_without_memory = count_of(object, "partitions_without_memory").value_or(0),
          .sent_bytes = count_of(object, "sent_bytes"),
          .safe_to_stop = fact_of(object, "safe_to_stop"),
          .clock_ahead_ms = count_of(object, "clock_ahead_ms"),
          .clock_is_wrong = fact_of(object, "clock_is_wrong").value_or(false),
          .clock_is_disputed = fact_of(object, "clock_is_disputed").value_or(false)};
}

ClusterInfo cluster_of(const json::object& object) {
  return {.name = text_of(object, "name"),
          .coordinator = text_of(object, "coordinator"),
          .keys = count_of(object, "keys"),
          .copies = count_of(object, "copies"),
          .min_copies = count_of(object, "min_copies"),
          .under_replicated_slots = count_of(object, "under_replicated_slots"),
          .moving_slots = count_of(object, "moving_slots"),
          .lost_slots = count_of(object, "lost_slots"),
          .rebalance = rebalance_of(part_of(object, "rebalance")),
          .repair = repair_of(part_of(object, "repair")),
          .last_repair = repair_of(part_of(object, "last_repair")),
          .risk = risk_of(part_of(object, "risk")),
          .nodes = {}};
}

}  // namespace

const NodeInfo* ClusterInfo::find(std::string_view node) const {
  const NodeInfo* found = nullptr;
  for (const NodeInfo& item : nodes) {
    if (item.name != node && item.id != node && item.address != node) continue;
    if (item.state != "down") return &item;
    found = &item;
  }
  return found;
}

std::optional<ClusterInfo> parse_cluster_info(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse(text, error);
  const json::object* object = error ? nullptr : root.if_object();
  if (object == nullptr) return std::nullopt;
  ClusterInfo info;
  if (const json::value* cluster = object->if_contains("cluster")) {
    if (cluster->is_object()) info = cluster_of(cluster->get_object());
  }
  if (const json::value* nodes = object->if_contains("nodes")) {
    if (nodes->is_array()) {
      for (const json::value& node : nodes->get_array()) {
        if (node.is_object()) info.nodes.push_back(node_of(node.get_object()));
      }
    }
  }
  return info;
}

}  // namespace borg::borgctl
