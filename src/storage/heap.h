// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/bucket_pool.h"
#include "storage/run_pool.h"

namespace borg::storage {

/// Blocks for entries without a header of their own: a general allocator keeps 8 bytes in front
/// of each and rounds it up to 16.
///
/// Sizes:     of a block in steps of 8 bytes up to 1 KiB, of 64 up to 4 KiB: a run has one of
///            them. Larger blocks come from malloc. Who releases a block says how large it was;
///            that is kept nowhere else.
/// Runs:      not thread-safe: one heap for each worker, shared by its partitions.
/// Alignment: 8 bytes.
/// Errors:    none: refused memory, it uses the reserve; without one the process ends.
class Heap {
 public:
  static constexpr std::size_t kSmallBytesMax = 4096;

  Heap() = default;
  /// REQUIRES: all small blocks were released.
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  /// One that has no runs and passes everything on to malloc, so that any thread may use it.
  static Heap& plain();

  [[nodiscard]] void* allocate(std::size_t bytes);
  void release(void* block, std::size_t bytes);

  /// True if a block of so many bytes has exactly rounded(bytes); else malloc knows, and it may
  /// be given to realloc.
  [[nodiscard]] bool is_small(std::size_t bytes) const { return bytes <= small_bytes_max_; }
  /// REQUIRES: is_small(bytes).
  [[nodiscard]] static constexpr std::size_t rounded(std::size_t bytes) {
    return bytes_of_class(class_of(bytes));
  }
  /// What a block that was asked for with so many bytes takes.
  [[nodiscard]] std::size_t block_bytes(void* block, std::size_t bytes) const;

  /// True if a small block is in a run with so many holes that it should move to another: then
  /// allocate() gives it a place in one that is filled up.
  [[nodiscard]] bool is_sparse(const void* block) const;
  /// True if moving what is sparse would give much memory back.
  [[nodiscard]] bool is_full_of_holes() const { return hole_bytes_ > used_bytes_ / 6 + kHolesMin; }

  [[nodiscard]] BucketPool& buckets() { return buckets_; }

  /// Of small blocks that are given out.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }
  /// Of small blocks that were given out once and are free now, in runs that are not empty.
  [[nodiscard]] std::size_t hole_bytes() const { return hole_bytes_; }
  [[nodiscard]] const RunPool& runs() const { return runs_; }
  /// What the stores that share this heap hold together: a sum for their ByteCounts.
  [[nodiscard]] std::size_t& stored_bytes() { return stored_bytes_; }
  [[nodiscard]] std::size_t stored_bytes() const { return stored_bytes_; }

 private:
  struct Plain {};
  explicit Heap(Plain) : small_bytes_max_(0), buckets_(nullptr) {}

  /// Not worth a look at every key.
  static constexpr std::size_t kHolesMin = 4 * 1024 * 1024;
  static constexpr std::size_t kFineBytesMax = 1024;
  static constexpr std::size_t kFineStep = 8;
  static constexpr std::size_t kCoarseStep = 64;
  static constexpr std::size_t kFineClasses = kFineBytesMax / kFineStep;
  static constexpr std::size_t kClasses =
      kFineClasses + (kSmallBytesMax - kFineBytesMax) / kCoarseStep;

  [[nodiscard]] static constexpr std::size_t class_of(std::size_t bytes) {
    if (bytes <= kFineBytesMax) return bytes == 0 ? 0 : (bytes - 1) / kFineStep;
    return kFineClasses + (bytes - kFineBytesMax - 1) / kCoarseStep;
  }
  [[nodiscard]] static constexpr std::size_t bytes_of_class(std::size_t size_class) {
    if (size_class < kFineClasses) return (size_class + 1) * kFineStep;
    return kFineBytesMax + (size_class - kFineClasses + 1) * kCoarseStep;
  }

  Run& open_run(std::size_t size_class);
  void close_run(Run& run);

  std::size_t small_bytes_max_ = kSmallBytesMax;
  RunPool runs_;
  BucketPool buckets_{&runs_};
  /// The runs of each class that have room; blocks come from the first.
  std::array<RunList, kClasses> open_;
  std::size_t used_bytes_ = 0;
  std::size_t hole_bytes_ = 0;
  std::size_t stored_bytes_ = 0;
};

}  // namespace borg::storage
