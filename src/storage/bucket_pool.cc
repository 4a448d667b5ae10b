// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket_pool.h"

#include <sanitizer/asan_interface.h>

#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/memory_reserve.h"
#include "storage/bucket.h"

namespace borg::storage {

/// A run as arrays of one size, and behind them for each the place of its address.
struct BucketPool::Slots {
  Run& run;
  std::size_t array_bytes;

  [[nodiscard]] Bucket* array(std::size_t index) const {
    return reinterpret_cast<Bucket*>(run.blocks + index * array_bytes);
  }
  [[nodiscard]] std::size_t index_of(const Bucket* array) const {
    const auto* const begin = reinterpret_cast<const char*>(array);
    return static_cast<std::size_t>(begin - run.blocks) / array_bytes;
  }
  [[nodiscard]] Bucket**& place(std::size_t index) const {
    char* const end = run.blocks + RunPool::bytes_of(run);
    return reinterpret_cast<Bucket***>(end)[-1 - static_cast<std::ptrdiff_t>(index)];
  }
};

BucketPool::Slots BucketPool::slots_of(Run& run) {
  return {run, (run.size_class + std::size_t{1}) * sizeof(Bucket)};
}

void BucketPool::allocate(Bucket*& place, std::size_t buckets) {
  BORG_CHECK(buckets > 0 && buckets <= kBucketsMax);
  if (runs_ == nullptr) {
    const std::size_t bytes = buckets * sizeof(Bucket);
    void* block = std::aligned_alloc(sizeof(Bucket), bytes);
    for (; block == nullptr; block = std::aligned_alloc(sizeof(Bucket), bytes)) {
      use_memory_reserve(bytes);
    }
    place = static_cast<Bucket*>(block);
    return;
  }
  Run* run = lists_[buckets - 1].first;
  if (run == nullptr || run->used == run->capacity) run = &open_run(buckets);
  const Slots slots = slots_of(*run);
  place = slots.array(run->used);
  ASAN_UNPOISON_MEMORY_REGION(place, slots.array_bytes);
  slots.place(run->used) = &place;
  ++run->used;
}

void BucketPool::release(Bucket* array, std::size_t buckets) {
  if (runs_ == nullptr) return std::free(array);
  RunList& list = lists_[buckets - 1];
  const Slots hole = slots_of(RunPool::run_of(array));
  BORG_CHECK(hole.run.size_class == buckets - 1 && list.first != nullptr);
  const Slots last = slots_of(*list.first);
  const std::size_t last_index = --last.run.used;
  Bucket* const moved = last.array(last_index);
  if (moved != array) {
    std::memcpy(static_cast<void*>(array), moved, hole.array_bytes);
    Bucket** const place = last.place(last_index);
    *place = array;
    hole.place(hole.index_of(array)) = place;
  }
  ASAN_POISON_MEMORY_REGION(moved, hole.array_bytes);
  if (last_index > 0) return;
  Run& empty = last.run;
  list.remove(empty);
  runs_->give_back(empty);
}

void BucketPool::rehome(Bucket*& place, std::size_t buckets) {
  if (runs_ == nullptr) return;
  const Slots slots = slots_of(RunPool::run_of(place));
  BORG_CHECK(slots.run.size_class == buckets - 1);
  slots.place(slots.index_of(place)) = &place;
}

Run& BucketPool::open_run(std::size_t buckets) {
  Run& run = runs_->take();
  run.size_class = static_cast<std::uint16_t>(buckets - 1);
  run.used = 0;
  const std::size_t bytes = RunPool::bytes_of(run);
  const std::size_t each = buckets * sizeof(Bucket) + sizeof(Bucket**);
  run.capacity = static_cast<std::uint16_t>(bytes / each);
  ASAN_UNPOISON_MEMORY_REGION(run.blocks + bytes - run.capacity * sizeof(Bucket**),
                              run.capacity * sizeof(Bucket**));
  lists_[buckets - 1].push(run);
  return run;
}

}  // namespace borg::storage
