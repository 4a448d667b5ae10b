// SPDX-License-Identifier: Apache-2.0
#include "placement/topology.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace borg::placement {
namespace {

constexpr std::uint32_t kScatterDefault = 8;

std::vector<Node> usable(const std::vector<Node>& members) {
  std::vector<Node> nodes;
  for (const Node& node : members) {
    if (node.weight > 0) nodes.push_back(node);
  }
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const Node& a, const Node& b) { return a.id < b.id; });
  const auto same = [](const Node& a, const Node& b) { return a.id == b.id; };
  nodes.erase(std::unique(nodes.begin(), nodes.end(), same), nodes.end());
  BORG_CHECK(nodes.size() < kNobody);
  return nodes;
}

/// Names of zones that cannot collide: a known one, a host's, a single node's.
std::vector<std::string> zone_names(const std::vector<Node>& nodes) {
  std::map<std::string, std::string> zone_of_host;
  for (const Node& node : nodes) {
    if (node.zone.empty() || node.host.empty()) continue;
    const auto [it, is_new] = zone_of_host.emplace(node.host, node.zone);
    if (!is_new) it->second = std::min(it->second, node.zone);
  }
  std::vector<std::string> names;
  for (const Node& node : nodes) {
    const auto it = zone_of_host.find(node.host);
    if (!node.zone.empty()) {
      names.push_back("zone " + node.zone);
    } else if (it != zone_of_host.end()) {
      names.push_back("zone " + it->second);
    } else if (!node.host.empty()) {
      names.push_back("host " + node.host);
    } else {
      names.push_back("node " + std::to_string(node.id.value()));
    }
  }
  return names;
}

template <class Name>
std::vector<Index> numbered(const std::vector<Name>& names) {
  std::map<Name, Index> numbers;
  for (const Name& name : names) numbers.emplace(name, static_cast<Index>(numbers.size()));
  std::vector<Index> result;
  for (const Name& name : names) result.push_back(numbers.at(name));
  return result;
}

std::vector<std::pair<Index, std::string>> host_names(const std::vector<Node>& nodes,
                                                      const std::vector<Index>& zone) {
  std::vector<std::pair<Index, std::string>> names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string name = nodes[i].host.empty() ? "node " + std::to_string(nodes[i].id.value())
                                                   : "host " + nodes[i].host;
    names.emplace_back(zone[i], name);
  }
  return names;
}

std::uint32_t scatter_width(const Options& options, std::size_t nodes, std::uint32_t copies) {
  const auto others = static_cast<std::uint32_t>(nodes == 0 ? 0 : nodes - 1);
  if (options.scatter_width == 0 && nodes <= kScatterDefault) return others;
  const std::uint32_t wanted = options.scatter_width == 0 ? kScatterDefault : options.scatter_width;
  // With fewer partners than copies no partition could be placed.
  return std::min(others, std::max(wanted, copies));
}

}  // namespace

void Holders::remove(Index node) {
  const auto end = nodes_.begin() + static_cast<std::ptrdiff_t>(size_);
  const auto it = std::find(nodes_.begin(), end, node);
  BORG_CHECK(it != end);
  std::move(it + 1, end, it);
  --size_;
}

Topology::Topology(const std::vector<Node>& members, const Options& options)
    : nodes(usable(members)),
      zone(numbered(zone_names(nodes))),
      host(numbered(host_names(nodes, zone))),
      copies(static_cast<std::uint32_t>(
          std::min({std::size_t{options.copies}, nodes.size(), kCopiesMax}))),
      scatter(scatter_width(options, nodes.size(), copies)) {
  crowding_min = crowding_when_full({});
}

std::uint32_t Topology::crowding(const Holders& holders, Index skip, Index node) const {
  std::uint32_t sum = 0;
  for (const Index other : holders) {
    if (other != skip) sum += crowding(other, node);
  }
  return sum;
}

std::uint32_t Topology::crowding(const Holders& holders) const {
  std::uint32_t twice = 0;
  for (const Index node : holders) twice += crowding(holders, node, node);
  return twice / 2;
}

std::uint32_t Topology::crowding_when_full(Holders holders) const {
  std::uint32_t sum = crowding(holders);
  while (holders.size() < copies) {
    Index best = kNobody;
    std::uint32_t best_cost = UINT32_MAX;
    for (Index node = 0; node < size() && best_cost > 0; ++node) {
      if (holders.contains(node)) continue;
      const std::uint32_t cost = crowding(holders, kNobody, node);
      if (cost < best_cost) {
        best = node;
        best_cost = cost;
      }
    }
    holders.add(best);
    sum += best_cost;
  }
  return sum;
}

bool Topology::may_replace(const Holders& holders, Index from, Index to) const {
  const std::uint32_t after = crowding(holders, from, to);
  if (after == 0) return true;
  const std::uint32_t before = crowding(holders, from, from);
  return after <= before || crowding(holders) - before + after <= crowding_min;
}

Index Topology::find(NodeId id) const {
  const auto it = std::lower_bound(nodes.begin(), nodes.end(), id,
                                   [](const Node& node, NodeId key) { return node.id < key; });
  if (it == nodes.end() || it->id != id) return kNobody;
  return static_cast<Index>(it - nodes.begin());
}

}  // namespace borg::placement
