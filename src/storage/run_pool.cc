// SPDX-License-Identifier: Apache-2.0
#include "storage/run_pool.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <new>

#include "base/check.h"
#include "base/memory_reserve.h"

namespace borg::storage {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kRunsPerChunk = 64;
/// So that a few keys that come and go cost no system call.
constexpr std::size_t kWarmRunsMax = 16;

}  // namespace

void RunList::push(Run& run) {
  run.previous = nullptr;
  run.next = first;
  if (first != nullptr) first->previous = &run;
  first = &run;
}

void RunList::remove(Run& run) {
  (run.previous != nullptr ? run.previous->next : first) = run.next;
  if (run.next != nullptr) run.next->previous = run.previous;
}

struct RunPool::Chunk {
  Run runs[kRunsPerChunk];
  std::size_t empty_runs = kRunsPerChunk;
  bool has_large_pages = true;

  static Chunk& of(const void* inside) {
    const auto address = reinterpret_cast<std::uintptr_t>(inside);
    return *reinterpret_cast<Chunk*>(address & ~(kChunkBytes - 1));
  }

  void use_small_pages() {
    if (!has_large_pages) return;
    has_large_pages = false;
    madvise(this, kChunkBytes, MADV_NOHUGEPAGE);
  }
};

Run& RunPool::run_of(const void* block) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  return Chunk::of(block).runs[address % kChunkBytes / kRunBytes];
}

std::size_t RunPool::bytes_of(const Run& run) {
  return &run == &Chunk::of(&run).runs[0] ? kRunBytes - kPageBytes : kRunBytes;
}

RunPool::~RunPool() {
  BORG_CHECK(empty_runs_ == chunks_ * kRunsPerChunk);
  while (warm_.first != nullptr) drop_chunk(Chunk::of(warm_.first));
  while (clean_.first != nullptr) drop_chunk(Chunk::of(clean_.first));
}

Run& RunPool::take() {
  if (empty_runs_ == 0) add_chunk();
  Run& run = warm_.first != nullptr ? *warm_.first : *clean_.first;
  (run.is_warm ? warm_ : clean_).remove(run);
  if (run.is_warm) --warm_runs_;
  run.is_warm = false;
  --empty_runs_;
  --Chunk::of(&run).empty_runs;
  return run;
}

void RunPool::give_back(Run& run) {
  Chunk& chunk = Chunk::of(&run);
  ASAN_POISON_MEMORY_REGION(run.blocks, bytes_of(run));
  run.is_warm = warm_runs_ < kWarmRunsMax;
  if (run.is_warm) {
    ++warm_runs_;
    warm_.push(run);
  } else {
    chunk.use_small_pages();
    madvise(run.blocks, bytes_of(run), MADV_DONTNEED);
    clean_.push(run);
  }
  ++empty_runs_;
  // As many remain: who needs a run again soon maps no chunk for it.
  if (++chunk.empty_runs == kRunsPerChunk && empty_runs_ >= 2 * kRunsPerChunk) drop_chunk(chunk);
}

void RunPool::add_chunk() {
  // The system aligns to pages only: take twice as much, and give back what is beside the chunk.
  const auto map = [] {
    return mmap(nullptr, 2 * kChunkBytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  };
  void* mapped = map();
  for (; mapped == MAP_FAILED; mapped = map()) use_memory_reserve(2 * kChunkBytes);
  char* const begin = static_cast<char*>(mapped);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(begin) % kChunkBytes;
  const std::size_t before = past == 0 ? 0 : kChunkBytes - past;
  char* const base = begin + before;
  if (before > 0) munmap(begin, before);
  munmap(base + kChunkBytes, kChunkBytes - before);

  // Not every system has large pages; then all are small.
  madvise(base, kChunkBytes, MADV_HUGEPAGE);

  static_assert(sizeof(Chunk) <= kPageBytes);
  auto* const chunk = new (base) Chunk();
  for (std::size_t i = kRunsPerChunk; i-- > 0;) {
    Run& run = chunk->runs[i];
    run.blocks = i == 0 ? base + kPageBytes : base + i * kRunBytes;
    ASAN_POISON_MEMORY_REGION(run.blocks, bytes_of(run));
    clean_.push(run);
  }
  empty_runs_ += kRunsPerChunk;
  ++chunks_;
}

/// REQUIRES: all its runs are empty.
void RunPool::drop_chunk(Chunk& chunk) {
  for (Run& run : chunk.runs) {
    (run.is_warm ? warm_ : clean_).remove(run);
    if (run.is_warm) --warm_runs_;
  }
  empty_runs_ -= kRunsPerChunk;
  --chunks_;
  ASAN_UNPOISON_MEMORY_REGION(&chunk, kChunkBytes);
  munmap(&chunk, kChunkBytes);
}

}  // namespace borg::storage
