// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/bucket.h"
#include "storage/bucket_pool.h"

namespace borg::storage {

/// The buckets of a table, growing and shrinking by one, so that five keys and twenty million
/// are both compact and no step copies more than one segment and a directory of pointers.
///
/// Layout:    segments of 64 buckets (4 KiB, aligned to cache lines) behind a directory. The last
///            is as short as its buckets need, near enough. While it is the only one, it is
///            itself the directory's only element. What the pool may move is found through
///            the directory anew each time.
/// Owns:      the segments; not what is in the buckets.
/// Invariant: size() >= 1.
class BucketArray {
 public:
  explicit BucketArray(BucketPool& pool);
  ~BucketArray();
  BucketArray(const BucketArray&) = delete;  // directory_ may point into itself
  BucketArray& operator=(const BucketArray&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Bucket& operator[](std::size_t index) {
    return directory_[index / kSegmentBuckets][index % kSegmentBuckets];
  }
  [[nodiscard]] const Bucket& operator[](std::size_t index) const {
    return directory_[index / kSegmentBuckets][index % kSegmentBuckets];
  }
  /// Adds an empty bucket at the end. References to buckets, of any
  /// array of the pool, are void then, and after pop_back() too.
  void push_back();
  /// Drops the last bucket, which must be empty, unless it is the only one.
  void pop_back();
  /// The allocator's bytes for segments and directory. Constant time.
  [[nodiscard]] std::size_t allocated_bytes() const;

 private:
  static constexpr std::size_t kSegmentBuckets = BucketPool::kBucketsMax;

  [[nodiscard]] std::size_t segments() const;
  [[nodiscard]] bool has_directory() const { return directory_ != &first_; }
  [[nodiscard]] std::size_t capacity_for(std::size_t last_buckets) const;
  void add_segment();
  void drop_segment();
  void resize_last(std::size_t kept, std::size_t capacity);
  void resize_directory(std::size_t full_segments, std::size_t capacity);

  BucketPool& pool_;
  Bucket** directory_ = &first_;
  Bucket* first_ = nullptr;  ///< the first segment, as long as there is no other
  std::size_t size_ = 0;
  std::uint32_t last_capacity_ = 0;       ///< of the last segment, in buckets
  std::uint32_t directory_capacity_ = 1;  ///< in segments
};

}  // namespace borg::storage
