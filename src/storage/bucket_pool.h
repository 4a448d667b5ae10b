// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "storage/run_pool.h"

namespace borg::storage {

class Bucket;

/// Arrays of buckets without a hole between them, however the tables grow and shrink: all tables
/// grow alike, so what one leaves behind no other needs any more.
///
/// Moves:     when an array is released the last one of its size takes its place, and the pointer
///            that it was allocated for is changed. So buckets stay where they are only until
///            any table of the heap grows or shrinks.
/// Alignment: to cache lines.
/// Runs:      not thread-safe.
class BucketPool {
 public:
  static constexpr std::size_t kBucketsMax = 64;

  /// Without runs it takes the arrays from malloc, and none ever moves.
  explicit BucketPool(RunPool* runs) : runs_(runs) {}
  BucketPool(const BucketPool&) = delete;
  BucketPool& operator=(const BucketPool&) = delete;

  /// Uninitialized. `place` becomes the array's address, and must stay where it is.
  /// REQUIRES: 0 < buckets <= kBucketsMax, as below.
  void allocate(Bucket*& place, std::size_t buckets);
  /// With the number that it was allocated with, as below.
  void release(Bucket* array, std::size_t buckets);
  /// The array's address is kept elsewhere from now on.
  void rehome(Bucket*& place, std::size_t buckets);

 private:
  struct Slots;
  [[nodiscard]] static Slots slots_of(Run& run);
  Run& open_run(std::size_t buckets);

  RunPool* runs_;
  /// By the number of buckets less one; only the first of a list is not full.
  std::array<RunList, kBucketsMax> lists_;
};

}  // namespace borg::storage
