// SPDX-License-Identifier: Apache-2.0
// CLUSTER, which tells cluster-aware clients where to go directly, and BORG.
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/slot.h"
#include "node/gateway_commands.h"
#include "node/scan_command.h"
#include "node/slot_stats_command.h"

namespace borg::node {
namespace {

using membership::ClusterView;
using membership::MemberRecord;

struct SlotRange {
  std::uint32_t first;
  std::uint32_t last;  ///< inclusive, as in Redis
};

const ClusterView* view_of(const GatewayCall& call) {
  const NodeView* view = call.gateway.host().view();
  return view == nullptr ? nullptr : view->cluster.get();
}

/// Neighbouring slots with the same replicas as one range.
template <class F>
void for_each_range(const GatewayCall& call, F&& f) {
  const GatewayHost& host = call.gateway.host();
  std::uint32_t p = 0;
  while (p < kPartitionCount) {
    const NodeList replicas = host.config(PartitionId(static_cast<std::uint16_t>(p))).in_sync;
    std::uint32_t end = p + 1;
    while (end < kPartitionCount &&
           host.config(PartitionId(static_cast<std::uint16_t>(end))).in_sync == replicas) {
      ++end;
    }
    if (!replicas.empty()) {
      f(SlotRange{p * kSlotsPerPartition, end * kSlotsPerPartition - 1}, replicas);
    }
    p = end;
  }
}

std::map<NodeId, std::vector<SlotRange>> ranges_by_primary(const GatewayCall& call) {
  std::map<NodeId, std::vector<SlotRange>> ranges;
  for_each_range(call, [&](SlotRange range, const NodeList& replicas) {
    auto& of_node = ranges[replicas.front()];
    if (!of_node.empty() && of_node.back().last + 1 == range.first) {
      of_node.back().last = range.last;
    } else {
      of_node.push_back(range);
    }
  });
  return ranges;
}

void cluster_info(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  std::size_t assigned = 0;
  std::size_t lost = 0;
  std::uint64_t epoch = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& config = call.gateway.host().config(PartitionId(p));
    if (!config.in_sync.empty()) assigned += kSlotsPerPartition;
    if (view != nullptr && view->is_lost(PartitionId(p))) lost += kSlotsPerPartition;
    epoch = std::max(epoch, config.epoch.value());
  }
  const bool ok = assigned == kSlotCount && lost == 0;
  const std::size_t nodes = view == nullptr ? 1 : view->members.size();
  const std::string text =
      "cluster_enabled:1\r\ncluster_state:" + std::string(ok ? "ok" : "fail") +
      "\r\ncluster_slots_assigned:" + std::to_string(assigned) +
      "\r\ncluster_slots_ok:" + std::to_string(assigned - lost) +
      "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:" + std::to_string(lost) +
      "\r\ncluster_known_nodes:" + std::to_string(nodes) +
      "\r\ncluster_size:" + std::to_string(ranges_by_primary(call).size()) +
      "\r\ncluster_current_epoch:" + std::to_string(epoch) +
      "\r\ncluster_my_epoch:" + std::to_string(epoch) + "\r\n";
  call.reply([&](resp::Writer& w) { w.verbatim(text); });
}

bool has_host_name(const coordination::Member& m) {
  return kind_of_host(m.host) == HostKind::kName;
}

/// As in Redis: an IPv6 address stands without brackets, and clients look for the last colon. A
/// host name follows a comma; it stands in the place of the address too, which only those who dial
/// it know.
std::string address_of(const coordination::Member& m) {
  return m.host + ":" + std::to_string(m.port) + "@" + std::to_string(m.bus_port) +
         (has_host_name(m) ? "," + m.host : "");
}

void cluster_nodes(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  const auto ranges = ranges_by_primary(call);
  std::string text;
  for (const MemberRecord& record : view == nullptr ? std::vector<MemberRecord>{} : view->members) {
    const coordination::Member& m = record.member;
    const bool is_self = m.id == call.gateway.host().self().node;
    const bool is_down = m.state == coordination::MemberState::kDown;
    text += redis_id(m.id) + " " + address_of(m) + " " + (is_self ? "myself," : "") + "master" +
            (is_down ? ",fail" : "") + " - 0 0 1 " + (is_down ? "disconnected" : "connected");
    const auto at = ranges.find(m.id);
    if (at != ranges.end()) {
      for (const SlotRange range : at->second) {
        text += " " + std::to_string(range.first) + "-" + std::to_string(range.last);
      }
    }
    text += "\n";
  }
  call.reply([&](resp::Writer& w) { w.verbatim(text); });
}

void write_slot_node(resp::Writer& w, const MemberRecord& record) {
  w.array(4);
  w.bulk(record.member.host);
  w.integer(record.member.port);
  w.bulk(redis_id(record.member.id));
  w.array(0);
}

/// Primaries only, as in CLUSTER SHARDS and NODES: in Redis a node is one or the other, and a
/// client such as redis-py takes a node that is anybody's backup for no primary at all.
void cluster_slots(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  ByteBuffer ranges;
  resp::Writer writer(ranges, call.client.version);
  std::size_t n = 0;
  for (const auto& [node, of_node] : ranges_by_primary(call)) {
    const MemberRecord* record = view == nullptr ? nullptr : view->member(node);
    if (record == nullptr) continue;
    for (const SlotRange range : of_node) {
      writer.array(3);
      writer.integer(range.first);
      writer.integer(range.last);
      write_slot_node(writer, *record);
      ++n;
    }
  }
  call.reply([&](resp::Writer& w) {
    w.array(n);
    w.buffer().append(ranges.view());
  });
}

void write_shard_node(resp::Writer& w, const MemberRecord& record) {
  const bool is_named = has_host_name(record.member);
  w.map(is_named ? 8 : 7);
  w.bulk("id");
  w.bulk(redis_id(record.member.id));
  w.bulk("port");
  w.integer(record.member.port);
  w.bulk("ip");
  w.bulk(record.member.host);
  w.bulk("endpoint");
  w.bulk(record.member.host);
  if (is_named) {
    w.bulk("hostname");
    w.bulk(record.member.host);
  }
  w.bulk("role");
  w.bulk("master");
  w.bulk("replication-offset");
  w.integer(0);
  w.bulk("health");
  w.bulk(record.member.state == coordination::MemberState::kDown ? "fail" : "online");
}

void cluster_shards(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  const auto ranges = ranges_by_primary(call);
  std::vector<const MemberRecord*> members;
  if (view != nullptr) {
    for (const MemberRecord& record : view->members) members.push_back(&record);
  }
  call.reply([&](resp::Writer& w) {
    w.array(members.size());
    for (const MemberRecord* record : members) {
      const auto at = ranges.find(record->member.id);
      w.map(2);
      w.bulk("slots");
      w.array(at == ranges.end() ? 0 : at->second.size() * 2);
      if (at != ranges.end()) {
        for (const SlotRange range : at->second) {
          w.integer(range.first);
          w.integer(range.last);
        }
      }
      w.bulk("nodes");
      w.array(1);
      write_shard_node(w, *record);
    }
  });
}

/// False, and answered, if that argument is no number.
bool read_integer(const GatewayCall& call, std::size_t arg, std::int64_t& value) {
  const std::string_view text = call.args[arg];
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool ok = result.ec == std::errc() && result.ptr == text.data() + text.size();
  if (!ok) call.error("ERR value is not an integer or out of range");
  return ok;
}

bool is_slot(std::int64_t value) { return value >= 0 && value < kSlotCount; }

void cluster_keyslot(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) { w.integer(slot_of_key(call.args[2]).value()); });
}

