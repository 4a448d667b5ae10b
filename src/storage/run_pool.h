// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace borg::storage {

/// A piece of memory that is cut into blocks of one size, and what its user keeps of it.
struct Run {
  Run* previous;
  Run* next;
  char* blocks;              ///< the first; aligned to a page
  std::uint16_t size_class;  ///< as the next four, its user's
  std::uint16_t capacity;    ///< in blocks, as the next two
  std::uint16_t carved;      ///< given out at least once
  std::uint16_t used;
  std::uint16_t free;
  bool is_warm;  ///< empty, and still has its pages
};

struct RunList {
  Run* first = nullptr;
  void push(Run& run);
  void remove(Run& run);
};

/// Runs of 64 KiB out of chunks of 4 MiB from the system, which gets back what is empty.
///
/// Layout:    a chunk is aligned to its size, so that any block's address leads to its run; the
///            Run structs stand in its first page, and its first run is a page shorter.
/// Memory:    the system gives a page when it is touched, a large one (of 2 MiB) where it has them:
///            keys lie anywhere, and most lookups would miss in the table of small pages. Empty
///            runs give their pages back, but for a few, and empty chunks their addresses. From
///            then on their chunk has small pages only, or what it gave back would be filled up
///            with large ones again.
/// Runs:      not thread-safe.
/// Errors:    none: refused memory, it uses the reserve; without one the process ends.
class RunPool {
 public:
  static constexpr std::size_t kRunBytes = 64 * 1024;

  RunPool() = default;
  /// REQUIRES: every run was given back.
  ~RunPool();
  RunPool(const RunPool&) = delete;
  RunPool& operator=(const RunPool&) = delete;

  [[nodiscard]] Run& take();
  void give_back(Run& run);
  [[nodiscard]] static Run& run_of(const void* block);
  [[nodiscard]] static std::size_t bytes_of(const Run& run);
  /// Address space that is taken from the system.
  [[nodiscard]] std::size_t mapped_bytes() const { return chunks_ * kChunkBytes; }

 private:
  struct Chunk;
  static constexpr std::size_t kChunkBytes = 4 * 1024 * 1024;

  void add_chunk();
  void drop_chunk(Chunk& chunk);

  RunList warm_;   ///< empty runs that still have their pages
  RunList clean_;  ///< and those without
  std::size_t warm_runs_ = 0;
  std::size_t empty_runs_ = 0;  ///< both
  std::size_t chunks_ = 0;
};

}  // namespace borg::storage
