// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "placement/rendezvous.h"
#include "placement/shares.h"
#include "placement/topology.h"

namespace borg::placement {

/// Who held what before, in terms of the nodes that there are now.
struct Previous {
  Previous(const Topology& topology, const Assignment& assignment);

  std::vector<Holders> holders;  ///< survivors, in their order
  std::vector<Index> primary;    ///< kNobody if there was none, or it is gone
};

/// The holders of all partitions while they are being worked out, with all that is counted.
///
/// Owns: the holders. Borrows topology, quotas and previous, which must outlive it.
/// Invariant: an anchor is a holder, and was one before; anchors(i) <= quota.high of i.
class Layout {
 public:
  Layout(const Topology& topology, const Quotas& quotas, const Previous& previous);

  void add(std::size_t partition, Index node);
  void remove(std::size_t partition, Index node);
  /// Who replaces a leader leads, if it should have more to lead.
  void replace(std::size_t partition, Index from, Index to);

  [[nodiscard]] const Holders& holders(std::size_t partition) const { return holders_[partition]; }
  /// The partitions of a node, in no particular but a reproducible order.
  [[nodiscard]] const std::vector<std::uint16_t>& held(Index node) const { return held_[node]; }
  [[nodiscard]] const Tally& load() const { return load_; }
  /// Of how many partitions the node is, so far, likely to be the primary.
  [[nodiscard]] const Tally& lead() const { return lead_; }
  [[nodiscard]] Index leader(std::size_t partition) const { return leader_[partition]; }
  [[nodiscard]] bool was_holder(std::size_t partition, Index node) const {
    return previous_.holders[partition].contains(node);
  }
  /// The number of partitions that both hold.
  [[nodiscard]] std::uint32_t shared(Index a, Index b) const { return shared_[a * size_ + b]; }
  /// With how many others the node shares partitions.
  [[nodiscard]] std::uint32_t degree(Index node) const { return degree_[node]; }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] Draw draw_of(std::size_t partition, Index node) const;

  /// Picks anchors: of each partition, where that can be, one holder that is not to be replaced,
  /// so that a replica with the data remains.
  void set_anchors();
  /// True if `node` may give the partition up: another one stays, or none can.
  [[nodiscard]] bool may_leave(std::size_t partition, Index node) const;

 private:
  void count_pairs(std::size_t partition, Index node, int sign);
  [[nodiscard]] Index other_anchor(std::size_t partition, Index node) const;

  const Topology& topology_;
  const Previous& previous_;
  std::size_t size_;
  std::vector<Holders> holders_;
  std::vector<std::vector<std::uint16_t>> held_;
  std::vector<Index> leader_;
  std::vector<Index> anchor_;
  std::vector<std::uint32_t> anchors_;
  Tally load_;
  Tally lead_;
  std::vector<std::uint16_t> shared_;
  std::vector<std::uint32_t> degree_;
};

}  // namespace borg::placement
