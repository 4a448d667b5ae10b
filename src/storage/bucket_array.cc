// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket_array.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace borg::storage {
namespace {

Bucket* allocate_buckets(std::size_t count) {
  void* block = std::aligned_alloc(sizeof(Bucket), count * sizeof(Bucket));
  BORG_CHECK(block != nullptr);
  return static_cast<Bucket*>(block);
}

void clear_bucket(Bucket& bucket) { std::memset(static_cast<void*>(&bucket), 0, sizeof(bucket)); }

/// By ones at first, then by an eighth.
std::size_t capacity_for(std::size_t buckets) { return buckets + buckets / 8; }

}  // namespace

BucketArray::BucketArray() {
  resize_first(1);
  clear_bucket(first_[0]);
}

BucketArray::~BucketArray() {
  const std::size_t count = segments();
  for (std::size_t i = 0; i < count; ++i) std::free(directory_[i]);
  if (has_directory()) std::free(directory_);
}

std::size_t BucketArray::segments() const {
  return (size_ + kSegmentBuckets - 1) / kSegmentBuckets;
}

std::size_t BucketArray::allocated_bytes() const {
  if (!has_directory()) return malloc_usable_size(first_);
  // Segments of one size take the same from the allocator, near enough.
  return segments() * kSegmentBuckets * sizeof(Bucket) + malloc_usable_size(directory_);
}

void BucketArray::resize_first(std::size_t buckets) {
  Bucket* resized = allocate_buckets(buckets);
  const std::size_t kept = std::min<std::size_t>(buckets, first_capacity_);
  if (kept > 0) {
    std::memcpy(static_cast<void*>(resized), first_, kept * sizeof(Bucket));
  }
  std::free(first_);
  first_ = resized;
  first_capacity_ = static_cast<std::uint32_t>(buckets);
}

void BucketArray::resize_directory(std::size_t capacity) {
  Bucket** old = has_directory() ? directory_ : nullptr;
  void* block = std::realloc(old, capacity * sizeof(Bucket*));
  BORG_CHECK(block != nullptr && capacity <= UINT32_MAX);
  directory_ = static_cast<Bucket**>(block);
  if (old == nullptr) directory_[0] = first_;
  directory_capacity_ = static_cast<std::uint32_t>(capacity);
}

void BucketArray::add_segment() {
  const std::size_t count = segments();
  if (count == directory_capacity_) resize_directory(std::max<std::size_t>(4, count * 2));
  directory_[count] = allocate_buckets(kSegmentBuckets);
}

void BucketArray::drop_segment() {
  const std::size_t count = segments();
  std::free(directory_[count]);
  if (count == 1) {
    first_ = directory_[0];
    std::free(directory_);
    directory_ = &first_;
    directory_capacity_ = 1;
  } else if (count * 4 <= directory_capacity_) {
    resize_directory(count * 2);
  }
}

void BucketArray::push_back() {
  if (size_ >= kSegmentBuckets) {
    if (size_ % kSegmentBuckets == 0) add_segment();
  } else if (size_ == first_capacity_) {
    resize_first(std::min(kSegmentBuckets, capacity_for(size_ + 1)));
  }
  ++size_;
  clear_bucket((*this)[size_ - 1]);
}

void BucketArray::pop_back() {
  BORG_CHECK(size_ > 1);
  --size_;
  if (size_ >= kSegmentBuckets) {
    if (size_ % kSegmentBuckets == 0) drop_segment();
  } else if (first_capacity_ > capacity_for(size_) + 1 + size_ / 8) {
    resize_first(capacity_for(size_));
  }
}

}  // namespace borg::storage
