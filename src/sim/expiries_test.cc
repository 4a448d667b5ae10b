// SPDX-License-Identifier: Apache-2.0
#include "sim/expiries.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/linearizability.h"

namespace borg::sim {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Between two moments, in milliseconds.
Operation at(std::int64_t from, std::int64_t to, std::string name, std::vector<std::string> args,
             Reply reply) {
  return {static_cast<std::uint64_t>(from),
          "k",
          std::move(name),
          std::move(args),
          from * kMs,
          to * kMs,
          Outcome::kOk,
          std::move(reply)};
}

Operation unknown(std::int64_t from, std::string name, std::vector<std::string> args) {
  return {static_cast<std::uint64_t>(from),
          "k",
          std::move(name),
          std::move(args),
          from * kMs,
          from * kMs,
          Outcome::kUnknown,
          {}};
}

bool is_right(const std::vector<Operation>& operations, std::int64_t slack_ms = 0) {
  return check_key(with_expiries(operations, slack_ms * kMs), StringModel()).verdict ==
         Verdict::kLinearizable;
}

Operation get(std::int64_t from, std::int64_t to, Reply reply) {
  return at(from, to, "get", {}, std::move(reply));
}
Operation set_for_100() { return at(10, 12, "set", {"a", "px", "100"}, Reply::ok()); }

TEST(Expiries, AKeyIsThereUntilItsTimeAndNotAfter) {
  EXPECT_TRUE(is_right({set_for_100(), get(20, 109, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set_for_100(), get(20, 109, Reply::nil())}));
  EXPECT_TRUE(is_right({set_for_100(), get(113, 120, Reply::nil())}));
  EXPECT_FALSE(is_right({set_for_100(), get(113, 120, Reply::value("a"))}));
}

TEST(Expiries, InBetweenItMayBeEither) {
  EXPECT_TRUE(is_right({set_for_100(), get(100, 111, Reply::nil())}));
  EXPECT_TRUE(is_right({set_for_100(), get(111, 130, Reply::value("a"))}));
}

TEST(Expiries, WhatIsGoneStaysGone) {
  EXPECT_FALSE(
      is_right({set_for_100(), get(100, 110, Reply::nil()), get(111, 112, Reply::value("a"))}));
}

TEST(Expiries, UnequalClocksAllowMore) {
  EXPECT_TRUE(is_right({set_for_100(), get(20, 60, Reply::nil())}, 50));
  EXPECT_FALSE(is_right({set_for_100(), get(20, 59, Reply::nil())}, 50));
  EXPECT_TRUE(is_right({set_for_100(), get(162, 170, Reply::value("a"))}, 50));
  EXPECT_FALSE(is_right({set_for_100(), get(163, 170, Reply::value("a"))}, 50));
}

TEST(Expiries, LaterCommandsChangeTheTime) {
  EXPECT_TRUE(is_right({set_for_100(), at(20, 21, "persist", {}, Reply::number(1)),
                        get(300, 301, Reply::value("a"))}));
  EXPECT_FALSE(is_right(
      {set_for_100(), at(20, 21, "persist", {}, Reply::number(1)), get(300, 301, Reply::nil())}));
  EXPECT_TRUE(is_right({set_for_100(), at(20, 21, "pexpire", {"500"}, Reply::number(1)),
                        get(300, 301, Reply::value("a")), get(522, 523, Reply::nil())}));
  EXPECT_FALSE(is_right(
      {set_for_100(), at(20, 21, "set", {"b"}, Reply::ok()), get(300, 301, Reply::nil())}));
  EXPECT_TRUE(is_right(
      {set_for_100(), at(20, 21, "append", {"b"}, Reply::number(2)), get(300, 301, Reply::nil())}));
  EXPECT_TRUE(is_right({set_for_100(), at(20, 21, "getex", {"px", "10"}, Reply::value("a")),
                        get(40, 41, Reply::nil())}));
}

TEST(Expiries, ShownTimesAreNearTheTruth) {
  EXPECT_TRUE(is_right({set_for_100(), at(50, 51, "pttl", {}, Reply::number(61))}));
  EXPECT_FALSE(is_right({set_for_100(), at(50, 51, "pttl", {}, Reply::number(50))}));
  EXPECT_FALSE(is_right({set_for_100(), at(50, 51, "pttl", {}, Reply::number(-1))}));
  EXPECT_TRUE(is_right({at(50, 51, "pttl", {}, Reply::number(-2))}));
}

TEST(Expiries, OfUnknownOutcomeItMayBeSetAtAnyTime) {
  const Operation set = unknown(10, "set", {"a", "px", "100"});
  EXPECT_TRUE(is_right({set, get(500, 501, Reply::nil()), get(600, 601, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set, get(20, 21, Reply::value("a")), get(30, 31, Reply::nil())}));
  EXPECT_TRUE(is_right({set, get(20, 21, Reply::value("a")), get(130, 131, Reply::nil())}));
}

}  // namespace
}  // namespace borg::sim
