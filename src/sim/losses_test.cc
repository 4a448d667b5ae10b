// SPDX-License-Identifier: Apache-2.0
#include "sim/losses.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/slot.h"
#include "sim/linearizability.h"

namespace borg::sim {
namespace {

/// A partition that was lost at 100, under term 5; what the heir had is the test's to say.
class LossesTest : public testing::Test {
 protected:
  LossesTest() {
    sim_.queue.after(Duration::nanos(100), [] {});
    sim_.queue.run_one(Duration::seconds(1));
  }
  void lose(const Content& held) { losses_.add(partition_, Epoch(5), held, 0); }
  [[nodiscard]] bool is_right(std::vector<Operation> operations) const {
    losses_.add_to(operations, "k", {});
    return check_key(operations, StringModel()).verdict == Verdict::kLinearizable;
  }
  static Operation done(std::int64_t from, std::int64_t to, std::string name,
                        std::vector<std::string> args, Reply reply) {
    return {static_cast<std::uint64_t>(from),
            "k",
            std::move(name),
            std::move(args),
            from,
            to,
            Outcome::kOk,
            std::move(reply)};
  }
  static Operation set() { return done(10, 20, "set", {"a"}, Reply::ok()); }
  static Operation get(std::int64_t from, Reply reply) {
    return done(from, from + 5, "get", {}, std::move(reply));
  }

  const std::uint16_t partition_ = partition_of(slot_of_key("k")).value();
  const Content has_a_{{"k", {"a", storage::kNoExpiry}}};
  Sim sim_{1, false};
  Losses losses_{sim_};
};

TEST_F(LossesTest, WithoutALossNothingMayGo) {
  EXPECT_FALSE(is_right({set(), get(150, Reply::nil())}));
  EXPECT_TRUE(is_right({set(), get(150, Reply::value("a"))}));
}

TEST_F(LossesTest, WhatTheHeirLackedIsGone) {
  lose({});
  EXPECT_TRUE(is_right({set(), get(150, Reply::nil())}));
  EXPECT_FALSE(is_right({set(), get(150, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set(), get(50, Reply::nil())})) << "not before the loss";
}

TEST_F(LossesTest, WhatTheHeirHadAllTheTimeIsKept) {
  lose(has_a_);
  losses_.add_content(partition_, Epoch(5), has_a_, 0);
  EXPECT_TRUE(is_right({set(), get(150, Reply::value("a"))}));
  EXPECT_FALSE(is_right({set(), get(150, Reply::nil())}));
}

TEST_F(LossesTest, WhatTheHeirDroppedMayBeGone) {
  lose(has_a_);
  losses_.add_content(partition_, Epoch(5), {}, 0);
  EXPECT_TRUE(is_right({set(), get(150, Reply::value("a"))}));
  EXPECT_TRUE(is_right({set(), get(150, Reply::nil())}));
  EXPECT_FALSE(is_right({set(), get(150, Reply::nil()), get(170, Reply::value("a"))}));
}

TEST_F(LossesTest, WhatWasUnderWayMayHappenInBothLives) {
  lose({});
  const Operation append = done(30, 160, "append", {"x"}, Reply::number(1));
  EXPECT_TRUE(is_right({append, get(50, Reply::value("x")), get(170, Reply::value("x"))}));
  const Operation early = done(30, 40, "append", {"x"}, Reply::number(1));
  EXPECT_FALSE(is_right({early, get(170, Reply::value("x"))}));
}

}  // namespace
}  // namespace borg::sim
