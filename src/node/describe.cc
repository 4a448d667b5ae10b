// SPDX-License-Identifier: Apache-2.0
#include "node/describe.h"

#include <algorithm>
#include <cstdlib>

#include "membership/departure.h"
#include "node/memory_need.h"
#include "node/risk.h"

namespace borg::node {
namespace {

using coordination::MemberState;
using membership::MemberRecord;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

class Object {
 public:
  Object& text(std::string_view name, std::string_view value) { return raw(name, quoted(value)); }
  Object& number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
  }
  Object& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  Object& raw(std::string_view name, std::string_view value) {
    if (!body_.empty()) body_ += ", ";
    body_ += quoted(name) + ": " + std::string(value);
    return *this;
  }
  [[nodiscard]] std::string close() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

/// A number from 0 to 1, to six digits.
std::string parts_per_million(double part) {
  const std::string digits = std::to_string(static_cast<std::uint64_t>(part * 1'000'000 + 0.5));
  if (digits.size() > 6) return "1";
  return "0." + std::string(6 - digits.size(), '0') + digits;
}

/// What the configurations say, in slots.
struct Slots {
  std::map<NodeId, std::uint64_t> primary;
  std::map<NodeId, std::uint64_t> backup;
  std::map<NodeId, bool> is_needed;  ///< holds what no other node is known to have
  std::uint64_t under_replicated = 0;
  std::uint64_t moving = 0;
  std::uint64_t lost = 0;
};

/// Of nodes that are silent, whatever the configurations say, nobody knows whether they live.
Slots count_slots(const membership::ClusterView& view, const std::set<NodeId>& silent = {}) {
  Slots slots;
  const std::size_t copies = view.settings ? view.settings->copies : 1;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = view.partitions[p];
    if (view.is_lost(PartitionId(p))) {
      slots.lost += kSlotsPerPartition;
      continue;
    }
    if (c.in_sync.size() < copies) slots.under_replicated += kSlotsPerPartition;
    if (!is_in_place(view, PartitionId(p))) slots.moving += kSlotsPerPartition;
    NodeList heard;
    for (const NodeId node : c.in_sync) {
      auto& count = node == c.primary() ? slots.primary : slots.backup;
      count[node] += kSlotsPerPartition;
      if (!silent.contains(node)) heard.push_back(node);
    }
    if (heard.size() == 1) slots.is_needed[heard.front()] = true;
  }
  return slots;
}

std::string_view state_of(const ClusterReport& report, const MemberRecord& record) {
  const bool silent = report.silent.contains(record.member.id);
  if (silent && record.member.state != MemberState::kDown) return "silent";
  return coordination::to_text(record.member.state);
}

/// What the cluster as a whole is said to be, beside its members' own records.
struct Findings {
  Slots slots;
  Risk risk;
  std::uint64_t memory_missing_bytes = 0;  ///< see MemoryNeed
};

/// What keeps a member from going that was told to.
void describe_lack(const ClusterReport& report, const MemberRecord& record,
                   const Findings& findings, Object& node) {
  const std::size_t members = membership::members_missing(*report.view, record.member.id);
  const bool is_going =
      record.member.state == MemberState::kDraining || record.member.state == MemberState::kLeaving;
  const bool waits = is_going && members == 0 && !report.view->holds_nothing(record.member.id);
  node.number("members_missing", members)
      .number("memory_missing_bytes", waits ? findings.memory_missing_bytes : 0);
}

std::string describe_node(const ClusterReport& report, const MemberRecord& record,
                          const Findings& findings) {
  const Slots& slots = findings.slots;
  const Risk& risk = findings.risk;
  const coordination::Member& m = record.member;
  const auto count = [&](const std::map<NodeId, std::uint64_t>& of) {
    const auto at = of.find(m.id);
    return at == of.end() ? 0 : at->second;
  };
  const auto partners = risk.partners.find(m.id);
  const auto at = report.stats.find(m.id);
  const Stats stats = at == report.stats.end() ? Stats{} : at->second;
  Object node;
  node.text("name", m.name)
      .text("id", coordination::to_text(m.id))
      .text("address", coordination::client_address(m))
      .text("state", state_of(report, record));
  describe_lack(report, record, findings, node);
  node.boolean("answered", at != report.stats.end())
      .number("keys", stats.keys)
      .number("primary_keys", stats.primary_keys)
      .number("primary_slots", count(slots.primary))
      .number("backup_slots", count(slots.backup))
      .number("partners", partners == risk.partners.end() ? 0 : partners->second)
      .number("memory_bytes", stats.memory_bytes)
      .number("memory_used_bytes", stats.memory_used_bytes())
      .number("memory_limit_bytes", stats.memory_limit_bytes)
      .boolean("memory_full", stats.memory_level > 0)
      .boolean("death_exceeds_memory", stats.death_exceeds_memory > 0)
      .number("partitions_without_memory", stats.partitions_without_memory)
      .number("sent_copies", stats.sent_copies)
      .number("sent_keys", stats.sent_keys)
      .number("sent_bytes", stats.sent_bytes)
      .number("clients", stats.clients)
      .number("commands", stats.commands)
      .text("zone", m.zone)
      .number("weight", m.weight)
      .number("workers", m.workers)
      .number("bus_port", m.bus_port)
      .boolean("safe_to_stop", !slots.is_needed.contains(m.id));
  const auto clock = report.clocks.find(m.id);
  const bool is_known = clock != report.clocks.end();
  node.raw("clock_ahead_ms", is_known ? std::to_string(clock->second.ahead.as_millis()) : "null")
      .boolean("clock_is_wrong", is_known && clock->second.is_wrong)
      .boolean("clock_is_disputed", is_known && clock->second.is_disputed);
  return node.close();
}

/// Of the copies that have yet to be sent, as if all partitions of a primary were alike.
std::uint64_t bytes_left(const ClusterReport& report) {
  const membership::ClusterView& view = *report.view;
  std::map<NodeId, std::uint64_t> copies;
  for (std::uint16_t p = 0; p < view.target.replicas.size(); ++p) {
    const PartitionConfig& c = view.partitions[p];
    if (view.is_lost(PartitionId(p))) continue;
    for (const NodeId node : view.target.replicas[p]) {
      copies[c.primary()] += c.in_sync.contains(node) ? 0 : 1;
    }
  }
  std::uint64_t bytes = 0;
  for (const auto& [primary, count] : copies) {
    const auto at = report.stats.find(primary);
    if (at == report.stats.end()) continue;
    const Stats& s = at->second;
    const std::uint64_t held = s.primary_partitions + s.backup_partitions + s.syncing_partitions;
    bytes += held == 0 ? 0 : s.memory_bytes * count / held;
  }
  return bytes;
}

std::string describe_rebalance(const ClusterReport& report) {
  if (!report.rebalance) return "null";
  const Rebalance& r = *report.rebalance;
  Object out;
  out.boolean("running", r.is_running)
      .number("milliseconds", static_cast<std::uint64_t>(r.took.as_millis()))
      .number("slots", std::uint64_t{r.partitions} * kSlotsPerPartition)
      .number("slots_left", std::uint64_t{r.partitions_left} * kSlotsPerPartition)
      .number("slot_copies", std::uint64_t{r.copies} * kSlotsPerPartition)
      .number("slot_copies_left", std::uint64_t{r.copies_left} * kSlotsPerPartition)
      .number("bytes_left", bytes_left(report));
  return out.close();
}

Object repair_object(const Repair& repair) {
  Object out;
  out.number("milliseconds", static_cast<std::uint64_t>(repair.took.as_millis()))
      .number("slots", std::uint64_t{repair.partitions} * kSlotsPerPartition);
  return out;
}

std::string describe_last_repair(const ClusterReport& report) {
  return report.last_repair ? repair_object(*report.last_repair).close() : "null";
}

std::string describe_repair(const ClusterReport& report) {
  if (!report.repair) return "null";
  std::uint64_t without_memory = 0;
  for (const auto& [node, stats] : report.stats) without_memory += stats.partitions_without_memory;
  std::string_view lack;
  switch (repair_waits_for(*report.view, report.silent, without_memory)) {
    case RepairWait::kNothing:
      break;
    case RepairWait::kNodes:
      lack = "nodes";
      break;
    case RepairWait::kMemory:
      lack = "memory";
      break;
  }
  return repair_object(*report.repair).text("waits_for", lack).close();
}

std::string describe_risk(const Risk& risk) {
  Object out;
  out.number("pairs", risk.pairs)
      .number("fatal_pairs", risk.fatal_pairs)
      .raw("chance", parts_per_million(risk.chance()));
  return out.close();
}

}  // namespace

