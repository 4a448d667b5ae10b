// SPDX-License-Identifier: Apache-2.0
#include "replication/operation_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

namespace borg::replication {
namespace {

using Frames = std::map<std::uint64_t, std::string>;

std::string append(OperationLog& log, std::uint64_t seq, std::string_view frame) {
  log.open(Seq(seq)).append(frame);
  return std::string(log.close());
}

Frames frames_after(const OperationLog& log, std::uint64_t seq) {
  Frames frames;
  log.for_each_after(Seq(seq), [&](Seq at, std::string_view frame) {
    EXPECT_TRUE(frames.empty() || frames.rbegin()->first + 1 == at.value());
    frames[at.value()] = frame;
  });
  return frames;
}

TEST(OperationLog, GivesBackWhatWasAppended) {
  OperationLog log;
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(append(log, 7, "seven"), "seven");
  EXPECT_EQ(append(log, 8, "eight"), "eight");
  EXPECT_EQ(frames_after(log, 0), (Frames{{7, "seven"}, {8, "eight"}}));
  EXPECT_EQ(frames_after(log, 7), (Frames{{8, "eight"}}));
  EXPECT_TRUE(frames_after(log, 8).empty());
}

TEST(OperationLog, ForgetsFromTheFront) {
  OperationLog log;
  for (std::uint64_t seq = 1; seq <= 4; ++seq) append(log, seq, std::to_string(seq));
  log.drop_through(Seq(2));
  EXPECT_EQ(log.first(), Seq(3));
  EXPECT_EQ(frames_after(log, 0), (Frames{{3, "3"}, {4, "4"}}));
  log.drop_through(Seq(1));
  EXPECT_EQ(log.first(), Seq(3));
}

TEST(OperationLog, BeginsAnywhereWhenItIsEmpty) {
  OperationLog log;
  append(log, 1, "a");
  log.drop_through(Seq(100));
  EXPECT_TRUE(log.empty());
  append(log, 50, "b");
  log.clear();
  append(log, 3, "c");
  EXPECT_EQ(frames_after(log, 0), (Frames{{3, "c"}}));
}

TEST(OperationLog, AnEmptyFrameIsAnOperationToo) {
  OperationLog log;
  append(log, 1, "");
  append(log, 2, "x");
  EXPECT_EQ(frames_after(log, 0), (Frames{{1, ""}, {2, "x"}}));
}

TEST(OperationLog, GivesItsMemoryBackWhenItWasLarge) {
  OperationLog log;
  append(log, 1, std::string(1 << 20, 'x'));
  log.drop_through(Seq(1));
  EXPECT_EQ(log.open(Seq(2)).capacity(), 0u);
}

TEST(OperationLogDeathTest, AGapIsOurOwnBug) {
  OperationLog log;
  append(log, 1, "a");
  EXPECT_DEATH(log.open(Seq(3)), "");
}

RC_GTEST_PROP(OperationLog, IsWhatAMapWouldBe, ()) {
  OperationLog log;
  Frames model;
  std::uint64_t next = *rc::gen::inRange<std::uint64_t>(1, 100);
  for (int i = 0; i < 100; ++i) {
    if (*rc::gen::inRange(0, 3) > 0) {
      model[next] = std::string(*rc::gen::inRange<std::size_t>(0, 300), 'a');
      append(log, next, model[next]);
      ++next;
    } else if (!model.empty()) {
      const auto through = *rc::gen::inRange(model.begin()->first, next);
      log.drop_through(Seq(through));
      model.erase(model.begin(), model.upper_bound(through));
    }
    RC_ASSERT(frames_after(log, 0) == model);
    RC_ASSERT(log.empty() == model.empty());
  }
}

}  // namespace
}  // namespace borg::replication
