// SPDX-License-Identifier: Apache-2.0
#include "storage/slot_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "storage/hash_order.h"

namespace borg::storage {
namespace {

// Keys per bucket, of nine places. 7.5 costs the fewest bytes for a table where still only one
// bucket in four overflows; the gap between the two keeps a key that comes and goes from
// splitting and merging each time.
constexpr std::size_t kHalfKeysPerBucketMax = 15;
constexpr std::size_t kKeysPerBucketMin = 6;
/// So that a bucket's range is never smaller than one position of a ScanCursor.
constexpr std::size_t kBucketsMax = std::size_t{1} << kPositionBits;

/// The bits that the bucket's number uses last.
std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>(hash >> 56); }

/// The bucket that `bucket` was split from, and is merged back into.
std::size_t origin_of(std::size_t bucket) { return bucket - std::bit_floor(bucket); }

}  // namespace

void ScanBudget::spend(const EntryView& entry) {
  keys_left -= std::min<std::size_t>(keys_left, 1);
  bytes_left -= std::min(bytes_left, entry.key.size() + entry.value.size());
}

SlotTable::SlotTable(Totals& totals) : buckets_(totals.heap->buckets()), totals_(&totals) {
  totals_->bytes += sizeof(*this) + buckets_.allocated_bytes();
}

SlotTable::~SlotTable() {
  ScanBudget budget{SIZE_MAX, SIZE_MAX};
  for (std::size_t b = 0; b < buckets_.size(); ++b) destroy_entries(buckets_[b], budget);
  totals_->bytes -= sizeof(*this) + buckets_.allocated_bytes();
}

void SlotTable::destroy_entries(Bucket& bucket, ScanBudget& budget) {
  const std::size_t size = bucket.size();
  for (std::size_t i = 0; i < size; ++i) {
    Entry entry = bucket.at(i);
    budget.spend(entry.view());
    count_out(entry);
    bury_large(entry);
    entry.destroy(heap());
  }
  keys_ -= size;
  totals_->keys -= size;
  totals_->bytes -= bucket.overflow_bytes();
  bucket.reset(heap());
}

bool SlotTable::destroy_some(ScanBudget& budget) {
  while (!budget.is_spent()) {
    destroy_entries(buckets_[buckets_.size() - 1], budget);
    if (buckets_.size() == 1) return false;
    totals_->bytes -= buckets_.allocated_bytes();
    buckets_.pop_back();
    totals_->bytes += buckets_.allocated_bytes();
  }
  return true;
}

std::size_t SlotTable::bucket_of(std::uint64_t hash) const {
  const std::size_t mask = std::bit_ceil(buckets_.size()) - 1;
  const std::size_t bucket = hash & mask;
  return bucket < buckets_.size() ? bucket : bucket & (mask >> 1);
}

unsigned SlotTable::level_of(std::size_t bucket) const {
  const std::size_t half = std::bit_ceil(buckets_.size()) / 2;
  const auto level = static_cast<unsigned>(std::bit_width(buckets_.size() - 1));
  const bool is_split = bucket >= half || bucket < buckets_.size() - half;
  return is_split ? level : level - 1;
}

SlotTable::BucketRange SlotTable::range_at(std::uint64_t reversed) const {
  const std::size_t bucket = bucket_of(reverse_bits(reversed));
  const unsigned level = level_of(bucket);
  if (level == 0) return {buckets_[bucket], 0, std::nullopt};
  const std::uint64_t width = std::uint64_t{1} << (64 - level);
  const std::uint64_t first = reversed & ~(width - 1);
  const std::uint64_t next = first + width;
  if (next == 0) return {buckets_[bucket], first, std::nullopt};
  return {buckets_[bucket], first, next};
}

SlotTable::Place SlotTable::place_of(const KeyRef& key) {
  Bucket& bucket = buckets_[bucket_of(key.hash)];
  return {&bucket, bucket.find(tag_of(key.hash), key.key)};
}

void SlotTable::prefetch_bucket(std::uint64_t hash) const {
  __builtin_prefetch(&buckets_[bucket_of(hash)]);
}

void SlotTable::prefetch_entry(std::uint64_t hash) const {
  buckets_[bucket_of(hash)].prefetch_entry(tag_of(hash));
}

Entry SlotTable::find(const KeyRef& key) const {
  const Bucket& bucket = buckets_[bucket_of(key.hash)];
  const std::size_t index = bucket.find(tag_of(key.hash), key.key);
  return index != Bucket::kNowhere ? bucket.at(index) : Entry();
}

void SlotTable::count_in(Entry entry) {
  totals_->bytes += entry.allocated_bytes(heap());
  if (entry.is_large()) [[unlikely]]
    totals_->bytes += entry.large()->allocated_bytes();
  if (!entry.has_expiry()) return;
  ++totals_->expiring;
  earliest_ = std::min(earliest_, entry.expiry());
  totals_->earliest = std::min(totals_->earliest, earliest_);
}

