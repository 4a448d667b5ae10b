// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdlib>

namespace borg {

// What happens when the system refuses this process more memory, because of a limit of its address
// space or of what the machine has promised to others. (A container's limit is another matter: the
// system ends the process when it touches too much.)
//
// A program that is in the middle of a change cannot stop there. So it keeps a reserve of addresses
// that it does not use: the first refusal gives it up, and what was under way goes on with it. From
// then on the node says that it is full, until the reserve can be taken again. A refusal without a
// reserve ends the process, and says why.

/// What a process that was refused memory ends with.
inline constexpr int kOutOfMemoryExit = 12;
inline constexpr std::size_t kMemoryReserveBytes = std::size_t{32} * 1024 * 1024;

/// At the start of a program; from then on operator new uses the reserve, too.
void take_memory_reserve();
/// Runs: on any thread, as the next two. True after a refusal.
[[nodiscard]] bool is_memory_refused();
/// Takes the reserve again if the system gives it.
void renew_memory_reserve();
/// Whether the system would give so many bytes now.
[[nodiscard]] bool can_allocate(std::size_t bytes);

/// After a refusal of so many bytes: gives the reserve up, or ends the process if there is none.
void use_memory_reserve(std::size_t bytes);

#ifdef BORG_SIMULATION
// Malloc may give 16 bytes more than it is asked for, if what it cuts a block from would else be
// too small to keep: so by what it gave before. A run has to be the same each time.
constexpr std::size_t malloc_request(std::size_t bytes) { return (bytes + 8 + 31) / 32 * 32 - 8; }
inline std::size_t malloc_bytes(void* block) {
  return (malloc_usable_size(block) + 8) / 32 * 32 - 8;
}
#else
constexpr std::size_t malloc_request(std::size_t bytes) { return bytes; }
/// How many bytes a block of allocate() or reallocate() has, perhaps more than were asked for.
inline std::size_t malloc_bytes(void* block) { return malloc_usable_size(block); }
#endif

/// As malloc() and realloc(), but for what they do when they are refused memory.
[[nodiscard]] inline void* allocate(std::size_t bytes) {
  while (true) {
    if (void* const block = std::malloc(malloc_request(bytes))) [[likely]]
      return block;
    use_memory_reserve(bytes);
  }
}
[[nodiscard]] inline void* reallocate(void* old, std::size_t bytes) {
  while (true) {
    if (void* const block = std::realloc(old, malloc_request(bytes))) [[likely]]
      return block;
    use_memory_reserve(bytes);
  }
}

}  // namespace borg
