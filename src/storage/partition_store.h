// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "storage/byte_count.h"
#include "storage/change_journal.h"
#include "storage/heap.h"
#include "storage/large.h"
#include "storage/watch_table.h"

namespace borg::storage {

/// Milliseconds since the Unix epoch; kNoExpiry for a key that lives until it is deleted.
using ExpiryMs = std::int64_t;
inline constexpr ExpiryMs kNoExpiry = INT64_MAX;

/// What a value is. On the wire and in snapshots since v1: never renumber.
enum class ValueType : std::uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSet = 3,
  kHash = 4,
};
inline constexpr std::size_t kValueTypes = 5;

/// What Redis would say of how it keeps a string, which does not show in the value. In snapshots
/// since v1: never renumber.
enum class StringForm : std::uint8_t {
  kByContent = 0,  ///< as if it was written whole: a number as one
  kText = 1,       ///< a number, too, is a text
  kInPlace = 2,    ///< it was made by a change in place
};
inline constexpr std::size_t kStringForms = 3;

/// A key with what is computed of it once: its slot and its hash. Borrows the key's bytes.
struct KeyRef {
  std::string_view key;
  SlotId slot;
  std::uint64_t hash;
};
[[nodiscard]] KeyRef key_ref(std::string_view key);
/// As key_ref, where the slot is known already.
[[nodiscard]] KeyRef key_ref(std::string_view key, SlotId slot);

/// One stored key. Views into the store: valid until its next change.
struct EntryView {
  std::string_view key;
  std::string_view value;  ///< a container's elements, packed, unless it is large
  ExpiryMs expiry = kNoExpiry;
  ValueType type = ValueType::kString;
  bool is_large = false;  ///< the value is the address of a Large
  StringForm form = StringForm::kByContent;
  [[nodiscard]] bool expired_at(std::int64_t now_ms) const { return expiry <= now_ms; }
  /// REQUIRES: is_large.
  [[nodiscard]] Large* large() const {
    Large* address;
    std::memcpy(&address, value.data(), sizeof address);
    return address;
  }
};

/// A position in the order in which scan() visits keys, below 2^53 in all (clients keep a
/// cursor in a double). It stays meaningful while the table grows and shrinks, and on every
/// replica of the partition, because it is a position in the space of hashes.
struct ScanCursor {
  SlotId slot;
  std::uint64_t position = 0;  ///< the upper 38 bits of the bit-reversed hash: [0, 2^38)
  friend auto operator<=>(const ScanCursor&, const ScanCursor&) = default;
};

/// How many keys, and bytes of keys and values, may still be visited before a pause.
struct ScanBudget {
  std::size_t keys_left;
  std::size_t bytes_left;
  [[nodiscard]] bool is_spent() const { return keys_left == 0 || bytes_left == 0; }
  void spend(const EntryView& entry);
};

/// Part of a value that is replaced by `added` new bytes.
struct Splice {
  std::size_t at = 0;
  std::size_t removed = 0;
  std::size_t added = 0;
};

/// Leave to change a large container: when it ends the store's count of bytes is right again, and
/// whoever watches the key will hear of it.
class LargeEdit {
 public:
  LargeEdit(Large& large, ByteCount& total, WatchTable* watched, std::uint64_t hash)
      : large_(large),
        total_(total),
        before_(large.allocated_bytes()),
        watched_(watched),
        hash_(hash) {}
  ~LargeEdit() {
    total_ += large_.allocated_bytes() - before_;
    if (watched_ != nullptr) watched_->touch(hash_);
  }
  /// It turned out that there was nothing to change.
  void left_as_it_was() { watched_ = nullptr; }
  LargeEdit(const LargeEdit&) = delete;
  LargeEdit& operator=(const LargeEdit&) = delete;
  [[nodiscard]] Large& operator*() const { return large_; }

 private:
  Large& large_;
  ByteCount& total_;
  std::size_t before_;
  WatchTable* watched_;
  std::uint64_t hash_;
};

/// The keys of one partition: a small hash table for each of its 16 slots.
///
/// Runs:      on the worker of the partition; not thread-safe.
/// Time:      knows none: an expired key is here until somebody erases it.
/// Owns:      keys and values, copied in. Shares the heap that they are in.
class PartitionStore {
 public:
  explicit PartitionStore(PartitionId partition,
                          std::shared_ptr<Heap> heap = std::make_shared<Heap>());
  ~PartitionStore();
  PartitionStore(PartitionStore&&) noexcept;
  PartitionStore& operator=(PartitionStore&&) noexcept;

