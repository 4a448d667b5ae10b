// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "placement/placement.h"

namespace borg::placement {

/// A node's position in Topology::nodes.
using Index = std::uint16_t;
inline constexpr Index kNobody = 0xffff;

/// A few distinct nodes, in order: Replicas in terms of indexes.
class Holders {
 public:
  void add(Index node) {
    BORG_CHECK(size_ < kCopiesMax);
    nodes_[size_++] = node;
  }
  void remove(Index node);
  [[nodiscard]] bool contains(Index node) const {
    for (const Index other : *this) {
      if (other == node) return true;
    }
    return false;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Index operator[](std::size_t i) const { return nodes_[i]; }
  [[nodiscard]] const Index* begin() const { return nodes_.data(); }
  [[nodiscard]] const Index* end() const { return nodes_.data() + size_; }

 private:
  std::array<Index, kCopiesMax> nodes_{};
  std::size_t size_ = 0;
};

/// The nodes that can hold data, in the order of their ids, and how close they are.
///
/// Zones contain hosts contain nodes. A node without a zone is in that of its host; a host
/// without a zone, and a node without either, is a zone of its own. One host name in two zones
/// is two hosts.
struct Topology {
  Topology(const std::vector<Node>& members, const Options& options);

  /// What it costs that a and b hold the same partition: zones first, then hosts.
  [[nodiscard]] std::uint32_t crowding(Index a, Index b) const {
    if (zone[a] != zone[b]) return 0;
    return host[a] != host[b] ? kSameZone : kSameZone + kSameHost;
  }
  /// The sum over all holders but `skip`.
  [[nodiscard]] std::uint32_t crowding(const Holders& holders, Index skip, Index node) const;
  [[nodiscard]] std::uint32_t crowding(const Holders& holders) const;
  /// What it will be when `copies` nodes hold the partition, at best.
  [[nodiscard]] std::uint32_t crowding_when_full(Holders holders) const;
  /// True if `to` in the place of `from` is not more crowded than now or than it must be.
  [[nodiscard]] bool may_replace(const Holders& holders, Index from, Index to) const;
  [[nodiscard]] Index find(NodeId id) const;
  [[nodiscard]] std::size_t size() const { return nodes.size(); }
  /// Everybody may share partitions with everybody.
  [[nodiscard]] bool is_meshed() const { return scatter + 1 >= size(); }

  static constexpr std::uint32_t kSameHost = 1;
  static constexpr std::uint32_t kSameZone = 1000;

  std::vector<Node> nodes;         ///< by id
  std::vector<Index> zone;         ///< dense numbers, by node
  std::vector<Index> host;         ///< dense numbers, by node; a host is in one zone
  std::uint32_t copies;            ///< min(copies, nodes)
  std::uint32_t scatter;           ///< with how many others a node should share partitions
  std::uint32_t crowding_min = 0;  ///< of a partition, at best
};

}  // namespace borg::placement
