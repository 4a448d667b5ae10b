// SPDX-License-Identifier: Apache-2.0
#include "storage/value_kinds.h"

#include <bit>

#include "base/check.h"
#include "storage/hash_order.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/packed.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace borg::storage {
namespace {

/// Of two parts in this order. Source of the constant: 2^64 divided by the golden ratio.
std::uint64_t mixed(std::uint64_t first, std::uint64_t second) {
  std::uint64_t sum = first * 0x9e3779b97f4a7c15 + second;
  sum ^= sum >> 29;
  return sum * 0xbf58476d1ce4e5b9;
}

std::uint64_t digest_of_hash(const EntryView& entry) {
  std::uint64_t sum = 0;
  HashReader(entry).for_each([&](std::string_view field, std::string_view value) {
    sum += mixed(hash_of_key(field), hash_of_key(value));  // in any order
  });
  return sum;
}

std::uint64_t digest_of_set(const EntryView& entry) {
  std::uint64_t sum = 0;
  SetReader(entry).for_each([&](std::string_view member) { sum += mixed(1, hash_of_key(member)); });
  return sum;
}

std::uint64_t digest_of_sorted_set(const EntryView& entry) {
  std::uint64_t sum = 0;
  SortedSetReader(entry).for_each([&](const Scored& each) {
    sum += mixed(std::bit_cast<std::uint64_t>(each.score), hash_of_key(each.member));
  });
  return sum;
}

std::uint64_t digest_of_list(const EntryView& entry) {
  std::uint64_t sum = 0;
  ListReader(entry).walk(0, [&](std::size_t, std::string_view element) {
    sum = mixed(sum + 1, hash_of_key(element));
    return true;
  });
  return sum;
}

}  // namespace

std::uint64_t digest_of_value(const EntryView& entry) {
  const auto type = static_cast<std::uint64_t>(entry.type);
  switch (entry.type) {
    case ValueType::kString:
      return hash_of_key(entry.value);
    case ValueType::kHash:
      return mixed(type, digest_of_hash(entry));
    case ValueType::kSet:
      return mixed(type, digest_of_set(entry));
    case ValueType::kList:
      return mixed(type, digest_of_list(entry));
    case ValueType::kSortedSet:
      return mixed(type, digest_of_sorted_set(entry));
  }
  BORG_CHECK(false && "no such type");
  return 0;
}

std::uint64_t digest_of_store(const PartitionStore& store) {
  std::uint64_t sum = 0;
  auto cursor = std::optional(store.begin());
  while (cursor) {
    cursor = store.scan(*cursor, SIZE_MAX, SIZE_MAX, [&](const EntryView& entry) {
      const std::uint64_t what =
          mixed(digest_of_value(entry), static_cast<std::uint64_t>(entry.expiry));
      sum += mixed(hash_of_key(entry.key), mixed(static_cast<std::uint64_t>(entry.type), what));
    });
  }
  return sum;
}

std::unique_ptr<Large> make_large(ValueType type) {
  if (type == ValueType::kList) return std::make_unique<LargeList>();
  if (type == ValueType::kSortedSet) return std::make_unique<LargeSortedSet>();
  const bool is_table = type == ValueType::kHash || type == ValueType::kSet;
  return is_table ? std::make_unique<LargeTable>() : nullptr;
}

std::string_view encoding_of_container(const EntryView& entry) {
  if (entry.type == ValueType::kList) return "quicklist";
  if (entry.type == ValueType::kSet) {
    return SetReader(entry).has_integers_only() ? "intset" : "hashtable";
  }
  if (!entry.is_large) return "listpack";
  return entry.type == ValueType::kSortedSet ? "skiplist" : "hashtable";
}

bool is_valid_packed(ValueType type, std::string_view bytes) {
  switch (type) {
    case ValueType::kString:
      return true;
    case ValueType::kHash:
      return is_packed(bytes, 2) && packed_count(bytes) > 0;
    case ValueType::kSet:
      return is_packed_set(bytes);
    case ValueType::kList:
      return is_packed_list(bytes);
    case ValueType::kSortedSet:
      return is_packed_sorted_set(bytes);
  }
  return false;
}

}  // namespace borg::storage
