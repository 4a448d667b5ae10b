// SPDX-License-Identifier: Apache-2.0
#include "storage/partition_store.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/slot.h"
#include "storage/hash_order.h"
#include "storage/slot_table.h"

namespace borg::storage {

KeyRef key_ref(std::string_view key) { return key_ref(key, slot_of_key(key)); }
KeyRef key_ref(std::string_view key, SlotId slot) { return {key, slot, hash_of_key(key)}; }

/// Where find_expired() goes on.
struct Sweep {
  std::size_t table = 0;
  bool is_in_table = false;  // it has begun a round of this table
  std::uint64_t reversed = 0;
  ExpiryMs earliest = kNoExpiry;  // of what the round has seen
};

struct PartitionStore::Impl {
  Impl(PartitionId partition, std::shared_ptr<Heap> shared)
      : first(first_slot(partition)), heap(std::move(shared)) {
    own += sizeof(Impl);
  }

  [[nodiscard]] std::size_t index_of(SlotId slot) const {
    const auto index = static_cast<std::size_t>(slot.value() - first.value());
    BORG_CHECK(index < kSlotsPerPartition);
    return index;
  }
  [[nodiscard]] SlotId slot_at(std::size_t index) const {
    return SlotId(static_cast<std::uint16_t>(first.value() + index));
  }
  /// Null if the slot is empty.
  [[nodiscard]] SlotTable* table_of(SlotId slot) const { return tables[index_of(slot)].get(); }
  SlotTable& made_table_of(SlotId slot) {
    std::unique_ptr<SlotTable>& table = tables[index_of(slot)];
    if (!table) table = std::make_unique<SlotTable>(totals);
    return *table;
  }
  [[nodiscard]] std::optional<ScanCursor> next_occupied(std::size_t index) const {
    while (index < tables.size() && !tables[index]) ++index;
    if (index == tables.size()) return std::nullopt;
    return ScanCursor{slot_at(index), 0};
  }
  /// Nothing of the table is due, or it has become empty meanwhile.
  [[nodiscard]] bool may_pass_over(const SlotTable* table, std::int64_t now_ms) const;
  /// Looks at one bucket more of the table. True if that was the last one.
  bool sweep_bucket(SlotTable& table, std::int64_t now_ms, const Visit& visit,
                    std::size_t& looked_at);
  void next_table();
  void find_earliest();

  [[nodiscard]] Totals no_totals() {
    return {.graveyard = &graveyard, .heap = heap.get(), .bytes = ByteCount(heap->stored_bytes())};
  }

