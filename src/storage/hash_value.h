// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/large_table.h"
#include "storage/partition_store.h"

namespace borg::storage {

// Redis's defaults of hash-max-listpack-entries and hash-max-listpack-value.
inline constexpr std::size_t kPackedHashFieldsMax = 512;
inline constexpr std::size_t kPackedHashBytesMax = 64;  ///< of a field or a value

/// The fields and values of a hash: packed while it is small, in the order in which they came;
/// else in a table.
class HashReader {
 public:
  /// REQUIRES: entry is a hash. Valid until the next change of the store.
  explicit HashReader(const EntryView& entry)
      : packed_(entry.value),
        table_(entry.is_large ? static_cast<const LargeTable*>(entry.large()) : nullptr) {}

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool is_large() const { return table_ != nullptr; }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view field) const;

  using Visit = Large::Visit;
  void for_each(const Visit& visit) const;
  /// Visits fields from a position on until there were `count`, and those beside the last.
  /// Returns where to go on, or nullopt at the end. A small hash has one position only.
  std::optional<std::uint64_t> scan(std::uint64_t position, std::size_t count,
                                    const Visit& visit) const;
  using Pair = std::pair<std::string_view, std::string_view>;
  /// REQUIRES: size() > 0.
  [[nodiscard]] Pair draw(Random& random) const;

 private:
  std::string_view packed_;
  const LargeTable* table_;
};

/// Changes a hash; the key comes with the first field and goes with the last.
class HashWriter {
 public:
  /// REQUIRES: entry is the key's, and a hash, if there is one.
  HashWriter(PartitionStore& store, const KeyRef& key, const std::optional<EntryView>& entry)
      : store_(store), key_(key), entry_(entry) {}

  [[nodiscard]] std::optional<std::string_view> find(std::string_view field) const;
  /// True if the field was not here. REQUIRES: no argument is a view into this hash.
  bool put(std::string_view field, std::string_view value);
  /// False if the field is not here.
  bool erase(std::string_view field);
  [[nodiscard]] bool exists() const { return entry_.has_value(); }
  /// A value of this length cannot be packed: the hash is made large if it is not.
  void prepare_for(std::string_view part);

 private:
  void make_large();
  [[nodiscard]] bool put_packed(std::string_view field, std::string_view value);
  void splice(std::size_t first, std::size_t last, std::initializer_list<std::string_view> items,
              std::size_t count);

  PartitionStore& store_;
  KeyRef key_;
  std::optional<EntryView> entry_;
};

}  // namespace borg::storage
