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

}  // namespace

BucketArray::BucketArray() { push_back(); }

BucketArray::~BucketArray() {
  const std::size_t count = segments();
  for (std::size_t i = 0; i < count; ++i) std::free(directory_[i]);
  if (has_directory()) std::free(directory_);
}

std::size_t BucketArray::segments() const {
  return (size_ + kSegmentBuckets - 1) / kSegmentBuckets;
}

std::size_t BucketArray::allocated_bytes() const {
  const std::size_t full = segments() - 1;
  return full * kSegmentBuckets * sizeof(Bucket) + malloc_usable_size(directory_[full]) +
         (has_directory() ? malloc_usable_size(directory_) : 0);
}

/// An eighth of the table is room to grow: small tables take it bucket by bucket, those of 512
/// buckets and more by whole segments.
std::size_t BucketArray::capacity_for(std::size_t last_buckets) const {
  return std::min(kSegmentBuckets, last_buckets + size_ / 8);
}

void BucketArray::resize_last(std::size_t kept, std::size_t capacity) {
  Bucket*& last = directory_[size_ / kSegmentBuckets];
  Bucket* resized = allocate_buckets(capacity);
  std::memcpy(static_cast<void*>(resized), last, kept * sizeof(Bucket));
  std::free(last);
  last = resized;
  last_capacity_ = static_cast<std::uint32_t>(capacity);
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
  const std::size_t capacity = capacity_for(1);
  directory_[count] = allocate_buckets(capacity);
  last_capacity_ = static_cast<std::uint32_t>(capacity);
}

void BucketArray::drop_segment() {
  const std::size_t count = segments();
  std::free(directory_[count]);
  last_capacity_ = kSegmentBuckets;
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
  const std::size_t last_buckets = size_ % kSegmentBuckets;
  if (last_buckets == 0) {
    add_segment();
  } else if (last_buckets == last_capacity_) {
    resize_last(last_buckets, capacity_for(last_buckets + 1));
  }
  clear_bucket((*this)[size_++]);
}

void BucketArray::pop_back() {
  BORG_CHECK(size_ > 1);
  const std::size_t last_buckets = --size_ % kSegmentBuckets;
  if (last_buckets == 0) {
    drop_segment();
  } else if (last_capacity_ > capacity_for(last_buckets) + 1 + size_ / 8) {
    resize_last(last_buckets, capacity_for(last_buckets));
  }
}

}  // namespace borg::storage