void SlotTable::count_out(Entry entry) {
  totals_->bytes -= entry.allocated_bytes(heap());
  if (entry.is_large()) [[unlikely]]
    totals_->bytes -= entry.large()->allocated_bytes();
  if (!entry.has_expiry()) return;
  --totals_->expiring;
}

/// REQUIRES: it was counted out.
void SlotTable::bury_large(Entry entry) {
  if (!entry.is_large()) [[likely]]
    return;
  BORG_CHECK(totals_->graveyard != nullptr);
  totals_->graveyard->bury(std::unique_ptr<Large>(entry.large()));
}

template <class Change>
Entry SlotTable::change(Place place, Change&& change_entry) {
  const Entry old = place.bucket->at(place.index);
  count_out(old);
  const Entry changed = change_entry(old);
  count_in(changed);
  if (changed != old) place.bucket->replace(place.index, changed);
  return changed;
}

void SlotTable::append_to(Bucket& bucket, Entry entry, std::uint8_t tag) {
  totals_->bytes -= bucket.overflow_bytes();
  bucket.append(heap(), entry, tag);
  totals_->bytes += bucket.overflow_bytes();
}

void SlotTable::remove_from(Bucket& bucket, std::size_t index) {
  totals_->bytes -= bucket.overflow_bytes();
  bucket.remove(heap(), index);
  totals_->bytes += bucket.overflow_bytes();
}

void SlotTable::put(const KeyRef& key, std::string_view value, ExpiryMs expiry, ValueType type) {
  const Place place = place_of(key);
  if (place.is_found()) {
    Entry there = place.bucket->at(place.index);
    if (!there.is_large() && there.overwrite(heap(), value, expiry, type)) return;
    change(place, [&](Entry entry) {
      bury_large(entry);
      return entry.replaced(heap(), value, expiry, type);
    });
    return;
  }
  const Entry entry = Entry::create(heap(), key.key, value, expiry, type);
  count_in(entry);
  append_to(*place.bucket, entry, tag_of(key.hash));
  ++keys_;
  ++totals_->keys;
  grow();
}

bool SlotTable::erase(const KeyRef& key) {
  const Place place = place_of(key);
  if (!place.is_found()) return false;
  Entry entry = place.bucket->at(place.index);
  count_out(entry);
  remove_from(*place.bucket, place.index);
  bury_large(entry);
  entry.destroy(heap());
  --keys_;
  --totals_->keys;
  shrink();
  return true;
}

void SlotTable::rename(const KeyRef& from, const KeyRef& to) {
  const Place place = place_of(from);
  BORG_CHECK(place.is_found());
  const Entry entry = place.bucket->at(place.index);
  count_out(entry);
  remove_from(*place.bucket, place.index);
  const Entry renamed = Entry(entry).renamed(heap(), to.key);
  count_in(renamed);
  append_to(*place_of(to).bucket, renamed, tag_of(to.hash));
}

bool SlotTable::set_expiry(const KeyRef& key, ExpiryMs expiry) {
  const Place place = place_of(key);
  if (!place.is_found()) return false;
  change(place, [&](Entry entry) { return entry.with_expiry(heap(), expiry); });
  return true;
}

char* SlotTable::resize_value(const KeyRef& key, std::size_t size) {
  const Place place = place_of(key);
  BORG_CHECK(place.is_found());
  return change(place, [&](Entry entry) { return entry.resized(heap(), size); }).value_data();
}

void SlotTable::set_form(const KeyRef& key, StringForm form) {
  Entry entry = find(key);
  BORG_CHECK(!entry.is_null());
  entry.set_form(form);
}

char* SlotTable::splice_value(const KeyRef& key, const Splice& splice) {
  const Place place = place_of(key);
  BORG_CHECK(place.is_found());
  const Entry entry = place.bucket->at(place.index);
  const std::size_t old_size = entry.view().value.size();
  const std::size_t tail = old_size - splice.at - splice.removed;
  const std::size_t size = old_size - splice.removed + splice.added;
  if (size == old_size) return entry.value_data() + splice.at;
  const auto move_tail = [&](char* value) {
    char* const gap = value + splice.at;
    if (tail > 0) std::memmove(gap + splice.added, gap + splice.removed, tail);
  };
  if (size < old_size) move_tail(entry.value_data());
  char* const value = change(place, [&](Entry e) { return e.resized(heap(), size); }).value_data();
  if (size > old_size) move_tail(value);
  return value + splice.at;
}

void SlotTable::put_large(const KeyRef& key, std::unique_ptr<Large> large, ExpiryMs expiry,
                          ValueType type) {
  Large* const address = large.release();
  char bytes[sizeof address];
  std::memcpy(bytes, &address, sizeof address);
  put(key, {bytes, sizeof bytes}, expiry, type);
  find(key).mark_large();
  totals_->bytes += address->allocated_bytes();
}

std::unique_ptr<Large> SlotTable::exchange_large(const KeyRef& key, std::unique_ptr<Large> other) {
  const Entry entry = find(key);
  BORG_CHECK(!entry.is_null() && entry.is_large());
  std::unique_ptr<Large> old(entry.large());
  Large* const address = other.release();
  totals_->bytes -= old->allocated_bytes();
  totals_->bytes += address->allocated_bytes();
  std::memcpy(entry.value_data(), &address, sizeof address);
  return old;
}

