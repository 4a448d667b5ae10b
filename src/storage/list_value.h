// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/large_list.h"
#include "storage/partition_store.h"

namespace borg::storage {

enum class ListEnd : std::uint8_t { kLeft, kRight };

/// The elements of a list: of up to 8 KiB one run behind a count of 2 bytes; else a LargeList.
class ListReader {
 public:
  /// REQUIRES: entry is a list. Valid until the next change of the store.
  explicit ListReader(const EntryView& entry)
      : packed_(entry.value),
        list_(entry.is_large ? static_cast<const LargeList*>(entry.large()) : nullptr) {}

  [[nodiscard]] std::size_t size() const;
  /// REQUIRES: index < size().
  [[nodiscard]] std::string_view at(std::size_t index) const;
  using Step = LargeList::Step;
  /// From an index on; false ends the walk.
  void walk(std::size_t first, const Step& step) const;
  void walk_back(std::size_t first, const Step& step) const;

 private:
  [[nodiscard]] std::string_view run() const;

  std::string_view packed_;
  const LargeList* list_;
};

/// Changes a list; the key comes with the first element and goes with the last.
class ListWriter {
 public:
  /// REQUIRES: entry is the key's, and a list, if there is one.
  ListWriter(PartitionStore& store, const KeyRef& key, const std::optional<EntryView>& entry)
      : store_(store), key_(key), entry_(entry) {}

  [[nodiscard]] std::size_t size() const { return entry_ ? ListReader(*entry_).size() : 0; }
  [[nodiscard]] bool exists() const { return entry_.has_value(); }
  /// REQUIRES: exists().
  [[nodiscard]] ListReader reader() const { return ListReader(*entry_); }

  // REQUIRES: no argument is a view into this list; an index is below size(), or for insert()
  // not above it.
  void insert(std::size_t index, std::string_view element);
  void set(std::size_t index, std::string_view element);
  void erase(std::size_t index, std::size_t count);
  /// Those at these indexes, which ascend.
  void erase_each(const std::vector<std::size_t>& indexes);
  void push(ListEnd end, std::string_view element) {
    insert(end == ListEnd::kLeft ? 0 : size(), element);
  }
  /// REQUIRES: size() > 0.
  [[nodiscard]] std::string pop(ListEnd end);

 private:
  void make_large();
  [[nodiscard]] std::size_t place(std::size_t index) const;
  void splice(std::size_t first, std::size_t last, const std::string_view* element,
              std::size_t count);
  void note(ListChange change, std::size_t index, std::string_view element);
  void note_erased(std::size_t index, std::size_t count);

  PartitionStore& store_;
  KeyRef key_;
  std::optional<EntryView> entry_;
};

/// Whether the bytes, which nobody vouches for, are the packed value of a list.
[[nodiscard]] bool is_packed_list(std::string_view bytes);

}  // namespace borg::storage
