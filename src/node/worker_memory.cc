// SPDX-License-Identifier: Apache-2.0
#include "node/worker_memory.h"

#include <algorithm>
#include <utility>

#include "base/memory_reserve.h"
#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::node {

using wire::MemoryLevel;

WorkerMemory::WorkerMemory(WorkerIndex self, std::uint16_t workers)
    : self_(self), node_(std::make_shared<NodeMemory>(workers)) {}

WorkerMemory::~WorkerMemory() { node_->replace(shared_, 0); }

void WorkerMemory::join(std::shared_ptr<NodeMemory> node) {
  if (node == nullptr || node == node_) return;
  node->set_limit(node_->limit());
  node_->replace(shared_, 0);
  node_ = std::move(node);
  node_->replace(0, shared_);
}

void WorkerMemory::set_limit(std::uint64_t bytes) {
  node_->set_limit(bytes);
  begin_turn(use_.data);
}

/// Without a limit now and then is enough: for the peak alone.
bool WorkerMemory::is_due(Instant now) const {
  constexpr std::size_t kInputBytes = 4 * 1024 * 1024;
  const bool is_limited = node_->limit() > 0;
  return now - looked_ >= Duration::millis(is_limited ? 100 : 500) ||
         (is_limited && input_bytes_ >= kInputBytes);
}

void WorkerMemory::begin_turn(std::uint64_t stored_bytes) {
  const std::uint64_t limit = node_->limit();
  if (is_memory_refused()) [[unlikely]] {
    stored_max_ = 0;
    return;
  }
  if (limit == 0) {
    stored_max_ = UINT64_MAX;
    return;
  }
  const std::uint64_t mark = NodeMemory::full_mark(limit);
  const std::uint64_t used = node_->used();
  // At the mark itself there is place, so that the comparison of is_out() is the only one.
  stored_max_ = used > mark ? 0 : stored_bytes + (mark - used);
}

void WorkerMemory::note_all(const MemoryUse& use, Instant now) {
  looked_ = now;
  input_bytes_ = 0;
  use_ = use;
  peak_bytes_ = std::max(peak_bytes_, use.data);
  share();
}

void WorkerMemory::note_stored(std::uint64_t stored_bytes) {
  if (node_->limit() == 0 || use_.data == stored_bytes) return;
  use_.data = stored_bytes;
  share();
}

void WorkerMemory::share() { node_->replace(std::exchange(shared_, use_.total()), use_.total()); }

bool WorkerMemory::must_tell(bool may_fall) {
  node_->look(may_fall);
  const std::uint64_t version = node_->state().version;
  return std::exchange(told_, version) != version;
}

bool WorkerMemory::hear(NodeId node, const wire::MemoryState& state) {
  const auto at = others_.find(node);
  if (at == others_.end() && state == wire::MemoryState()) return false;
  Other& other = others_[node];
  const std::uint64_t version = other.state.version;
  if (version > state.version) return false;
  other = {.state = state, .taken = 0, .taken_before = other.taken};
  return state.version > version;
}

bool WorkerMemory::Other::lacks(std::uint64_t need) const {
  if (state.level != MemoryLevel::kRoom) return true;
  return need > 0 && state.room != UINT64_MAX && need + taken + taken_before > state.room;
}

void WorkerMemory::note_taken(const PartitionConfig& config, std::uint64_t need) {
  for (const NodeList* nodes : {&config.in_sync, &config.syncing}) {
    for (const NodeId node : *nodes) {
      if (const auto at = others_.find(node); at != others_.end()) at->second.taken += need;
    }
  }
}

bool WorkerMemory::is_full_elsewhere(const PartitionConfig& config, std::uint64_t need) const {
  if (is_planted(PlantedBug::kOwnMemoryOnly)) return false;
  const auto is_full = [&](NodeId node) {
    const auto at = others_.find(node);
    return at != others_.end() && at->second.lacks(need);
  };
  const bool is_refused = std::any_of(config.in_sync.begin(), config.in_sync.end(), is_full) ||
                          std::any_of(config.syncing.begin(), config.syncing.end(), is_full);
  if (is_refused) reached<"a write has no place at another holder">();
  return is_refused;
}

bool WorkerMemory::is_closed(NodeId node) const {
  const auto at = others_.find(node);
  if (at == others_.end() || at->second.state.level != MemoryLevel::kClosed) return false;
  if (is_planted(PlantedBug::kOwnMemoryOnly)) return false;
  reached<"a copy waits for memory">();
  return true;
}

}  // namespace borg::node
