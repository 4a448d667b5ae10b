// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "wire/messages.h"

namespace borg::node {

/// What a worker, or a node, holds in memory, by what it is for.
struct MemoryUse {
  std::uint64_t data = 0;         ///< keys and values, of primaries, backups and copies under way
  std::uint64_t records = 0;      ///< results of requests that may come again
  std::uint64_t replication = 0;  ///< operations and frames that others have not acknowledged
  std::uint64_t clients = 0;      ///< unfinished requests, replies, queued transactions
  [[nodiscard]] std::uint64_t total() const { return data + records + replication + clients; }
};

/// The memory of one node, as far as its limit goes: what its workers hold together, and whether
/// that is so much that writes, or copies, have to wait.
///
/// Runs:      on any thread: workers add what they hold, everybody reads.
/// Marks:     below the limit, so that what is on its way when one is passed still fits (see
///            docs/adr/0007-memory-limits.md): at full_mark() writes that need memory are refused,
///            at closed_mark() no more of a copy is taken in. Between the two marks a copy goes on
///            while writes wait: two copies of what is there come before more of it.
/// Invariant: the version of the state grows with each change of the level.
class NodeMemory {
 public:
  explicit NodeMemory(std::uint16_t workers) : oldest_(workers) {}

  void set_limit(std::uint64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  /// 0: none.
  [[nodiscard]] std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  [[nodiscard]] static std::uint64_t full_mark(std::uint64_t limit);
  [[nodiscard]] static std::uint64_t closed_mark(std::uint64_t limit);

  /// A worker held `before`, and holds `now`.
  void replace(std::uint64_t before, std::uint64_t now) {
    used_.fetch_add(now - before, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  [[nodiscard]] wire::MemoryState state() const;
  /// Brings the level up to what the use says; down only if it may fall.
  void look(bool may_fall);

  // ---- large requests ----

  /// Of what is admitted now, with all that executing it takes.
  [[nodiscard]] std::uint64_t admitted() const { return admitted_.load(std::memory_order_relaxed); }
  /// Takes so much of the budget if there is place, or if it must have it.
  [[nodiscard]] bool admit(std::uint64_t bytes, bool is_forced);
  void release(std::uint64_t bytes) { admitted_.fetch_sub(bytes, std::memory_order_relaxed); }
  /// A place in the order of requests.
  [[nodiscard]] std::uint64_t draw_ticket() {
    return 1 + tickets_.fetch_add(1, std::memory_order_relaxed);
  }
  /// The oldest ticket of this worker's requests; 0: it has none.
  void set_oldest(WorkerIndex worker, std::uint64_t ticket) {
    oldest_[worker.value()].store(ticket, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_oldest(std::uint64_t ticket) const;
  void add_waiting(std::int64_t requests) {
    waiting_.fetch_add(requests, std::memory_order_relaxed);
  }
  [[nodiscard]] bool anybody_waits() const { return waiting_.load(std::memory_order_relaxed) > 0; }

 private:
  std::atomic<std::uint64_t> limit_ = 0;
  std::atomic<std::uint64_t> used_ = 0;
  std::atomic<std::uint64_t> state_ = 0;  // the version, and the level in the last two bits
  std::atomic<std::uint64_t> admitted_ = 0;
  std::atomic<std::uint64_t> tickets_ = 0;
  std::atomic<std::int64_t> waiting_ = 0;
  std::vector<std::atomic<std::uint64_t>> oldest_;  // by worker
};

}  // namespace borg::node