  SlotId first;
  std::shared_ptr<Heap> heap;
  ByteCount own{heap->stored_bytes()};
  Graveyard graveyard{heap->stored_bytes()};
  Totals totals = no_totals();   // before the tables, which use it to their end
  Totals garbage = no_totals();  // the same for those that were cleared
  std::array<std::unique_ptr<SlotTable>, kSlotsPerPartition> tables;
  std::vector<std::unique_ptr<SlotTable>> cleared;
  Sweep sweep;
};

bool PartitionStore::Impl::may_pass_over(const SlotTable* table, std::int64_t now_ms) const {
  return table == nullptr || (!sweep.is_in_table && table->earliest() > now_ms);
}

bool PartitionStore::Impl::sweep_bucket(SlotTable& table, std::int64_t now_ms, const Visit& visit,
                                        std::size_t& looked_at) {
  if (!sweep.is_in_table) {
    sweep.is_in_table = true;
    table.forget_earliest();  // what is added from here on is noted
  }
  const auto found = table.find_expired(sweep.reversed, now_ms, visit);
  looked_at += found.looked_at;
  sweep.earliest = std::min(sweep.earliest, found.earliest);
  if (found.next) {
    sweep.reversed = *found.next;
    return false;
  }
  table.lower_earliest(sweep.earliest);
  return true;
}

void PartitionStore::Impl::next_table() { sweep = {.table = (sweep.table + 1) % tables.size()}; }

/// Whoever is in the middle of a table has not seen all of it.
void PartitionStore::Impl::find_earliest() {
  if (sweep.is_in_table) return;
  totals.earliest = kNoExpiry;
  for (const auto& table : tables) {
    if (table) totals.earliest = std::min(totals.earliest, table->earliest());
  }
}

PartitionStore::PartitionStore(PartitionId partition, std::shared_ptr<Heap> heap)
    : impl_(std::make_unique<Impl>(partition, std::move(heap))) {}
PartitionStore::~PartitionStore() = default;
PartitionStore::PartitionStore(PartitionStore&&) noexcept = default;
PartitionStore& PartitionStore::operator=(PartitionStore&&) noexcept = default;

void PartitionStore::prefetch_slot(SlotId slot) const {
  __builtin_prefetch(&impl_->tables[impl_->index_of(slot)]);
}

void PartitionStore::prefetch_table(SlotId slot) const {
  __builtin_prefetch(impl_->table_of(slot));
}

void PartitionStore::prefetch_bucket(const KeyRef& key) const {
  if (const SlotTable* table = impl_->table_of(key.slot)) table->prefetch_bucket(key.hash);
}

void PartitionStore::prefetch_entry(const KeyRef& key) const {
  if (const SlotTable* table = impl_->table_of(key.slot)) table->prefetch_entry(key.hash);
}

std::optional<EntryView> PartitionStore::find(const KeyRef& key) const {
  const SlotTable* table = impl_->table_of(key.slot);
  if (table == nullptr) return std::nullopt;
  const Entry entry = table->find(key);
  if (entry.is_null()) return std::nullopt;
  return entry.view();
}

void PartitionStore::put(const KeyRef& key, std::string_view value, ExpiryMs expiry,
                         ValueType type) {
  touch(key);
  if (new_containers_ != nullptr && type != ValueType::kString) [[unlikely]]
    new_containers_->emplace_back(key.key);
  impl_->made_table_of(key.slot).put(key, value, expiry, type);
}

bool PartitionStore::erase(const KeyRef& key) {
  std::unique_ptr<SlotTable>& table = impl_->tables[impl_->index_of(key.slot)];
  if (!table || !table->erase(key)) return false;
  touch(key);
  if (table->keys() == 0) table.reset();
  return true;
}

bool PartitionStore::set_expiry(const KeyRef& key, ExpiryMs expiry) {
  SlotTable* table = impl_->table_of(key.slot);
  if (table == nullptr || !table->set_expiry(key, expiry)) return false;
  touch(key);
  return true;
}

char* PartitionStore::resize_value(const KeyRef& key, std::size_t size) {
  SlotTable* table = impl_->table_of(key.slot);
  BORG_CHECK(table != nullptr);
  touch(key);
  return table->resize_value(key, size);
}

void PartitionStore::set_form(const KeyRef& key, StringForm form) {
  SlotTable* table = impl_->table_of(key.slot);
  BORG_CHECK(table != nullptr);
  table->set_form(key, form);
}

char* PartitionStore::splice_value(const KeyRef& key, const Splice& splice) {
  SlotTable* table = impl_->table_of(key.slot);
  BORG_CHECK(table != nullptr);
  touch(key);
  return table->splice_value(key, splice);
}

void PartitionStore::put_large(const KeyRef& key, std::unique_ptr<Large> large, ExpiryMs expiry,
                               ValueType type) {
  if (journal_ != nullptr) journal_->add_whole(key.key);
  touch(key);
  if (new_containers_ != nullptr) new_containers_->emplace_back(key.key);
  impl_->made_table_of(key.slot).put_large(key, std::move(large), expiry, type);
}

void PartitionStore::put_same(const KeyRef& key, const EntryView& entry) {
  const StringForm form = entry.form;
  put(key, entry.value, entry.expiry, entry.type);
  if (form != StringForm::kByContent) set_form(key, form);
}

void PartitionStore::rename(const KeyRef& from, const KeyRef& to) {
  const EntryView entry = find(from).value();
  if (entry.is_large) {
    const ExpiryMs expiry = entry.expiry;
    const ValueType type = entry.type;
    // An empty one stays behind, to be erased as any other.
    std::unique_ptr<Large> empty = make_large(type);
    put_large(to, impl_->table_of(from.slot)->exchange_large(from, std::move(empty)), expiry, type);
    erase(from);
  } else if (from.slot == to.slot) {
    const ValueType type = entry.type;
    erase(to);
    touch(from);
    touch(to);
    if (new_containers_ != nullptr && type != ValueType::kString) {
      new_containers_->emplace_back(to.key);
    }
    impl_->table_of(to.slot)->rename(from, to);
  } else {
    put_same(to, entry);
    erase(from);
  }
}

void PartitionStore::copy(const KeyRef& from, const KeyRef& to) {
  const EntryView entry = find(from).value();
  if (!entry.is_large) return put_same(to, entry);
  std::unique_ptr<Large> copy = make_large(entry.type);
  entry.large()->scan(0, {SIZE_MAX, SIZE_MAX},
                      [&](std::string_view element, std::string_view value) {
                        BORG_CHECK(copy->receive(element, value));
                      });
  put_large(to, std::move(copy), entry.expiry, entry.type);
}

LargeEdit PartitionStore::edit_large(const KeyRef& key) {
  const auto entry = find(key);
  BORG_CHECK(entry && entry->is_large);
  return {*entry->large(), impl_->totals.bytes, watched_, key.hash};
}

std::size_t PartitionStore::keys() const { return impl_->totals.keys; }

std::size_t PartitionStore::keys(SlotId slot) const {
  const SlotTable* table = impl_->table_of(slot);
  return table != nullptr ? table->keys() : 0;
}

std::size_t PartitionStore::keys_with_expiry() const { return impl_->totals.expiring; }

std::size_t PartitionStore::memory_bytes() const {
  return impl_->totals.bytes.value() + impl_->garbage.bytes.value() +
         impl_->graveyard.allocated_bytes() + impl_->own.value();
}

std::optional<std::size_t> PartitionStore::memory_bytes(const KeyRef& key) const {
  const SlotTable* table = impl_->table_of(key.slot);
  return table != nullptr ? table->entry_bytes(key) : std::nullopt;
}

std::optional<ScanCursor> PartitionStore::scan_slot(ScanCursor from, std::size_t keys_min,
                                                    std::size_t bytes_min,
                                                    const Visit& visit) const {
  const SlotTable* table = impl_->table_of(from.slot);
  if (table == nullptr || from.position >> kPositionBits != 0) return std::nullopt;
  ScanBudget budget{keys_min, bytes_min};
  const auto next = table->scan(reversed_from_position(from.position), budget, visit);
  if (!next) return std::nullopt;
  return ScanCursor{from.slot, position_of(*next)};
}

std::optional<ScanCursor> PartitionStore::scan(ScanCursor from, std::size_t keys_min,
                                               std::size_t bytes_min, const Visit& visit) const {
  ScanBudget budget{keys_min, bytes_min};
  const std::size_t first = impl_->index_of(from.slot);
  for (std::size_t i = first; i < kSlotsPerPartition; ++i) {
    const std::uint64_t position = i == first ? from.position : 0;
    if (!impl_->tables[i] || position >> kPositionBits != 0) continue;
    const auto next = impl_->tables[i]->scan(reversed_from_position(position), budget, visit);
    if (next) return ScanCursor{impl_->slot_at(i), position_of(*next)};
    if (budget.is_spent()) return impl_->next_occupied(i + 1);
  }
  return std::nullopt;
}

ScanCursor PartitionStore::begin() const { return {impl_->first, 0}; }

bool PartitionStore::is_before(const KeyRef& key, const ScanCursor& cursor) {
  return ScanCursor{key.slot, position_of(reverse_bits(key.hash))} < cursor;
}

std::size_t PartitionStore::find_expired(std::int64_t now_ms, std::size_t buckets,
                                         const Visit& visit) {
  Impl& impl = *impl_;
  if (impl.totals.earliest > now_ms) return 0;
  std::size_t looked_at = 0;
  // Never more than one round, so that no key is given twice.
  for (std::size_t tables = impl.tables.size(); tables > 0 && buckets > 0;) {
    SlotTable* const table = impl.tables[impl.sweep.table].get();
    bool is_over = impl.may_pass_over(table, now_ms);
    for (; !is_over && buckets > 0; --buckets) {
      is_over = impl.sweep_bucket(*table, now_ms, visit, looked_at);
    }
    if (!is_over) break;
    impl.next_table();
    --tables;
  }
  impl.find_earliest();
  return looked_at;
}

std::optional<EntryView> PartitionStore::random_entry(Random& random) const {
  if (keys() == 0) return std::nullopt;
  std::size_t rank = random.below(keys());
  for (const auto& table : impl_->tables) {
    if (!table) continue;
    if (rank < table->keys()) return table->random_entry(random).view();
    rank -= table->keys();
  }
  return std::nullopt;
}

bool PartitionStore::compact(CompactCursor& cursor, ScanBudget& budget) {
  for (; cursor.table < kSlotsPerPartition; cursor = {cursor.table + 1, 0}) {
    SlotTable* const table = impl_->tables[cursor.table].get();
    if (table == nullptr) continue;
    cursor.bucket = table->compact(cursor.bucket, budget);
    if (cursor.bucket < table->buckets()) return true;
  }
  cursor = {};
  return false;
}

void PartitionStore::clear() {
  if (watched_ != nullptr) watched_->touch_all();
  for (auto& table : impl_->tables) table.reset();
  impl_->cleared.clear();
  impl_->graveyard.clear();
  impl_->sweep = {};
  impl_->totals.earliest = kNoExpiry;
}

void PartitionStore::clear_later() {
  if (watched_ != nullptr) watched_->touch_all();
  Impl& impl = *impl_;
  for (auto& table : impl.tables) {
    if (!table) continue;
    table->count_in_totals(impl.garbage);
    impl.cleared.push_back(std::move(table));
  }
  impl.garbage.keys += impl.totals.keys;
  impl.garbage.expiring += impl.totals.expiring;
  impl.garbage.bytes.take_over(impl.totals.bytes);
  impl.totals.keys = 0;
  impl.totals.expiring = 0;
  impl.totals.earliest = kNoExpiry;
  impl.sweep = {};
}

bool PartitionStore::has_garbage() const {
  return !impl_->cleared.empty() || !impl_->graveyard.empty();
}

void PartitionStore::collect(ScanBudget& budget) {
  std::vector<std::unique_ptr<SlotTable>>& cleared = impl_->cleared;
  impl_->graveyard.collect(budget);
  while (!cleared.empty() && !budget.is_spent()) {
    if (!cleared.back()->destroy_some(budget)) cleared.pop_back();
    impl_->graveyard.collect(budget);
  }
  if (cleared.empty()) cleared.shrink_to_fit();
}

}  // namespace borg::storage
