// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/large_table.h"
#include "storage/partition_store.h"

namespace borg::storage {

// Redis's default of set-max-intset-entries.
inline constexpr std::size_t kIntegerSetMembersMax = 512;
// Redis 7.0 has no packed form of other sets: these bounds are our own.
inline constexpr std::size_t kPackedSetMembersMax = 128;
inline constexpr std::size_t kPackedSetBytesMax = 64;  ///< of a member

/// The members of a set, which are kept in one of three ways. The first byte of a packed value
/// tells: 2, 4 or 8 if they are all integers, sorted, of that many bytes; 0 if they are packed one
/// behind the other. Else they are in a table.
class SetReader {
 public:
  /// REQUIRES: entry is a set. Valid until the next change of the store.
  explicit SetReader(const EntryView& entry)
      : packed_(entry.value),
        table_(entry.is_large ? static_cast<const LargeTable*>(entry.large()) : nullptr) {}

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool is_large() const { return table_ != nullptr; }
  [[nodiscard]] bool has_integers_only() const { return !is_large() && packed_.front() != 0; }
  [[nodiscard]] bool contains(std::string_view member) const;

  /// The view is valid during the visit.
  using Visit = std::function<void(std::string_view member)>;
  void for_each(const Visit& visit) const;
  /// As HashReader::scan().
  std::optional<std::uint64_t> scan(std::uint64_t position, std::size_t count,
                                    const Visit& visit) const;
  /// Visits members until one of the visits says false.
  void visit_while(const std::function<bool(std::string_view member)>& visit) const;
  /// REQUIRES: size() > 0.
  [[nodiscard]] std::string draw(Random& random) const;

 private:
  std::string_view packed_;
  const LargeTable* table_;
};

/// Changes a set; the key comes with the first member and goes with the last.
class SetWriter {
 public:
  /// REQUIRES: entry is the key's, and a set, if there is one.
  SetWriter(PartitionStore& store, const KeyRef& key, const std::optional<EntryView>& entry)
      : store_(store), key_(key), entry_(entry) {}

  /// True if it was not here. REQUIRES: member is no view into this set.
  bool add(std::string_view member);
  /// False if it is not here.
  bool erase(std::string_view member);
  [[nodiscard]] bool contains(std::string_view member) const {
    return entry_ && SetReader(*entry_).contains(member);
  }
  [[nodiscard]] std::size_t size() const { return entry_ ? SetReader(*entry_).size() : 0; }

 private:
  bool add_integer(std::int64_t number);
  bool add_packed(std::string_view member);
  bool erase_packed(std::string_view member);
  void make_packed();
  void make_large();
  /// Of all of the value.
  void replace_value(std::string_view packed);

  PartitionStore& store_;
  KeyRef key_;
  std::optional<EntryView> entry_;
};

/// Whether the bytes, which nobody vouches for, are the packed value of a set.
[[nodiscard]] bool is_packed_set(std::string_view bytes);

}  // namespace borg::storage
