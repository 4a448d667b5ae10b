// SPDX-License-Identifier: Apache-2.0
// CLUSTER, which tells cluster-aware clients where to go directly, and BORG.
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/slot.h"
#include "node/gateway_commands.h"
#include "node/scan_command.h"

namespace borg::node {
namespace {

using membership::ClusterView;
using membership::MemberRecord;

struct SlotRange {
  std::uint32_t first;
  std::uint32_t last;  ///< inclusive, as in Redis
};

/// Redis's node ids have 40 hexadecimal digits.
std::string redis_id(NodeId id) { return coordination::to_text(id) + std::string(24, '0'); }

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

void cluster_nodes(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  const auto ranges = ranges_by_primary(call);
  std::string text;
  for (const MemberRecord& record : view == nullptr ? std::vector<MemberRecord>{}
                                                    : view->members) {
    const coordination::Member& m = record.member;
    const bool is_self = m.id == call.gateway.host().self().node;
    const bool is_down = m.state == coordination::MemberState::kDown;
    text += redis_id(m.id) + " " + m.host + ":" + std::to_string(m.port) + "@" +
            std::to_string(m.bus_port) + " " + (is_self ? "myself," : "") + "master" +
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

void cluster_slots(const GatewayCall& call) {
  const ClusterView* view = view_of(call);
  ByteBuffer ranges;
  resp::Writer writer(ranges, call.client.version);
  std::size_t n = 0;
  for_each_range(call, [&](SlotRange range, const NodeList& replicas) {
    std::vector<const MemberRecord*> members;
    for (const NodeId node : replicas) {
      const MemberRecord* record = view == nullptr ? nullptr : view->member(node);
      if (record != nullptr) members.push_back(record);
    }
    if (members.empty()) return;
    writer.array(2 + members.size());
    writer.integer(range.first);
    writer.integer(range.last);
    for (const MemberRecord* record : members) write_slot_node(writer, *record);
    ++n;
  });
  call.reply([&](resp::Writer& w) {
    w.array(n);
    w.buffer().append(ranges.view());
  });
}

void write_shard_node(resp::Writer& w, const MemberRecord& record) {
  w.map(7);
  w.bulk("id");
  w.bulk(redis_id(record.member.id));
  w.bulk("port");
  w.integer(record.member.port);
  w.bulk("ip");
  w.bulk(record.member.host);
  w.bulk("endpoint");
  w.bulk(record.member.host);
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

bool read_slot(const GatewayCall& call, std::uint16_t& slot) {
  std::int64_t value = 0;
  const std::string_view text = call.args[2];
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    call.error("ERR value is not an integer or out of range");
    return false;
  }
  if (value < 0 || value >= kSlotCount) {
    call.error("ERR Invalid slot");
    return false;
  }
  slot = static_cast<std::uint16_t>(value);
  return true;
}

void cluster_keyslot(const GatewayCall& call) {
  call.reply([&](resp::Writer& w) { w.integer(slot_of_key(call.args[2]).value()); });
}

void cluster_countkeysinslot(const GatewayCall& call) {
  std::uint16_t slot = 0;
  if (!read_slot(call, slot)) return;
  const std::string text = std::to_string(slot);
  const std::array<std::string_view, 2> args{"_slotcount", text};
  call.gateway.forward(call.client, partition_of(SlotId(slot)), false, args);
}

void cluster_getkeysinslot(const GatewayCall& call) {
  std::int64_t count = 0;
  const std::string_view text = call.args[3];
  const auto result = std::from_chars(text.data(), text.data() + text.size(), count);
  std::uint16_t slot = 0;
  if (!read_slot(call, slot)) return;
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    call.error("ERR value is not an integer or out of range");
    return;
  }
  if (count < 0) {
    call.error("ERR Invalid number of keys");
    return;
  }
  const std::string slot_text = std::to_string(slot);
  const std::array<std::string_view, 3> args{"_slotkeys", slot_text, text};
  call.gateway.forward(call.client, partition_of(SlotId(slot)), false, args);
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
      w.bulk(record == nullptr
                 ? "?"
                 : record->member.host + ":" + std::to_string(record->member.port));
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

constexpr std::array<GatewayRow, 12> kRows{{
    {"cluster|info", cluster_info},
    {"cluster|nodes", cluster_nodes},
    {"cluster|slots", cluster_slots},
    {"cluster|shards", cluster_shards},
    {"cluster|keyslot", cluster_keyslot},
    {"cluster|countkeysinslot", cluster_countkeysinslot},
    {"cluster|getkeysinslot", cluster_getkeysinslot},
    {"cluster|myid", cluster_myid},
    {"readonly", nothing},
    {"readwrite", nothing},
    {"borg|whereis", borg_whereis},
    {"borg|local", borg_local},
}};

}  // namespace

std::span<const GatewayRow> cluster_rows() { return kRows; }

}  // namespace borg::node
