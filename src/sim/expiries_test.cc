// SPDX-License-Identifier: Apache-2.0
#include "sim/expiries.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/linearizability.h"
#include "sim/local_clock.h"

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

bool is_right(const std::vector<Operation>& operations, const LifeBounds& bounds = {}) {
  return check_key(with_expiries(operations, bounds), StringModel()).verdict ==
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

TEST(Expiries, ClocksMayBeALittleOff) {
  const LifeBounds off{.drift_ppm = 10'000, .rounding_ns = 2 * kMs};
  EXPECT_TRUE(is_right({set_for_100(), get(20, 107, Reply::nil())}, off));
  EXPECT_FALSE(is_right({set_for_100(), get(20, 106, Reply::nil())}, off));
  EXPECT_TRUE(is_right({set_for_100(), get(115, 120, Reply::value("a"))}, off));
  EXPECT_FALSE(is_right({set_for_100(), get(116, 120, Reply::value("a"))}, off));
}

TEST(Expiries, TheClockOfANewPrimaryMayLag) {
  const LifeBounds lagging{.late_ns = 50 * kMs};
  EXPECT_FALSE(is_right({set_for_100(), get(20, 109, Reply::nil())}, lagging));
  EXPECT_TRUE(is_right({set_for_100(), get(162, 170, Reply::value("a"))}, lagging));
  EXPECT_FALSE(is_right({set_for_100(), get(163, 170, Reply::value("a"))}, lagging));
}

TEST(Expiries, TimesOfTheWallAreThoseOfTheWorld) {
  const auto wall = [](std::int64_t ms) { return std::to_string(LocalClock::kEpochMs + ms); };
  const Operation set = at(10, 12, "set", {"a", "pxat", wall(100)}, Reply::ok());
  EXPECT_TRUE(is_right({set, get(20, 99, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set, get(20, 99, Reply::nil())}));
  EXPECT_FALSE(is_right({set, get(101, 110, Reply::value("a"))}));
  EXPECT_TRUE(is_right({set, get(101, 110, Reply::value("a"))}, {.wall_ns = kMs}));
  const auto shows = [&](const std::string& ms) {
    return at(50, 51, "pexpiretime", {}, Reply::value(ms));
  };
  EXPECT_TRUE(is_right({set, shows(wall(100))}));
  EXPECT_FALSE(is_right({set, shows(wall(98))}));
  const Operation later = at(20, 21, "pexpireat", {wall(500)}, Reply::number(1));
  EXPECT_TRUE(is_right({set, later, get(300, 301, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set, later, get(501, 502, Reply::value("a"))}));
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