std::string describe_as_json(const ClusterReport& report) {
  const membership::ClusterView& view = *report.view;
  const MemoryNeed need = assess_memory_need(view, view.target.replicas, report.stats);
  const Findings findings{.slots = count_slots(view, report.silent),
                          .risk = assess_risk(view),
                          .memory_missing_bytes = need.missing_bytes()};
  const Slots& slots = findings.slots;
  std::uint64_t keys = 0;
  std::uint64_t held = 0;
  for (const auto& [node, stats] : report.stats) {
    keys += stats.primary_keys;
    held += stats.keys;
  }
  std::string nodes;
  std::vector<const MemberRecord*> members;
  for (const MemberRecord& record : view.members) members.push_back(&record);
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return a->member.name < b->member.name; });
  for (const MemberRecord* member : members) {
    const MemberRecord& record = *member;
    nodes += (nodes.empty() ? "" : ", ") + describe_node(report, record, findings);
  }
  const coordination::Settings settings = view.settings.value_or(coordination::Settings{});
  Object cluster;
  cluster.text("name", report.name)
      .number("nodes", view.members.size())
      .number("keys", keys)
      .number("keys_held", held)
      .number("copies", settings.copies)
      .number("min_copies", settings.min_copies)
      .number("under_replicated_slots", slots.under_replicated)
      .number("moving_slots", slots.moving)
      .number("lost_slots", slots.lost)
      .number("memory_missing_bytes", findings.memory_missing_bytes)
      .number("scatter_width", settings.scatter_width)
      .raw("risk", describe_risk(findings.risk))
      .raw("rebalance", describe_rebalance(report))
      .raw("repair", describe_repair(report))
      .raw("last_repair", describe_last_repair(report))
      .number("revision", view.revision.value())
      .number("target_version", view.target.version);
  Object all;
  all.raw("cluster", cluster.close()).raw("nodes", "[" + nodes + "]");
  return all.close();
}

