// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/ids.h"

/// Which nodes should hold which partition: pure functions that every node computes alike.
///
/// The algorithm, its bounds and its order of priorities: docs/placement.md.
namespace borg::placement {

/// Kept with the cluster's settings: nodes that compute targets must agree on it. Any change to
/// what assign() returns for some input needs a new version; golden_test.cc pins this one.
inline constexpr std::uint32_t kPlacementVersion = 1;
/// More copies than this are never placed: Options::copies is capped.
inline constexpr std::size_t kCopiesMax = 8;

struct Node {
  NodeId id;
  std::uint32_t weight = 100;  ///< share of the data, relative to the others; 0: holds nothing
  std::string zone;            ///< empty: not known
  std::string host;            ///< the machine; empty: not known
};

struct Options {
  std::uint8_t copies = 2;
  /// With how many others a node shares partitions. 0: all up to 8 nodes, 8 in larger clusters.
  std::uint32_t scatter_width = 0;
};

/// The nodes of one partition, primary first: distinct, at most kCopiesMax.
class Replicas {
 public:
  Replicas() = default;
  Replicas(std::initializer_list<NodeId> ids) {
    for (const NodeId id : ids) push_back(id);
  }
  void push_back(NodeId id) {
    BORG_CHECK(size_ < kCopiesMax);
    ids_[size_++] = id;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// NodeId(0) if there is none.
  [[nodiscard]] NodeId primary() const { return ids_[0]; }
  [[nodiscard]] NodeId operator[](std::size_t i) const { return ids_[i]; }
  [[nodiscard]] const NodeId* begin() const { return ids_.data(); }
  [[nodiscard]] const NodeId* end() const { return ids_.data() + size_; }
  [[nodiscard]] bool contains(NodeId id) const {
    for (const NodeId other : *this) {
      if (other == id) return true;
    }
    return false;
  }
  friend bool operator==(const Replicas&, const Replicas&) = default;

 private:
  std::array<NodeId, kCopiesMax> ids_{};
  std::size_t size_ = 0;
};

/// kPartitionCount rows, by partition; an empty vector: there is no assignment yet.
using Assignment = std::vector<Replicas>;

/// The assignment that the cluster should move towards.
///
/// Always min(copies, nodes) distinct nodes for every partition (nodes of weight 0 do not
/// count), whatever `previous` holds; nodes in `previous` that are not in `nodes` are gone.
/// The order of `nodes` does not matter; of two with one id the first counts.
[[nodiscard]] Assignment assign(const std::vector<Node>& nodes, const Options& options,
                                const Assignment& previous);

/// All nodes of positive weight, the most preferred first.
///
/// Source: rendezvous hashing (Thaler, Ravishankar, ToN 1998), weighted by an exponential draw
/// -log(u) / weight, in integers only, so that all platforms agree.
[[nodiscard]] std::vector<NodeId> preference(PartitionId partition, const std::vector<Node>& nodes);

/// Who should take an interim copy: the most preferred node that is not excluded and, where
/// there is a choice, in no zone and on no host of an excluded one. NodeId(0): nobody is left.
///
/// `nodes` are the live ones, `exclude` those that hold the partition already.
[[nodiscard]] NodeId substitute(PartitionId partition, const std::vector<Node>& nodes,
                                std::span<const NodeId> exclude);

/// What an assignment is worth, and what it costs to get there.
struct Stats {
  std::uint32_t copies_min = 0;
  std::uint32_t copies_max = 0;
  std::uint32_t primaries_min = 0;
  std::uint32_t primaries_max = 0;
  /// Copies on a node that did not hold the partition before: what the network must carry.
  std::uint32_t moved = 0;
  /// A lower bound for `moved` under the same bounds of balance and separation.
  std::uint32_t moved_min = 0;
  /// Partitions whose previous primary still lives and is primary no more.
  std::uint32_t primaries_changed = 0;
  /// Partitions of which a previous replica lives, but none is kept.
  std::uint32_t replaced_whole = 0;
  std::uint32_t scatter_min = 0;
  std::uint32_t scatter_max = 0;
  std::uint32_t scatter_mean_x100 = 0;
  /// Of all pairs of nodes, those whose simultaneous death would lose a partition (that is on
  /// two nodes), in thousandths.
  std::uint32_t pair_loss_permille = 0;
};
[[nodiscard]] Stats stats(const std::vector<Node>& nodes, const Options& options,
                          const Assignment& previous, const Assignment& assignment);

}  // namespace borg::placement
