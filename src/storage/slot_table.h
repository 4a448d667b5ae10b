// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/random.h"
#include "storage/bucket_array.h"
#include "storage/byte_count.h"
#include "storage/entry.h"
#include "storage/graveyard.h"
#include "storage/partition_store.h"

namespace borg::storage {

/// What the tables of one partition add up to, and share.
struct Totals {
  /// Takes their large containers, and outlives them: without one they may have none.
  Graveyard* graveyard = nullptr;
  /// Has their entries, and outlives them.
  Heap* heap = &Heap::plain();
  std::size_t keys = 0;
  std::size_t expiring = 0;
  /// No key expires before that; kNoExpiry if none does at all.
  ExpiryMs earliest = kNoExpiry;
  ByteCount bytes;
};

/// The keys of one slot, in a hash table that never stops to rehash.
///
/// Source:    linear hashing (W. Litwin, VLDB 1980): the table grows by splitting one bucket
///            and shrinks by merging one back, so every change costs about the same.
/// Order:     bucket b of level l holds the keys whose hash ends in the l bits of b: one range
///            of reversed hashes. A scan walks these ranges upwards and is not disturbed by
///            splits and merges, which only halve and join them.
/// Owns:      its entries. Borrows the Totals, which must outlive it.
class SlotTable {
 public:
  explicit SlotTable(Totals& totals);
  ~SlotTable();
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  [[nodiscard]] std::size_t keys() const { return keys_; }
  [[nodiscard]] std::size_t buckets() const { return buckets_.size(); }
  /// No key expires before that, but those that a round of find_expired() has yet to come to or
  /// has seen: whoever begins one forgets it, and in the end lowers it to the earliest seen.
  [[nodiscard]] ExpiryMs earliest() const { return earliest_; }
  void forget_earliest() { earliest_ = kNoExpiry; }
  void lower_earliest(ExpiryMs seen) { earliest_ = std::min(earliest_, seen); }

  /// Null if it is not here.
  [[nodiscard]] Entry find(const KeyRef& key) const;
  void prefetch_bucket(std::uint64_t hash) const;
  void prefetch_entry(std::uint64_t hash) const;
  void put(const KeyRef& key, std::string_view value, ExpiryMs expiry, ValueType type);
  bool erase(const KeyRef& key);
  /// What is at `from` is then at `to`, and nothing else. REQUIRES: `from` is here, and not large;
  /// `to` is another key, and not here.
  void rename(const KeyRef& from, const KeyRef& to);
  bool set_expiry(const KeyRef& key, ExpiryMs expiry);
  /// REQUIRES: the key is here.
  char* resize_value(const KeyRef& key, std::size_t size);
  /// REQUIRES: the key is here.
  void set_form(const KeyRef& key, StringForm form);
  char* splice_value(const KeyRef& key, const Splice& splice);
  void put_large(const KeyRef& key, std::unique_ptr<Large> large, ExpiryMs expiry, ValueType type);
  /// REQUIRES: the key is here, and large.
  [[nodiscard]] std::unique_ptr<Large> exchange_large(const KeyRef& key,
                                                      std::unique_ptr<Large> other);
  /// The entry's bytes and its share of its bucket.
  [[nodiscard]] std::optional<std::size_t> entry_bytes(const KeyRef& key) const;

  /// Visits the keys whose reversed hash is at least `from`, bucket by bucket until the budget
  /// is spent, and at least one bucket. Returns where the next one begins, or nullopt at the
  /// end.
  std::optional<std::uint64_t> scan(std::uint64_t from, ScanBudget& budget,
                                    const PartitionStore::Visit& visit) const;
  struct ExpiredScan {
    std::size_t looked_at;              ///< keys, with an expiry or without
    ExpiryMs earliest;                  ///< of these
    std::optional<std::uint64_t> next;  ///< the next bucket's first reversed hash
  };
  /// Visits what is expired of the one bucket that holds the reversed hash `from`.
  ExpiredScan find_expired(std::uint64_t from, std::int64_t now_ms,
                           const PartitionStore::Visit& visit) const;
  /// From now on counts in other totals; the caller moves what was counted so far.
  void count_in_totals(Totals& totals) { totals_ = &totals; }
  /// Destroys keys, whole buckets at a time, until the budget is spent; false when none is left.
  /// A table of which this was asked can do nothing else.
  bool destroy_some(ScanBudget& budget);
  /// Moves entries out of sparse memory, bucket by bucket from `bucket` on until the budget is
  /// spent. Returns the next bucket, or buckets() at the end.
  std::size_t compact(std::size_t bucket, ScanBudget& budget);
  /// REQUIRES: keys() > 0.
  [[nodiscard]] Entry random_entry(Random& random) const;

 private:
  struct Place {
    Bucket* bucket;
    std::size_t index;
    [[nodiscard]] bool is_found() const { return index != Bucket::kNowhere; }
  };
  /// A bucket and its range of reversed hashes; `next` is nullopt for the last range.
  struct BucketRange {
    const Bucket& bucket;
    std::uint64_t first;
    std::optional<std::uint64_t> next;
  };

  [[nodiscard]] Heap& heap() const { return *totals_->heap; }
  [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const;
  [[nodiscard]] unsigned level_of(std::size_t bucket) const;
  [[nodiscard]] BucketRange range_at(std::uint64_t reversed) const;
  [[nodiscard]] Place place_of(const KeyRef& key);
  /// Puts the entry, which `change_entry` makes of the one that is there, in its place.
  template <class Change>
  Entry change(Place place, Change&& change_entry);
  void append_to(Bucket& bucket, Entry entry, std::uint8_t tag);
  void remove_from(Bucket& bucket, std::size_t index);
  void count_in(Entry entry);
  void count_out(Entry entry);
  void bury_large(Entry entry);
  void destroy_entries(Bucket& bucket, ScanBudget& budget);
  void grow();
  void shrink();
  void split_into_last();
  void merge_last();

  BucketArray buckets_;
  std::size_t keys_ = 0;
  ExpiryMs earliest_ = kNoExpiry;
  Totals* totals_;
};

}  // namespace borg::storage
