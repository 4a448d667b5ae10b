// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "membership/cluster_view.h"
#include "node/node_memory.h"
#include "node/stats.h"

namespace borg::node {

/// A condition that the log speaks of when it begins, and when it has been over for a while.
class Episode {
 public:
  enum class News : std::uint8_t { kNone, kBegins, kEnds };
  News note(bool holds, Instant now);
  [[nodiscard]] bool is_on() const { return on_; }

 private:
  static constexpr Duration kOverAfter = Duration::seconds(5);
  bool on_ = false;
  Instant held_last_;
};

/// What a control thread knows of memory: of its own node, whether the others have place, and
/// what follows for copies and for the operator.
///
/// Runs: on the control thread; shares node() with the workers.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::uint16_t workers) : node_(std::make_shared<NodeMemory>(workers)) {}

  [[nodiscard]] const std::shared_ptr<NodeMemory>& node() const { return node_; }

  /// A heartbeat of another node has said so. True if that is news.
  bool hear(NodeId node, const wire::MemoryState& state, Instant now);
  /// A copy that nobody lacks may move to this node now. One that was short of memory a moment ago
  /// would be again: what it got would have to wait there, and the writes with it.
  [[nodiscard]] bool has_place(NodeId node, Instant now) const;

  struct Warning {
    bool is_over = false;  ///< what an earlier one said holds no more
    std::string text;
  };
  /// Now and then. `copies` of everything are wanted.
  std::vector<Warning> look(const membership::ClusterView& view, NodeId self, std::size_t copies,
                            Instant now);
  /// What this node's statistics say of it.
  [[nodiscard]] Stats stats() const;

 private:
  struct Other {
    wire::MemoryState state;
    Instant short_last = Instant::at_nanos(INT64_MIN / 2);
  };
  [[nodiscard]] std::size_t count_waiting(const membership::ClusterView& view, NodeId self,
                                          std::size_t copies) const;
  [[nodiscard]] wire::MemoryLevel level_of(NodeId node) const;
  [[nodiscard]] std::string use_text() const;

  std::shared_ptr<NodeMemory> node_;
  std::map<NodeId, Other> others_;  // that were ever short of memory
  std::size_t waiting_ = 0;         // partitions led here whose missing copy waits for memory
  bool would_exceed_ = false;       // if one more node died
  Episode full_;
  Episode lacking_;
  Episode at_risk_;
};

}  // namespace borg::node
