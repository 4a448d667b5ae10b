// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "storage/large_sorted_set.h"
#include "storage/partition_store.h"

namespace borg::storage {

// Redis's defaults of zset-max-listpack-entries and zset-max-listpack-value.
inline constexpr std::size_t kPackedSortedSetMembersMax = 128;
inline constexpr std::size_t kPackedSortedSetBytesMax = 64;  ///< of a member

/// A member of a sorted set.
struct Scored {
  std::string_view member;
  double score = 0;
  friend auto operator<=>(const Scored&, const Scored&) = default;
};

/// The members of a sorted set in their order: by score, then by their bytes. Small ones are
/// packed, each as two items, the member and its score; else they are in a LargeSortedSet.
class SortedSetReader {
 public:
  /// REQUIRES: entry is a sorted set. Valid until the next change of the store.
  explicit SortedSetReader(const EntryView& entry)
      : packed_(entry.value),
        large_(entry.is_large ? static_cast<const LargeSortedSet*>(entry.large()) : nullptr) {}

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::optional<double> score_of(std::string_view member) const;
  /// From the lowest, 0.
  [[nodiscard]] std::optional<std::size_t> rank_of(std::string_view member) const;
  /// REQUIRES: rank < size().
  [[nodiscard]] Scored at(std::size_t rank) const;
  /// How many members at the front have a property that none behind them has. If members have it
  /// in another way the result is some number, the same on every replica.
  [[nodiscard]] std::size_t count_while(const std::function<bool(const Scored&)>& has) const;

  /// False ends the walk.
  using Step = std::function<bool(const Scored&)>;
  /// From a rank on.
  void walk(std::size_t first, const Step& step) const;
  /// From a rank down to 0.
  void walk_back(std::size_t first, const Step& step) const;
  using Visit = std::function<void(const Scored&)>;
  void for_each(const Visit& visit) const;
  /// As HashReader::scan().
  std::optional<std::uint64_t> scan(std::uint64_t position, std::size_t count,
                                    const Visit& visit) const;
  /// REQUIRES: size() > 0.
  [[nodiscard]] Scored draw(Random& random) const;

 private:
  std::string_view packed_;
  const LargeSortedSet* large_;
};

/// Changes a sorted set; the key comes with the first member and goes with the last.
class SortedSetWriter {
 public:
  /// REQUIRES: entry is the key's, and a sorted set, if there is one.
  SortedSetWriter(PartitionStore& store, const KeyRef& key, const std::optional<EntryView>& entry)
      : store_(store), key_(key), entry_(entry) {}

  [[nodiscard]] bool exists() const { return entry_.has_value(); }
  [[nodiscard]] std::size_t size() const { return entry_ ? reader().size() : 0; }
  /// REQUIRES: exists().
  [[nodiscard]] SortedSetReader reader() const { return SortedSetReader(*entry_); }
  [[nodiscard]] std::optional<double> score_of(std::string_view member) const;

  /// Adds a member, or gives it another score. REQUIRES: score is a number, and member no view
  /// into this set.
  void put(std::string_view member, double score);
  /// False if it is not here. REQUIRES: member is no view into this set.
  bool erase(std::string_view member);
  /// Those from a rank on. REQUIRES: first + count <= size().
  void erase_range(std::size_t first, std::size_t count);

 private:
  void make_large();
  void put_packed(std::string_view member, double score);
  void splice(std::size_t first, std::size_t last, const Scored* added, std::size_t count);
  void keep_others(std::size_t first, std::size_t count);
  void erase_each(const std::vector<std::string>& members);
  void forget_if_empty();

  PartitionStore& store_;
  KeyRef key_;
  std::optional<EntryView> entry_;
};

/// Inserts or replaces a key with a sorted set of these members, which are distinct, in any order,
/// and no views into the key's value. REQUIRES: there is one, and each score is a number.
void put_sorted_set(PartitionStore& store, const KeyRef& key, const std::vector<Scored>& members,
                    ExpiryMs expiry);

/// Whether the bytes, which nobody vouches for, are the packed value of a sorted set.
[[nodiscard]] bool is_packed_sorted_set(std::string_view bytes);

}  // namespace borg::storage
