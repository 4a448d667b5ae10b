// SPDX-License-Identifier: Apache-2.0
#include "coordinators/clock.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

namespace borg::coordinators {
namespace {

constexpr int kAhead = 0;
constexpr int kNotAhead = 1;
constexpr int kMayNot = 2;

/// In a child: instant_now() of a machine that was suspended for a thousand seconds.
int look_after_a_suspension() {
  if (unshare(CLONE_NEWTIME) != 0) return kMayNot;
  std::FILE* offsets = std::fopen("/proc/self/timens_offsets", "w");
  if (offsets == nullptr) return kMayNot;
  std::fputs("boottime 1000 0\n", offsets);
  if (std::fclose(offsets) != 0) return kMayNot;
  const pid_t child = fork();  // it is the first to live in that time
  if (child == 0) {
    const auto awake = std::chrono::steady_clock::now().time_since_epoch();
    const auto since = instant_now() - Instant::at_nanos(std::chrono::nanoseconds(awake).count());
    _exit(since >= Duration::seconds(999) ? kAhead : kNotAhead);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return kMayNot;
  return WEXITSTATUS(status);
}

TEST(Clock, GoesOnWhileTheMachineIsSuspended) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(look_after_a_suspension());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kMayNot) GTEST_SKIP() << "this user may not make a time of its own";
  EXPECT_EQ(WEXITSTATUS(status), kAhead);
}

}  // namespace
}  // namespace borg::coordinators
