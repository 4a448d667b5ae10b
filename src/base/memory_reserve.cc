// SPDX-License-Identifier: Apache-2.0
#include "base/memory_reserve.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <new>

namespace borg {
namespace {

std::atomic<void*> reserve = nullptr;
std::atomic<bool> is_refused = false;

/// Only addresses: no page of it is ever touched.
void* map(std::size_t bytes) {
  void* const block =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

/// Without allocating anything.
[[noreturn]] void end_process(std::size_t bytes) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "borgd: out of memory: the system refused this process %zu bytes, and its reserve "
                "is used up. It ends here; what other nodes have copies of goes on there.\n",
                bytes);
  std::fputs(text.data(), stderr);
  std::_Exit(kOutOfMemoryExit);
}

void on_new_refused() { use_memory_reserve(0); }

}  // namespace

void take_memory_reserve() {
  std::set_new_handler(on_new_refused);
  renew_memory_reserve();
}

bool is_memory_refused() { return is_refused.load(std::memory_order_relaxed); }

void renew_memory_reserve() {
  if (reserve.load() != nullptr) return;
  void* const block = map(kMemoryReserveBytes);
  if (block == nullptr) return;
  void* none = nullptr;
  if (reserve.compare_exchange_strong(none, block)) {
    is_refused.store(false, std::memory_order_relaxed);
  } else {
    munmap(block, kMemoryReserveBytes);  // another thread was faster
  }
}

bool can_allocate(std::size_t bytes) {
  void* const block = map(bytes);
  if (block == nullptr) return false;
  munmap(block, bytes);
  return true;
}

void use_memory_reserve(std::size_t bytes) {
  void* const block = reserve.exchange(nullptr);
  if (block == nullptr) end_process(bytes);
  is_refused.store(true, std::memory_order_relaxed);
  munmap(block, kMemoryReserveBytes);
}

}  // namespace borg