void cluster_countkeysinslot(const GatewayCall& call) {
  std::int64_t slot = 0;
  if (!read_integer(call, 2, slot)) return;
  if (!is_slot(slot)) {
    call.error("ERR Invalid slot");
    return;
  }
  const std::string text = std::to_string(slot);
  const std::array<std::string_view, 2> args{"_slotcount", text};
  const SlotId id(static_cast<std::uint16_t>(slot));
  call.gateway.forward(call.client, partition_of(id), false, args);
}

void cluster_getkeysinslot(const GatewayCall& call) {
  std::int64_t slot = 0;
  std::int64_t count = 0;
  if (!read_integer(call, 2, slot) || !read_integer(call, 3, count)) return;
  if (!is_slot(slot) || count < 0) {
    call.error("ERR Invalid slot or number of keys");
    return;
  }
  const std::string slot_text = std::to_string(slot);
  const std::string count_text = std::to_string(count);
  const std::array<std::string_view, 3> args{"_slotkeys", slot_text, count_text};
  const SlotId id(static_cast<std::uint16_t>(slot));
  call.gateway.forward(call.client, partition_of(id), false, args);
}

void cluster_myid(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) { w.bulk(redis_id(call.gateway.host().self().node)); });
}

/// READONLY and READWRITE: every node serves every key, so there is nothing to switch.
void nothing(const GatewayCall& call) { call.ok(); }

