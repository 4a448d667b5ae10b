// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "base/ids.h"
#include "base/partition_config.h"
#include "base/time.h"
#include "node/node_memory.h"

namespace borg::node {

/// Decides, on one worker, which writes must be refused because some node that would hold them
/// has no memory left, and which copies wait for that reason.
///
/// Counts:    what the worker's stores hold is known at any moment, the rest (records, frames,
///            clients) by a look at all of it, which is_due() asks for: now and then, and when much
///            has come in. Between two turns of a worker its share of the node's sum stands still.
/// Runs:      on its worker.
class WorkerMemory {
 public:
  WorkerMemory(WorkerIndex self, std::uint16_t workers);
  ~WorkerMemory();
  WorkerMemory(const WorkerMemory&) = delete;
  WorkerMemory& operator=(const WorkerMemory&) = delete;

  /// The memory that all workers of the node share: the control thread's view has it.
  void join(std::shared_ptr<NodeMemory> node);
  [[nodiscard]] NodeMemory& node() { return *node_; }
  void set_limit(std::uint64_t bytes);

  // ---- what this worker holds ----

  /// At the beginning of a turn: how much its stores may grow before the node is full.
  void begin_turn(std::uint64_t stored_bytes);
  void add_input(std::size_t bytes) { input_bytes_ += bytes; }
  [[nodiscard]] bool is_due(Instant now) const;
  void note_all(const MemoryUse& use, Instant now);
  /// At the end of a turn.
  void note_stored(std::uint64_t stored_bytes);
  /// True if the level changed since the last call, on whichever worker: then this one tells the
  /// other nodes, ahead of what it acknowledges in this turn. See NodeMemory::look().
  [[nodiscard]] bool must_tell(bool may_fall);
  /// Of what its stores held: the most at any look.
  [[nodiscard]] std::uint64_t peak_bytes() const { return peak_bytes_; }

  // ---- where there is place ----

  /// Another node has said so. True if its level is news.
  bool hear(NodeId node, const wire::MemoryState& state);
  /// A write that needs memory has no place here, or at another holder of its partition.
  /// `need`: by how much it would make the stores larger, if that is more than a little.
  [[nodiscard]] bool is_out(const PartitionConfig& config, std::uint64_t stored_bytes,
                            std::uint64_t need) const {
    return stored_bytes > stored_max_ || need > stored_max_ - stored_bytes ||
           (!others_.empty() && is_full_elsewhere(config, need));
  }
  /// A write that needs so much is executed: the other holders have less, as they will say.
  void note_taken(const PartitionConfig& config, std::uint64_t need);
  /// A copy that is on its way to this node must wait.
  [[nodiscard]] bool is_closed(NodeId node) const;

 private:
  /// A node that has a limit, or was short of memory.
  struct Other {
    wire::MemoryState state;
    // Of what it was sent since it said so, and before: that may have crossed.
    std::uint64_t taken = 0;
    std::uint64_t taken_before = 0;
    [[nodiscard]] bool lacks(std::uint64_t need) const;
  };
  [[nodiscard]] bool is_full_elsewhere(const PartitionConfig& config, std::uint64_t need) const;
  void share();

  const WorkerIndex self_;
  std::shared_ptr<NodeMemory> node_;
  std::uint64_t shared_ = 0;  // of the node's sum
  MemoryUse use_;
  Instant looked_ = Instant::at_nanos(INT64_MIN / 2);
  std::size_t input_bytes_ = 0;  // since then
  std::uint64_t stored_max_ = UINT64_MAX;
  std::uint64_t peak_bytes_ = 0;
  std::uint64_t told_ = 0;  // the version
  std::map<NodeId, Other> others_;
};

}  // namespace borg::node