  [[nodiscard]] std::optional<EntryView> find(const KeyRef& key) const;
  /// Start to load what a lookup of this key will touch: each needs what the one before loads,
  /// so call them for several keys in turn before the lookups.
  void prefetch_slot(SlotId slot) const;
  void prefetch_table(SlotId slot) const;
  void prefetch_bucket(const KeyRef& key) const;
  void prefetch_entry(const KeyRef& key) const;
  /// Inserts or replaces key, value and expiry.
  void put(const KeyRef& key, std::string_view value, ExpiryMs expiry,
           ValueType type = ValueType::kString);
  /// False if the key is not here.
  bool erase(const KeyRef& key);
  /// False if the key is not here. kNoExpiry removes the expiry.
  bool set_expiry(const KeyRef& key, ExpiryMs expiry);
  /// Resizes the value of a key that is here, keeping its content and expiry; new bytes are
  /// zero. Returns the writable value, valid until the next change. Repeated growth by small
  /// steps is amortized. A string is of form kInPlace then, until put() replaces it.
  char* resize_value(const KeyRef& key, std::size_t size);
  /// Replaces part of the value of a key that is here. Returns where the new bytes, undefined as
  /// yet, are to be written.
  char* splice_value(const KeyRef& key, const Splice& splice);
  /// Of a string that has just been put: that is of form kByContent.
  void set_form(const KeyRef& key, StringForm form);
  /// As put(), of a container that does not fit a block.
  void put_large(const KeyRef& key, std::unique_ptr<Large> large, ExpiryMs expiry, ValueType type);
  /// Gives the value and expiry of a key that is here to another one, in place of what that has.
  /// A large container is moved as it is. REQUIRES: the keys differ.
  void rename(const KeyRef& from, const KeyRef& to);
  /// As rename(), of a copy.
  void copy(const KeyRef& from, const KeyRef& to);
  /// REQUIRES: the key is here, is large, and is neither replaced nor erased meanwhile.
  [[nodiscard]] LargeEdit edit_large(const KeyRef& key);
  /// For who watches the key it was changed, as by everything above that changes it.
  void touch(const KeyRef& key) {
    if (watched_ != nullptr) [[unlikely]]
      watched_->touch(key.hash);
  }
  /// From now on what happens to large containers is noted there, or nowhere if it is null.
  void record_changes(ChangeJournal* journal) { journal_ = journal; }
  [[nodiscard]] ChangeJournal* journal() const { return journal_; }
  /// From now on what is changed is told to this table, or to nobody if it is null.
  void record_watched(WatchTable* watched) { watched_ = watched; }
  [[nodiscard]] WatchTable* watched() const { return watched_; }
  /// From now on the keys are noted there that become containers, in that order and perhaps more
  /// than once; nowhere if it is null.
  void note_containers(std::vector<std::string>* keys) { new_containers_ = keys; }

  [[nodiscard]] std::size_t keys() const;
  [[nodiscard]] std::size_t keys(SlotId slot) const;
  [[nodiscard]] std::size_t keys_with_expiry() const;
  /// Bytes that this partition takes from the allocator, tables included.
  [[nodiscard]] std::size_t memory_bytes() const;
  /// Bytes that one key takes, its share of the table's bucket included; nullopt if not here.
  [[nodiscard]] std::optional<std::size_t> memory_bytes(const KeyRef& key) const;

  using Visit = std::function<void(const EntryView&)>;
  /// Visits keys from `from` on, whole buckets at a time, until at least `keys_min` keys or
  /// `bytes_min` bytes of keys and values were visited or the partition ends. Returns where to
  /// go on, or nullopt at the end. A key that is here from the first call to the last is
  /// visited at least once, however the table changes between calls. A key is at or behind the
  /// cursor ("will still be visited") exactly if !is_before(key, cursor). The visitor must not
  /// change the store.
  std::optional<ScanCursor> scan(ScanCursor from, std::size_t keys_min, std::size_t bytes_min,
                                 const Visit& visit) const;
  /// As scan(), but stays within from.slot.
  std::optional<ScanCursor> scan_slot(ScanCursor from, std::size_t keys_min, std::size_t bytes_min,
                                      const Visit& visit) const;
  [[nodiscard]] ScanCursor begin() const;
  /// True if a scan that has reached `cursor` has passed the place of this key.
  [[nodiscard]] static bool is_before(const KeyRef& key, const ScanCursor& cursor);
  /// Looks at up to `buckets` buckets of the slots that may hold expired keys, from an internal
  /// cursor on, and gives those expired at now_ms to `visit`. Returns how many keys it looked at:
  /// none, in constant time, when nothing is due. That is known slot by slot, as no more than a
  /// bound: a slot of which an expiry was put off is looked at once in vain.
  std::size_t find_expired(std::int64_t now_ms, std::size_t buckets, const Visit& visit);
  /// A key drawn at random, near enough to uniformly; nullopt if there is none.
  [[nodiscard]] std::optional<EntryView> random_entry(Random& random) const;

  /// Where compact() goes on. Keys that move behind it meanwhile are left for the next time.
  struct CompactCursor {
    std::size_t table = 0;
    std::size_t bucket = 0;
  };
  /// Moves entries out of memory that is mostly holes (Heap::is_sparse) until the budget is
  /// spent; false at the end, when the cursor is at the beginning again. All views are void then.
  bool compact(CompactCursor& cursor, ScanBudget& budget);

  /// Removes everything and gives the memory back.
  void clear();
  /// Removes everything, but leaves most of the memory to collect(): a million keys take their
  /// half second to destroy. Until then it counts in memory_bytes().
  void clear_later();
  [[nodiscard]] bool has_garbage() const;
  /// Gives memory back, of what clear_later() and erased large containers left, whole buckets at
  /// a time until the budget is spent.
  void collect(ScanBudget& budget);

 private:
  struct Impl;
  void put_same(const KeyRef& key, const EntryView& entry);

  std::unique_ptr<Impl> impl_;
  ChangeJournal* journal_ = nullptr;
  WatchTable* watched_ = nullptr;
  std::vector<std::string>* new_containers_ = nullptr;
};

}  // namespace borg::storage