void borg_whereis(const GatewayCall& call) {
  const PartitionId partition = partition_of(slot_of_key(call.args[2]));
  const PartitionConfig& config = call.gateway.host().config(partition);
  const ClusterView* view = view_of(call);
  std::vector<std::pair<NodeId, std::string_view>> holders;
  for (const NodeId node : config.in_sync) {
    holders.emplace_back(node, node == config.primary() ? "primary" : "backup");
  }
  for (const NodeId node : config.syncing) holders.emplace_back(node, "syncing");
  call.reply([&](resp::Writer& w) {
    w.array(holders.size());
    for (const auto& [node, role] : holders) {
      const MemberRecord* record = view == nullptr ? nullptr : view->member(node);
      w.array(4);
      w.bulk(record == nullptr ? "?" : record->member.name);
      w.bulk(coordination::to_text(node));
      w.bulk(record == nullptr ? "?" : coordination::client_address(record->member));
      w.bulk(role);
    }
  });
}

void borg_local(const GatewayCall& call) {
  if (call.args.size() > 3) {
    call.error("ERR wrong number of arguments for 'borg|local' command");
    return;
  }
  ScanCommand::start_local(call.gateway, call.client, call.args);
}

void borg_scan(const GatewayCall& call) {
  ScanCommand::start_over_losses(call.gateway, call.client, call.args);
}

void borg_digest(const GatewayCall& call) {
  std::int64_t number = 0;
  if (!read_integer(call, 2, number)) return;
  if (number < 0 || number >= kPartitionCount) {
    call.error("ERR Invalid partition");
    return;
  }
  const PartitionId partition(static_cast<std::uint16_t>(number));
  const GatewayHost& host = call.gateway.host();
  if (!host.config(partition).is_replica(host.self().node)) {
    call.error("ERR This node does not hold the partition");
    return;
  }
  const std::array<std::string_view, 1> args{"_digest"};
  call.gateway.ask_own_replica(call.client, partition, args);
}

constexpr std::array<GatewayRow, 16> kRows{{
    {"cluster|info", cluster_info},
    {"cluster|nodes", cluster_nodes},
    {"cluster|slots", cluster_slots},
    {"cluster|shards", cluster_shards},
    {"cluster|keyslot", cluster_keyslot},
    {"cluster|countkeysinslot", cluster_countkeysinslot},
    {"cluster|getkeysinslot", cluster_getkeysinslot},
    {"cluster|slot-stats", SlotStatsCommand::start},
    {"cluster|myid", cluster_myid},
    {"cluster|myshardid", cluster_myid},
    {"readonly", nothing},
    {"readwrite", nothing},
    {"borg|whereis", borg_whereis},
    {"borg|local", borg_local},
    {"borg|scan", borg_scan},
    {"borg|digest", borg_digest},
}};

}  // namespace

std::string redis_id(NodeId id) { return coordination::to_text(id) + std::string(24, '0'); }

std::span<const GatewayRow> cluster_rows() { return kRows; }

}  // namespace borg::node
