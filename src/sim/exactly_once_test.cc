// SPDX-License-Identifier: Apache-2.0
#include "sim/exactly_once.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/trace.h"

namespace borg::sim {
namespace {

std::int64_t moment = 0;

Operation done(std::string name, std::vector<std::string> args, Reply reply) {
  moment += 10;
  return {1,      "k",        std::move(name), std::move(args),
          moment, moment + 5, Outcome::kOk,    std::move(reply)};
}

Operation unknown(std::string name, std::vector<std::string> args = {}) {
  moment += 10;
  return {1, "k", std::move(name), std::move(args), moment, moment, Outcome::kUnknown, {}};
}

TEST(ExactlyOnce, APieceIsThereOnce) {
  const Operation append = done("append", {".12"}, Reply::number(3));
  EXPECT_NO_THROW(check_exactly_once({append, done("get", {}, Reply::value(".12.1.2"))}));
  EXPECT_THROW(check_exactly_once({append, done("get", {}, Reply::value(".12.1.12"))}), Violation);
  EXPECT_THROW(check_exactly_once({append, done("getdel", {}, Reply::value(".1.1"))}), Violation);
}

TEST(ExactlyOnce, ACounterEndsWhereItWasBrought) {
  const std::vector<Operation> counted = {done("incr", {}, Reply::number(1)),
                                          done("incrby", {"5"}, Reply::number(6)),
                                          unknown("incrby", {"-2"}), unknown("incr")};
  for (int end = 0; end < 10; ++end) {
    std::vector<Operation> all = counted;
    all.push_back(done("get", {}, Reply::number(end)));
    if (end >= 4 && end <= 7) {
      EXPECT_NO_THROW(check_exactly_once(all)) << end;
    } else {
      EXPECT_THROW(check_exactly_once(all), Violation) << end;
    }
  }
}

TEST(ExactlyOnce, AnEarlierReadSaysNothing) {
  const Operation get = done("get", {}, Reply::nil());
  EXPECT_NO_THROW(check_exactly_once(
      {done("incr", {}, Reply::number(1)), get, done("incr", {}, Reply::number(2))}));
}

TEST(ExactlyOnce, WhatFailedDoesNotCount) {
  Operation failed = unknown("incr");
  failed.outcome = Outcome::kFailed;
  EXPECT_THROW(check_exactly_once({failed, done("get", {}, Reply::number(1))}), Violation);
  EXPECT_NO_THROW(check_exactly_once({failed, done("get", {}, Reply::nil())}));
}

}  // namespace
}  // namespace borg::sim