std::optional<std::size_t> SlotTable::entry_bytes(const KeyRef& key) const {
  const Entry entry = find(key);
  if (entry.is_null()) return std::nullopt;
  const Bucket& bucket = buckets_[bucket_of(key.hash)];
  const std::size_t bucket_bytes = sizeof(Bucket) + bucket.overflow_bytes();
  const std::size_t large_bytes = entry.is_large() ? entry.large()->allocated_bytes() : 0;
  return entry.allocated_bytes(heap()) + large_bytes +
         (bucket_bytes + bucket.size() - 1) / bucket.size();
}

void SlotTable::grow() {
  if (keys_ * 2 <= buckets_.size() * kHalfKeysPerBucketMax) return;
  if (buckets_.size() < kBucketsMax) split_into_last();
}

void SlotTable::shrink() {
  if (keys_ < (buckets_.size() - 1) * kKeysPerBucketMin) merge_last();
}

void SlotTable::split_into_last() {
  totals_->bytes -= buckets_.allocated_bytes();
  buckets_.push_back();
  totals_->bytes += buckets_.allocated_bytes();
  const std::size_t last = buckets_.size() - 1;
  Bucket& from = buckets_[origin_of(last)];
  Bucket& to = buckets_[last];
  from.prefetch_entries();
  // Downwards, as remove() fills the hole with the last entry: one that was looked at.
  for (std::size_t i = from.size(); i-- > 0;) {
    const Entry entry = from.at(i);
    if ((hash_of_key(entry.key()) & std::bit_floor(last)) == 0) continue;
    append_to(to, entry, from.tag_at(i));
    remove_from(from, i);
  }
}

void SlotTable::merge_last() {
  const std::size_t last = buckets_.size() - 1;
  Bucket& from = buckets_[last];
  Bucket& to = buckets_[origin_of(last)];
  for (std::size_t i = from.size(); i-- > 0;) {
    append_to(to, from.at(i), from.tag_at(i));
    remove_from(from, i);
  }
  totals_->bytes -= buckets_.allocated_bytes();
  buckets_.pop_back();
  totals_->bytes += buckets_.allocated_bytes();
}

std::optional<std::uint64_t> SlotTable::scan(std::uint64_t from, ScanBudget& budget,
                                             const PartitionStore::Visit& visit) const {
  std::optional<std::uint64_t> at = from;
  do {
    const BucketRange range = range_at(*at);
    range.bucket.prefetch_entries();
    const std::size_t size = range.bucket.size();
    for (std::size_t i = 0; i < size; ++i) {
      const EntryView entry = range.bucket.at(i).view();
      // The range grew downwards by a merge since the cursor was given out.
      if (range.first < *at && reverse_bits(hash_of_key(entry.key)) < *at) continue;
      visit(entry);
      budget.spend(entry);
    }
    at = range.next;
  } while (at && !budget.is_spent());
  return at;
}

SlotTable::ExpiredScan SlotTable::find_expired(std::uint64_t from, std::int64_t now_ms,
                                               const PartitionStore::Visit& visit) const {
  const BucketRange range = range_at(from);
  const std::size_t size = range.bucket.size();
  ExpiredScan result{size, kNoExpiry, range.next};
  range.bucket.prefetch_entries();
  for (std::size_t i = 0; i < size; ++i) {
    const Entry entry = range.bucket.at(i);
    if (!entry.has_expiry()) continue;
    result.earliest = std::min(result.earliest, entry.expiry());
    if (const EntryView view = entry.view(); view.expired_at(now_ms)) visit(view);
  }
  return result;
}

std::size_t SlotTable::compact(std::size_t bucket, ScanBudget& budget) {
  for (; bucket < buckets_.size() && !budget.is_spent(); ++bucket) {
    Bucket& here = buckets_[bucket];
    here.prefetch_entries();
    const std::size_t size = here.size();
    for (std::size_t i = 0; i < size; ++i) {
      Entry entry = here.at(i);
      budget.spend(entry.view());
      const Entry moved = entry.compacted(heap());
      if (moved != entry) here.replace(i, moved);
    }
  }
  return bucket;
}

Entry SlotTable::random_entry(Random& random) const {
  BORG_CHECK(keys_ > 0);
  // Taking a bucket only in proportion to what it holds makes all keys equally likely (but those
  // of a bucket with more than kFull).
  constexpr std::size_t kFull = 2 * Bucket::kInlineEntries;
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i) {
    const Bucket& bucket = buckets_[random.below(buckets_.size())];
    const std::size_t pick = random.below(std::max(kFull, bucket.size()));
    if (pick < bucket.size()) return bucket.at(pick);
  }
  std::size_t first = random.below(buckets_.size());
  while (buckets_[first].size() == 0) first = (first + 1) % buckets_.size();
  return buckets_[first].at(0);
}

}  // namespace borg::storage