namespace {

std::string seconds_text(Duration d) {
  std::string digits = std::to_string(std::abs(d.as_millis()));
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return (d.as_millis() < 0 ? "-" : "") + digits.insert(digits.size() - 3, ".");
}

/// A line for each node that was heard of, this one among them.
std::string clock_metrics(const InfoReport& report) {
  std::string out =
      "# HELP borg_clock_ahead_seconds How far a node's wall clock is ahead of the cluster's "
      "time.\n"
      "# TYPE borg_clock_ahead_seconds gauge\n";
  for (const auto& [node, clock] : report.clocks) {
    const MemberRecord* const record = report.view->member(node);
    out += "borg_clock_ahead_seconds{node=" + quoted(record->member.name) + "} " +
           seconds_text(clock.ahead) + "\n";
  }
  return out;
}

/// Nothing of what has not happened yet: no number says "never".
template <class Add>
void add_movement(const InfoReport& report, const Add& add) {
  add("pair_loss_ratio", "gauge", "Chance that two simultaneous deaths lose something.",
      parts_per_million(assess_risk(*report.view).chance()));
  if (report.rebalance) {
    add("rebalance_running", "gauge", "1 while partitions are on their way.",
        report.rebalance->is_running ? "1" : "0");
    add("rebalance_seconds", "gauge", "Duration of the running rebalance, or of the last.",
        seconds_text(report.rebalance->took));
  }
  if (report.last_repair) {
    add("last_repair_seconds", "gauge", "From a death until all copies were there again.",
        seconds_text(report.last_repair->took));
  }
}

}  // namespace

