// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "base/check.h"
#include "base/ids.h"

namespace borg {

/// A few distinct nodes in order, without allocation: the replicas of one partition.
class NodeList {
 public:
  static constexpr std::size_t kCapacity = 8;

  NodeList() = default;
  NodeList(std::initializer_list<NodeId> nodes) {
    for (const NodeId node : nodes) push_back(node);
  }
  void push_back(NodeId node) {
    BORG_CHECK(size_ < kCapacity && !contains(node));
    nodes_[size_++] = node;
  }
  /// Keeps the order of the others; false if it was not there.
  bool remove(NodeId node) {
    const auto at = std::find(begin(), end(), node);
    if (at == end()) return false;
    const auto index = static_cast<std::size_t>(at - begin());
    for (std::size_t i = index; i + 1 < size_; ++i) nodes_[i] = nodes_[i + 1];
    nodes_[--size_] = NodeId();
    return true;
  }
  [[nodiscard]] bool contains(NodeId node) const {
    return std::find(begin(), end(), node) != end();
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == kCapacity; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] NodeId front() const { return size_ == 0 ? NodeId() : nodes_[0]; }
  [[nodiscard]] NodeId operator[](std::size_t i) const { return nodes_[i]; }
  [[nodiscard]] const NodeId* begin() const { return nodes_.data(); }
  [[nodiscard]] const NodeId* end() const { return nodes_.data() + size_; }
  friend bool operator==(const NodeList&, const NodeList&) = default;

 private:
  std::array<NodeId, kCapacity> nodes_{};
  std::size_t size_ = 0;
};

}  // namespace borg
