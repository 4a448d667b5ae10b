// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "storage/entry.h"

namespace borg::storage {

/// Members of a sorted set by score, then by their bytes, each found by its rank in O(log n).
///
/// Layout:    chunks of up to 512 members in a row, and a Fenwick tree (P. Fenwick, 1994) over
///            their sizes: 22 bytes a member, where a balanced tree that counts takes 64, and
///            neighbours lie side by side. To split a chunk moves the row of chunks, once in some
///            hundred insertions.
/// Borrows:   the entries that hold the members: their blocks must stay where they are.
/// Invariant: no chunk is empty.
class ScoreOrder {
 public:
  struct Item {
    double score;  ///< not NaN
    Entry entry;   ///< whose key is the member
    [[nodiscard]] std::string_view member() const { return entry.key(); }
  };

  [[nodiscard]] std::size_t size() const { return size_; }
  /// But for the object itself. Constant time.
  [[nodiscard]] std::size_t allocated_bytes() const;

  void insert(Item item);
  /// REQUIRES: the item is here, as below.
  void erase(Item item);
  [[nodiscard]] std::size_t rank_of(Item item) const;
  /// REQUIRES: rank < size().
  [[nodiscard]] Item at(std::size_t rank) const;

  /// False ends the walk.
  using Step = std::function<bool(const Item&)>;
  void walk(std::size_t first, const Step& step) const;
  /// From a rank down to 0.
  void walk_back(std::size_t first, const Step& step) const;

  /// Forgets the last up to 512; returns how many. One of which this was asked can do nothing else.
  std::size_t forget_some();

 private:
  using Chunk = std::vector<Item>;
  struct Place {
    std::size_t chunk;
    std::size_t index;  ///< within the chunk
  };
  static constexpr std::size_t kChunkMax = 512;

  [[nodiscard]] Place place_of(const Item& item) const;
  [[nodiscard]] Place place_of_rank(std::size_t rank) const;
  [[nodiscard]] std::size_t count_before(std::size_t chunk) const;
  void count(std::size_t chunk, std::ptrdiff_t difference);
  void count_anew();
  void make_room(std::size_t chunk, bool at_end);
  void shrink(std::size_t chunk);
  void merge_with_next(std::size_t chunk);
  /// Runs a change of a chunk, and counts what it takes afterwards.
  template <class Change>
  void change(std::size_t chunk, Change&& change_chunk);

  std::vector<Chunk> chunks_;
  std::vector<std::size_t> sums_;  ///< the Fenwick tree: a node for each chunk, from 1 on
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  ///< of all chunks, in items
};

}  // namespace borg::storage
