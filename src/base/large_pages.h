// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace borg {

/// The C library maps blocks of this size each for itself, and unmaps them.
inline constexpr std::size_t kOwnMappingBytesMin = 32 * 1024 * 1024;

/// Asks for large pages for what malloc() or realloc() has just given. Of half a gigabyte the
/// system gives, and clears, 131,072 small pages one by one, when each is touched first: that takes
/// several times as long as to copy it. Not every system has large pages; then all are small.
inline void prefer_large_pages(void* block, std::size_t bytes) {
  constexpr std::uintptr_t kPageBytes = 4096;
  if (bytes < kOwnMappingBytesMin) return;
  const auto begin = (reinterpret_cast<std::uintptr_t>(block) + kPageBytes - 1) & ~(kPageBytes - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(block) + bytes) & ~(kPageBytes - 1);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace borg
