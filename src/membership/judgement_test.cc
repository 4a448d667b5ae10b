// SPDX-License-Identifier: Apache-2.0
#include "membership/judgement.h"

#include <gtest/gtest.h>

#include <vector>

namespace borg::membership {
namespace {

constexpr NodeId kSelf(1);
constexpr NodeId kSuspect(2);
constexpr NodeId kC(3);
constexpr NodeId kD(4);

Instant at(std::int64_t ms) { return Instant() + Duration::millis(10'000 + ms); }

/// What one node knows of others; time passes by heartbeats of 100 ms.
class JudgementTest : public testing::Test {
 protected:
  struct Peer {
    NodeId node;
    bool hears_us = true;
    bool is_heard = true;
    std::vector<NodeId> silent{};
    std::vector<NodeId> unheard{};
  };
  JudgementTest() { liveness_.set_members({kSuspect, kC, kD}, at(0)); }

  void pass(std::int64_t ms, const std::vector<Peer>& peers) {
    for (const std::int64_t end = ms_ + ms; ms_ < end; ms_ += 100) {
      for (const Peer& peer : peers) {
        if (!peer.is_heard) continue;
        liveness_.on_heartbeat(
            peer.node,
            {.sent_at = 1, .revision = {}, .silent = peer.silent, .unheard = peer.unheard},
            Revision(), at(ms_));
        if (!peer.hears_us) continue;
        liveness_.on_heartbeat_ack(peer.node, {.sent_at = at(ms_).as_nanos(), .revision = {}},
                                   Revision(), at(ms_));
      }
    }
  }
  [[nodiscard]] bool may(std::vector<NodeId> others) const {
    return may_judge(liveness_, kSelf, kSuspect, others, at(ms_ - 100));
  }
  Liveness liveness_{LivenessOptions{}};
  std::int64_t ms_ = 100;
};

TEST_F(JudgementTest, WithTheOthersInReachADeadNodeIsJudged) {
  pass(1000, {{.node = kC, .silent = {kSuspect}, .unheard = {kSuspect}}, {.node = kD}});
  EXPECT_TRUE(liveness_.is_silent(kSuspect, at(ms_ - 100)));
  EXPECT_TRUE(may({kC, kD}));
}

TEST_F(JudgementTest, WhoReachesLessThanHalfOfTheOthersJudgesNobody) {
  pass(1000, {});
  EXPECT_FALSE(may({kC, kD}));
  EXPECT_FALSE(may({kC}));
}

TEST_F(JudgementTest, HalfOfTheOthersIsEnough) {
  pass(1000, {{.node = kC, .silent = {kSuspect}}});
  EXPECT_TRUE(may({kC, kD}));
}

TEST_F(JudgementTest, WhoHearsAllAndIsHeardByNobodyJudgesNobody) {
  const std::vector<NodeId> self{kSelf};
  pass(1000, {{.node = kSuspect, .hears_us = false, .silent = self, .unheard = self},
              {.node = kC, .hears_us = false, .silent = self, .unheard = self}});
  EXPECT_TRUE(liveness_.is_silent(kSuspect, at(ms_ - 100)));
  EXPECT_FALSE(may({kC}));
}

TEST_F(JudgementTest, WhoHearsTheOthersBadlyJudgesNobody) {
  pass(1300, {{.node = kC}, {.node = kD}});
  EXPECT_TRUE(may({kC, kD}));
  ms_ += 500;  // nothing comes in, from anybody
  pass(300, {{.node = kC}, {.node = kD}});
  EXPECT_TRUE(liveness_.is_reached(kC, at(ms_ - 100)));
  EXPECT_FALSE(may({kC, kD})) << "who was silent for a moment might be as well as the suspect";
  pass(1500, {{.node = kC}, {.node = kD}});
  EXPECT_TRUE(may({kC, kD}));
}

TEST_F(JudgementTest, AReachThatWasLostAMomentAgoDoesNotCount) {
  pass(1000, {{.node = kSuspect}, {.node = kC, .silent = {kSuspect}}});
  EXPECT_TRUE(may({kC}));
  ms_ += 400;  // all fall silent at once, and the suspect is noticed first
  EXPECT_FALSE(may({kC}));
}

TEST_F(JudgementTest, OfAPairTheOneThatTheOthersHearBetterGoesOn) {
  pass(1000, {{.node = kC, .unheard = {kSelf}}, {.node = kD}});
  EXPECT_FALSE(may({kC, kD})) << "kC hears the suspect, but not this node";
  pass(1000, {{.node = kC, .unheard = {kSuspect}}, {.node = kD}});
  EXPECT_TRUE(may({kC, kD}));
}

TEST_F(JudgementTest, ACutLinkBetweenTwoThatAllOthersHearMayBeJudgedByBothInTime) {
  pass(1100, {{.node = kC}, {.node = kD}});
  EXPECT_TRUE(liveness_.is_silent(kSuspect, at(ms_ - 100)));
  EXPECT_FALSE(may({kC, kD})) << "nobody else has any trouble with it";
  pass(200, {{.node = kC}, {.node = kD}});
  EXPECT_TRUE(may({kC, kD}));
}

TEST_F(JudgementTest, OfTwoTheOneThatIsNotHeardStandsBack) {
  pass(1000, {{.node = kSuspect, .hears_us = false, .silent = {kSelf}, .unheard = {kSelf}}});
  EXPECT_FALSE(may({}));
  // And the other one, which hears nothing, goes on.
  Liveness other{LivenessOptions{}};
  other.set_members({kSelf}, at(0));
  EXPECT_TRUE(may_judge(other, kSuspect, kSelf, {}, at(1000)));
}

TEST_F(JudgementTest, WhereBothHearEachOtherTooLateEitherMayAct) {
  pass(1000, {{.node = kSuspect, .hears_us = false, .silent = {kSelf}}});
  EXPECT_TRUE(may({}));
}

TEST_F(JudgementTest, ToBeWellConnectedIsToReachHalfOfTheOthersAndBeHeardByThem) {
  const std::vector<NodeId> others{kSuspect, kC, kD};
  pass(1000, {{.node = kSuspect}, {.node = kC}});
  EXPECT_TRUE(is_well_connected(liveness_, kSelf, others, at(ms_ - 100)));
  pass(200, {{.node = kSuspect}, {.node = kC, .unheard = {kSelf}}});
  EXPECT_FALSE(is_well_connected(liveness_, kSelf, others, at(ms_ - 100)));
  EXPECT_TRUE(is_well_connected(liveness_, kSelf, {}, at(ms_ - 100)));
}

}  // namespace
}  // namespace borg::membership