std::string describe_as_metrics(const InfoReport& report) {
  const Stats& s = report.stats;
  const Slots slots = count_slots(*report.view);
  std::string out;
  const auto add_text = [&out](std::string_view name, std::string_view kind, std::string_view help,
                               const std::string& value) {
    const std::string full = "borg_" + std::string(name);
    out += "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " " +
           std::string(kind) + "\n" + full + " " + value + "\n";
  };
  const auto add = [&](std::string_view name, std::string_view kind, std::string_view help,
                       std::uint64_t value) { add_text(name, kind, help, std::to_string(value)); };
  add("keys", "gauge", "Keys on this node, as primary or backup.", s.keys);
  add("primary_keys", "gauge", "Keys whose primary is this node.", s.primary_keys);
  add("memory_bytes", "gauge", "Bytes that the data takes on this node.", s.memory_bytes);
  add("memory_record_bytes", "gauge", "Bytes of results that are kept for requests sent again.",
      s.record_bytes);
  add("memory_replication_bytes", "gauge", "Bytes on their way to other nodes or from them.",
      s.replication_bytes);
  add("memory_client_bytes", "gauge", "Bytes of unfinished requests, replies, transactions.",
      s.client_bytes);
  add("memory_used_bytes", "gauge", "All of these: what the limit is for.", s.memory_used_bytes());
  add("memory_limit_bytes", "gauge", "What --max-memory says; 0: no limit.", s.memory_limit_bytes);
  add("memory_full", "gauge", "1 while writes that need memory are refused, 2 while copies wait.",
      s.memory_level);
  add("memory_death_exceeds", "gauge", "1 if the data of a dead node would not fit on the others.",
      s.death_exceeds_memory);
  add("memory_waiting_partitions", "gauge",
      "Partitions led by this node whose missing copy waits for memory.",
      s.partitions_without_memory);
  add("primary_partitions", "gauge", "Partitions whose primary is this node.",
      s.primary_partitions);
  add("backup_partitions", "gauge", "Partitions backed up by this node.", s.backup_partitions);
  add("syncing_partitions", "gauge", "Partitions that this node is receiving.",
      s.syncing_partitions);
  add("clients", "gauge", "Connected clients.", s.clients);
  add("clients_total", "counter", "Clients since the start.", s.clients_total);
  add("commands_total", "counter", "Commands of this node's clients.", s.commands);
  add("forwarded_total", "counter", "Requests sent to other workers or nodes.", s.forwarded);
  add("input_bytes_total", "counter", "Bytes received from clients.", s.input_bytes);
  add("cluster_nodes", "gauge", "Members of the cluster.", report.view->members.size());
  add("under_replicated_slots", "gauge", "Slots with fewer in-sync copies than wanted.",
      slots.under_replicated);
  add("moving_slots", "gauge", "Slots that are not where they should be.", slots.moving);
  add("lost_slots", "gauge", "Slots whose copies all died.", slots.lost);
  add("sent_copies_total", "counter", "Partitions sent to nodes that did not hold them.",
      s.sent_copies);
  add("sent_keys_total", "counter", "Keys of these partitions.", s.sent_keys);
  add("sent_bytes_total", "counter", "Bytes of these partitions.", s.sent_bytes);
  add_movement(report, add_text);
  out += clock_metrics(report);
  add("uptime_seconds", "gauge", "Seconds since the start.",
      static_cast<std::uint64_t>(report.uptime_seconds));
  return out;
}

}  // namespace borg::node
