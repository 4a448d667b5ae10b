// SPDX-License-Identifier: Apache-2.0
#include "storage/bucket_array.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/memory_reserve.h"

namespace borg::storage {
namespace {

void clear_bucket(Bucket& bucket) { std::memset(static_cast<void*>(&bucket), 0, sizeof(bucket)); }

}  // namespace

BucketArray::BucketArray(BucketPool& pool) : pool_(pool) { push_back(); }

BucketArray::~BucketArray() {
  const std::size_t full = segments() - 1;
  pool_.release(directory_[full], last_capacity_);
  for (std::size_t i = full; i-- > 0;) pool_.release(directory_[i], kSegmentBuckets);
  if (has_directory()) std::free(directory_);
}

std::size_t BucketArray::segments() const {
  return (size_ + kSegmentBuckets - 1) / kSegmentBuckets;
}

std::size_t BucketArray::allocated_bytes() const {
  const std::size_t buckets = (segments() - 1) * kSegmentBuckets + last_capacity_;
  return buckets * sizeof(Bucket) + (has_directory() ? borg::malloc_bytes(directory_) : 0);
}

/// An eighth of the table is room to grow: small tables take it bucket by bucket, those of 512
/// buckets and more by whole segments.
std::size_t BucketArray::capacity_for(std::size_t last_buckets) const {
  return std::min(kSegmentBuckets, last_buckets + size_ / 8);
}

void BucketArray::resize_last(std::size_t kept, std::size_t capacity) {
  Bucket*& last = directory_[size_ / kSegmentBuckets];
  Bucket* const old = last;
  pool_.allocate(last, capacity);
  std::memcpy(static_cast<void*>(last), old, kept * sizeof(Bucket));
  pool_.release(old, last_capacity_);
  last_capacity_ = static_cast<std::uint32_t>(capacity);
}

/// REQUIRES: all segments that there are now have their full size.
void BucketArray::resize_directory(std::size_t full_segments, std::size_t capacity) {
  Bucket** old = has_directory() ? directory_ : nullptr;
  BORG_CHECK(capacity <= UINT32_MAX);
  void* const block = reallocate(old, capacity * sizeof(Bucket*));
  directory_ = static_cast<Bucket**>(block);
  if (old == nullptr) directory_[0] = first_;
  directory_capacity_ = static_cast<std::uint32_t>(capacity);
  for (std::size_t i = 0; i < full_segments; ++i) pool_.rehome(directory_[i], kSegmentBuckets);
}

void BucketArray::add_segment() {
  const std::size_t count = segments();
  if (count == directory_capacity_) resize_directory(count, std::max<std::size_t>(4, count * 2));
  const std::size_t capacity = capacity_for(1);
  pool_.allocate(directory_[count], capacity);
  last_capacity_ = static_cast<std::uint32_t>(capacity);
}

void BucketArray::drop_segment() {
  const std::size_t count = segments();
  pool_.release(directory_[count], last_capacity_);
  last_capacity_ = kSegmentBuckets;
  if (count == 1) {
    first_ = directory_[0];
    pool_.rehome(first_, kSegmentBuckets);
    std::free(directory_);
    directory_ = &first_;
    directory_capacity_ = 1;
  } else if (count * 4 <= directory_capacity_) {
    resize_directory(count, count * 2);
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
