// SPDX-License-Identifier: Apache-2.0
#include "coordination/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "base/address.h"

namespace borg::coordination {
namespace {

using Fields = std::map<std::string_view, std::string_view, std::less<>>;

/// "a=1 b=x" into its fields; a word without '=' makes it unreadable.
std::optional<Fields> fields_of(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    fields[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return fields;
}

template <class T>
bool read(const Fields& fields, std::string_view name, T& out) {
  const auto at = fields.find(name);
  if (at == fields.end()) return false;
  const std::string_view text = at->second;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool read(const Fields& fields, std::string_view name, std::string& out) {
  const auto at = fields.find(name);
  if (at == fields.end()) return false;
  out = std::string(at->second);
  return true;
}

template <class F>
bool for_each_part(std::string_view text, char separator, F&& f) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (!f(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

bool read(const Fields& fields, std::string_view name, NodeList& out) {
  const auto at = fields.find(name);
  if (at == fields.end()) return false;
  return for_each_part(at->second, ',', [&](std::string_view part) {
    const auto id = node_id_from_text(part);
    if (!id || out.full() || out.contains(*id)) return false;
    out.push_back(*id);
    return true;
  });
}

std::string join(const NodeList& nodes) {
  std::string text;
  for (const NodeId node : nodes) {
    if (!text.empty()) text += ',';
    text += to_text(node);
  }
  return text;
}

constexpr std::array<std::pair<MemberState, std::string_view>, 4> kStateNames{{
    {MemberState::kActive, "active"},
    {MemberState::kDraining, "draining"},
    {MemberState::kLeaving, "leaving"},
    {MemberState::kDown, "down"},
}};

bool read_state(const Fields& fields, MemberState& out) {
  const auto at = fields.find("state");
  if (at == fields.end()) return false;
  for (const auto& [state, name] : kStateNames) {
    if (name != at->second) continue;
    out = state;
    return true;
  }
  return false;
}

constexpr std::array<std::pair<Order, std::string_view>, 6> kOrderNames{{
    {Order::kStay, "stay"},
    {Order::kDrain, "drain"},
    {Order::kDrainForced, "drain-forced"},
    {Order::kLeave, "leave"},
    {Order::kLeaveForced, "leave-forced"},
    {Order::kLeaveBySignal, "leave-by-signal"},
}};

/// Without one the member was told what its state says. False: it is of another release.
bool read_order(const Fields& fields, MemberState state, Order& out) {
  const auto at = fields.find("order");
  if (at == fields.end()) {
    const bool is_leaving = state == MemberState::kLeaving;
    out = state == MemberState::kDraining ? Order::kDrain
          : is_leaving                    ? Order::kLeave
                                          : Order::kStay;
    return true;
  }
  for (const auto& [order, name] : kOrderNames) {
    if (name != at->second) continue;
    out = order;
    return true;
  }
  return false;
}

std::string order_text(Order order) {
  for (const auto& [value, name] : kOrderNames) {
    if (value == order) return std::string(name);
  }
  return "stay";
}

/// "0.1" with indices into `nodes`.
bool read_replicas(std::string_view text, const std::vector<NodeId>& nodes, NodeList& out) {
  return for_each_part(text, '.', [&](std::string_view part) {
    std::size_t index = 0;
    const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
    if (result.ec != std::errc() || index >= nodes.size()) return false;
    if (out.full() || out.contains(nodes[index])) return false;
    out.push_back(nodes[index]);
    return true;
  });
}

}  // namespace

std::string to_text(NodeId id) {
  std::array<char, 17> text{};
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int i = 0; i < 16; ++i) {
    text[static_cast<std::size_t>(i)] = kDigits[(id.value() >> (60 - 4 * i)) & 15];
  }
  return {text.data(), 16};
}

std::optional<NodeId> node_id_from_text(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 16 || result.ec != std::errc() || result.ptr != text.data() + 16) {
    return std::nullopt;
  }
  return NodeId(value);
}

std::string member_key(NodeId id) { return "members/" + to_text(id); }
std::string session_key(NodeId id) { return "sessions/" + to_text(id); }
std::string name_key(std::string_view name) { return "names/" + std::string(name); }
std::string partition_key(PartitionId partition) {
  return "partitions/" + std::to_string(partition.value());
}

std::string_view to_text(MemberState state) {
  for (const auto& [value, name] : kStateNames) {
    if (value == state) return name;
  }
  return "unknown";
}

MemberState state_of(Order order) {
  switch (order) {
    case Order::kStay:
      break;
    case Order::kDrain:
    case Order::kDrainForced:
      return MemberState::kDraining;
    case Order::kLeave:
    case Order::kLeaveForced:
    case Order::kLeaveBySignal:
      return MemberState::kLeaving;
  }
  return MemberState::kActive;
}

std::string client_address(const Member& member) {
  return host_port_text(member.host, member.port);
}

std::string bus_address(const Member& member) {
  return host_port_text(member.host, member.bus_port);
}

std::string to_text(const Settings& s) {
  return "copies=" + std::to_string(s.copies) + " min_copies=" + std::to_string(s.min_copies) +
         " scatter_width=" + std::to_string(s.scatter_width) +
         " placement=" + std::to_string(s.placement_version) +
         " on_loss_empty=" + std::to_string(s.on_loss_empty ? 1 : 0) +
         (s.keyspace_events.empty() ? "" : " keyspace_events=" + s.keyspace_events);
}

std::optional<Settings> settings_from_text(std::string_view text) {
  const auto fields = fields_of(text);
  Settings s;
  int empty = 0;
  if (!fields || !read(*fields, "copies", s.copies) || !read(*fields, "min_copies", s.min_copies) ||
      !read(*fields, "scatter_width", s.scatter_width) ||
      !read(*fields, "placement", s.placement_version) || !read(*fields, "on_loss_empty", empty)) {
    return std::nullopt;
  }
  if (s.copies < 1 || s.copies > NodeList::kCapacity / 2 || s.min_copies < 1 ||
      s.min_copies > s.copies) {
    return std::nullopt;
  }
  s.on_loss_empty = empty != 0;
  static_cast<void>(read(*fields, "keyspace_events", s.keyspace_events));  // none: empty
  return s;
}

std::string to_text(const Member& m) {
  return "name=" + m.name + " host=" + m.host + " port=" + std::to_string(m.port) +
         " bus_port=" + std::to_string(m.bus_port) + " http_port=" + std::to_string(m.http_port) +
         " workers=" + std::to_string(m.workers) + " weight=" + std::to_string(m.weight) +
         " zone=" + m.zone + " state=" + std::string(to_text(m.state)) +
         (m.order == Order::kStay ? "" : " order=" + order_text(m.order)) +
         (m.is_closing ? " closing=1" : "") + (m.is_mapped ? " mapped=1" : "");
}

std::optional<Member> member_from_text(NodeId id, std::string_view text) {
  const auto fields = fields_of(text);
  Member m;
  m.id = id;
  if (!fields || !read(*fields, "name", m.name) || !read(*fields, "host", m.host) ||
      !read(*fields, "port", m.port) || !read(*fields, "bus_port", m.bus_port) ||
      !read(*fields, "http_port", m.http_port) || !read(*fields, "workers", m.workers) ||
      !read(*fields, "weight", m.weight) || !read(*fields, "zone", m.zone) ||
      !read_state(*fields, m.state) || !read_order(*fields, m.state, m.order) || m.workers == 0) {
    return std::nullopt;
  }
  int flag = 0;
  m.is_closing = read(*fields, "closing", flag) && flag != 0;
  m.is_mapped = read(*fields, "mapped", flag) && flag != 0;
  return m;
}

std::string to_text(const PartitionConfig& c) {
  return "epoch=" + std::to_string(c.epoch.value()) + " term=" + std::to_string(c.term.value()) +
         " in_sync=" + join(c.in_sync) + " syncing=" + join(c.syncing);
}

std::optional<PartitionConfig> partition_from_text(std::string_view text) {
  const auto fields = fields_of(text);
  PartitionConfig c;
  std::uint64_t epoch = 0;
  std::uint64_t term = 0;
  if (!fields || !read(*fields, "epoch", epoch) || !read(*fields, "term", term) ||
      !read(*fields, "in_sync", c.in_sync) || !read(*fields, "syncing", c.syncing)) {
    return std::nullopt;
  }
  c.epoch = Epoch(epoch);
  c.term = Epoch(term);
  for (const NodeId node : c.syncing) {
    if (c.in_sync.contains(node)) return std::nullopt;
  }
  return c;
}

std::string to_text(const Target& t) {
  std::string text = "version=" + std::to_string(t.version) + " nodes=";
  for (const NodeId node : t.nodes) text += to_text(node) + ",";
  text += " replicas=";
  for (const NodeList& list : t.replicas) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto at = std::find(t.nodes.begin(), t.nodes.end(), list[i]);
      text += (i == 0 ? "" : ".") + std::to_string(at - t.nodes.begin());
    }
    text += ";";
  }
  return text;
}

std::optional<Target> target_from_text(std::string_view text) {
  const auto fields = fields_of(text);
  Target t;
  if (!fields || !read(*fields, "version", t.version) || !fields->contains("nodes") ||
      !fields->contains("replicas")) {
    return std::nullopt;
  }
  const bool nodes_ok = for_each_part(fields->at("nodes"), ',', [&](std::string_view part) {
    const auto id = node_id_from_text(part);
    if (id) t.nodes.push_back(*id);
    return id.has_value();
  });
  const bool replicas_ok = for_each_part(fields->at("replicas"), ';', [&](std::string_view part) {
    t.replicas.emplace_back();
    return read_replicas(part, t.nodes, t.replicas.back());
  });
  if (!nodes_ok || !replicas_ok) return std::nullopt;
  if (!t.replicas.empty() && t.replicas.size() != kPartitionCount) return std::nullopt;
  return t;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace borg::coordination
