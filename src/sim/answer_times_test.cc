// SPDX-License-Identifier: Apache-2.0
#include "sim/answer_times.h"

#include <gtest/gtest.h>

#include "sim/trace.h"

namespace borg::sim {
namespace {

SimOptions gentle() {
  SimOptions o;
  o.one_at_a_time = true;
  return o;
}

TEST(AnswerTimes, AnAnswerWithinTheBoundIsGood) {
  const AnswerTimes times(gentle());
  ASSERT_TRUE(times.are_judged());
  EXPECT_NO_THROW(times.check(times.bound()));
  EXPECT_THROW(times.check(times.bound() + Duration::millis(1)), Violation);
}

TEST(AnswerTimes, WhereNodesDieTogetherNothingIsJudged) {
  SimOptions o = gentle();
  o.one_at_a_time = false;
  EXPECT_FALSE(AnswerTimes(o).are_judged());
}

TEST(AnswerTimes, WhereCommandsTakeLongNothingIsJudged) {
  SimOptions o = gentle();
  o.long_commands = 1;
  EXPECT_FALSE(AnswerTimes(o).are_judged());
}

TEST(AnswerTimes, NorWhereLargeContainersComeInManyPieces) {
  SimOptions o = gentle();
  o.ballast_keys = 300;
  o.container_permille = 0;
  EXPECT_TRUE(AnswerTimes(o).are_judged());
  o.container_permille = 100;
  EXPECT_FALSE(AnswerTimes(o).are_judged());
}

TEST(AnswerTimes, NorWhereTheDeadlineComesFirst) {
  SimOptions o = gentle();
  o.node.request_deadline = Duration::millis(500);
  EXPECT_FALSE(AnswerTimes(o).are_judged());
  EXPECT_NO_THROW(AnswerTimes(o).check(Duration::seconds(60)));
}

}  // namespace
}  // namespace borg::sim
