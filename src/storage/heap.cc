// SPDX-License-Identifier: Apache-2.0
#include "storage/heap.h"

#include <sanitizer/asan_interface.h>

#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/large_pages.h"
#include "base/memory_reserve.h"

namespace borg::storage {
namespace {

/// Free blocks of a run are linked by their distance from its first block, in steps.
constexpr std::uint16_t kNone = UINT16_MAX;
constexpr std::size_t kLinkStep = 8;

char* pop(Run& run, std::size_t block_bytes) {
  char* const block = run.blocks + run.free * kLinkStep;
  ASAN_UNPOISON_MEMORY_REGION(block, block_bytes);
  std::memcpy(&run.free, block, sizeof run.free);
  return block;
}

void push(Run& run, char* block, std::size_t block_bytes) {
  std::memcpy(block, &run.free, sizeof run.free);
  run.free = static_cast<std::uint16_t>(static_cast<std::size_t>(block - run.blocks) / kLinkStep);
  ASAN_POISON_MEMORY_REGION(block, block_bytes);
}

char* carve(Run& run, std::size_t block_bytes) {
  char* const block = run.blocks + run.carved++ * block_bytes;
  ASAN_UNPOISON_MEMORY_REGION(block, block_bytes);
  return block;
}

}  // namespace

Heap& Heap::plain() {
  static Heap heap{Plain()};
  return heap;
}

Heap::~Heap() { BORG_CHECK(used_bytes_ == 0); }

void* Heap::allocate(std::size_t bytes) {
  if (!is_small(bytes)) {
    void* const block = borg::allocate(bytes);
    prefer_large_pages(block, bytes);
    return block;
  }
  const std::size_t size_class = class_of(bytes);
  const std::size_t block_bytes = bytes_of_class(size_class);
  Run* run = open_[size_class].first;
  if (run == nullptr) [[unlikely]]
    run = &open_run(size_class);
  const bool has_hole = run->free != kNone;
  if (has_hole) hole_bytes_ -= block_bytes;
  char* const block = has_hole ? pop(*run, block_bytes) : carve(*run, block_bytes);
  used_bytes_ += block_bytes;
  if (++run->used == run->capacity) [[unlikely]]
    open_[size_class].remove(*run);
  return block;
}

void Heap::release(void* block, std::size_t bytes) {
  if (!is_small(bytes)) return std::free(block);
  const std::size_t size_class = class_of(bytes);
  const std::size_t block_bytes = bytes_of_class(size_class);
  Run& run = RunPool::run_of(block);
  BORG_CHECK(run.size_class == size_class && run.used > 0);
  // To the front: nearly full runs are filled up first.
  if (run.used == run.capacity) [[unlikely]]
    open_[size_class].push(run);
  push(run, static_cast<char*>(block), block_bytes);
  used_bytes_ -= block_bytes;
  hole_bytes_ += block_bytes;
  if (--run.used == 0) [[unlikely]]
    close_run(run);
}

/// If no run is sparse there are less holes than a seventh of what is used, but for those in the
/// first run of each class.
bool Heap::is_sparse(const void* block) const {
  const Run& run = RunPool::run_of(block);
  return run.used * 8 < run.capacity * 7 && &run != open_[run.size_class].first;
}

std::size_t Heap::block_bytes(void* block, std::size_t bytes) const {
  return is_small(bytes) ? rounded(bytes) : borg::malloc_bytes(block);
}

Run& Heap::open_run(std::size_t size_class) {
  Run& run = runs_.take();
  run.size_class = static_cast<std::uint16_t>(size_class);
  run.capacity = static_cast<std::uint16_t>(RunPool::bytes_of(run) / bytes_of_class(size_class));
  run.carved = 0;
  run.used = 0;
  run.free = kNone;
  open_[size_class].push(run);
  return run;
}

void Heap::close_run(Run& run) {
  open_[run.size_class].remove(run);
  hole_bytes_ -= run.carved * bytes_of_class(run.size_class);
  runs_.give_back(run);
}

}  // namespace borg::storage
