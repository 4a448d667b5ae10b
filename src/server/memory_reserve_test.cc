// SPDX-License-Identifier: Apache-2.0
#include "base/memory_reserve.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <memory>

namespace borg {
namespace {

std::size_t address_space() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages;
  return pages * 4096;
}

/// So much more than now.
void limit_address_space(std::size_t bytes) {
  const rlimit limit{.rlim_cur = address_space() + bytes, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

constexpr std::size_t kMegabyte = 1024 * 1024;

/// In a process of its own, which says in its exit code when it was short of memory.
void fill_up() {
  limit_address_space(kMemoryReserveBytes + 40 * kMegabyte);
  take_memory_reserve();
  int code = is_memory_refused() ? 1 : 0;
  void* const first = allocate(25 * kMegabyte);
  void* const second = allocate(25 * kMegabyte);  // out of the reserve
  code += is_memory_refused() ? 2 : 0;
  renew_memory_reserve();
  code += is_memory_refused() ? 4 : 0;
  std::free(first);
  std::free(second);
  renew_memory_reserve();
  code += is_memory_refused() ? 8 : 0;
  std::_Exit(code);
}

void ask_whether_there_is_more() {
  limit_address_space(kMemoryReserveBytes + 40 * kMegabyte);
  take_memory_reserve();
  std::_Exit((can_allocate(10 * kMegabyte) ? 1 : 0) + (can_allocate(100 * kMegabyte) ? 2 : 0));
}

void ask_for_more_than_there_is() {
  limit_address_space(kMemoryReserveBytes + 40 * kMegabyte);
  take_memory_reserve();
  std::free(allocate(200 * kMegabyte));
}

void ask_operator_new_for_more_than_there_is() {
  limit_address_space(kMemoryReserveBytes + 40 * kMegabyte);
  take_memory_reserve();
  const auto block = std::make_unique<char[]>(200 * kMegabyte);
  block[0] = 'x';
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsAddresses = false;  // the sanitizers need terabytes of them
#else
constexpr bool kLimitsAddresses = true;
#endif

TEST(MemoryReserveDeathTest, ServesTheFirstRefusalAndIsTakenAgain) {
  if (!kLimitsAddresses) GTEST_SKIP();
  EXPECT_EXIT(fill_up(), ::testing::ExitedWithCode(2 + 4), "");
}

TEST(MemoryReserveDeathTest, TellsWhetherThereIsMore) {
  if (!kLimitsAddresses) GTEST_SKIP();
  EXPECT_EXIT(ask_whether_there_is_more(), ::testing::ExitedWithCode(1), "");
}

TEST(MemoryReserveDeathTest, WithoutOneAProcessEndsAndNamesMemory) {
  if (!kLimitsAddresses) GTEST_SKIP();
  EXPECT_EXIT(ask_for_more_than_there_is(), ::testing::ExitedWithCode(kOutOfMemoryExit),
              "out of memory: the system refused this process 209715200 bytes");
  EXPECT_EXIT(ask_operator_new_for_more_than_there_is(),
              ::testing::ExitedWithCode(kOutOfMemoryExit), "out of memory: ");
}

}  // namespace
}  // namespace borg
