// SPDX-License-Identifier: Apache-2.0
#include "membership/liveness.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace borg::membership {
namespace {

constexpr NodeId kA(1);
constexpr NodeId kB(2);
constexpr NodeId kC(3);

Instant at(std::int64_t ms) { return Instant() + Duration::millis(10'000 + ms); }

/// One node's view of three others, from at(0) on.
class LivenessTest : public testing::Test {
 protected:
  LivenessTest() { liveness_.set_members({kA, kB, kC}, at(0)); }
  void hear(NodeId from, std::int64_t ms, std::vector<NodeId> silent = {}) {
    liveness_.on_heartbeat(from, {.sent_at = 1, .revision = {}, .silent = std::move(silent)},
                           Revision(), at(ms));
  }
  void hear_answer(NodeId from, std::int64_t asked_ms, std::int64_t ms) {
    liveness_.on_heartbeat_ack(from, {.sent_at = at(asked_ms).as_nanos(), .revision = {}},
                               Revision(), at(ms));
  }
  LivenessOptions options_;
  Liveness liveness_{options_};
};

TEST_F(LivenessTest, HeartbeatsAreDueOnceAnInterval) {
  EXPECT_TRUE(liveness_.heartbeat_due(at(0)));
  EXPECT_FALSE(liveness_.heartbeat_due(at(99)));
  EXPECT_TRUE(liveness_.heartbeat_due(at(100)));
  EXPECT_TRUE(liveness_.heartbeat_due(at(1000)));
  EXPECT_FALSE(liveness_.heartbeat_due(at(1001))) << "missed ones are not made up for";
}

TEST_F(LivenessTest, AHeartbeatMayGoWithAnotherMessageALittleEarly) {
  EXPECT_TRUE(liveness_.heartbeat_due(at(0)));
  EXPECT_FALSE(liveness_.heartbeat_due(at(59), Duration::millis(40)));
  EXPECT_TRUE(liveness_.heartbeat_due(at(60), Duration::millis(40)));
  EXPECT_EQ(liveness_.next_heartbeat(), at(160)) << "the next one counts from this one";
}

TEST_F(LivenessTest, ANewMemberCountsAsJustHeard) {
  EXPECT_FALSE(liveness_.is_silent(kA, at(600)));
  EXPECT_TRUE(liveness_.is_silent(kA, at(601)));
}

TEST_F(LivenessTest, WhoIsNoMemberIsNotSilent) {
  EXPECT_FALSE(liveness_.is_silent(NodeId(99), at(99'999)));
}

TEST_F(LivenessTest, AnAnswerBreaksTheSilenceFromWhenItWasAskedFor) {
  hear_answer(kA, 400, 500);
  EXPECT_FALSE(liveness_.is_silent(kA, at(1000)));
  EXPECT_TRUE(liveness_.is_silent(kA, at(1001)));
}

TEST_F(LivenessTest, WhatOnlyArrivesDoesNotBreakTheSilence) {
  hear(kA, 500);
  EXPECT_TRUE(liveness_.is_silent(kA, at(700))) << "it may not hear this node";
}

TEST_F(LivenessTest, AnAnswerThatTakesTooLongIsNone) {
  for (std::int64_t ms = 700; ms < 2000; ms += 100) {
    hear(kA, ms);
    hear_answer(kA, ms - 700, ms);
    EXPECT_TRUE(liveness_.is_silent(kA, at(ms))) << ms;
  }
}

TEST_F(LivenessTest, ReachedIsWhoHasAnsweredWithinHalfOfThat) {
  hear_answer(kA, 100, 110);
  EXPECT_TRUE(liveness_.is_reached(kA, at(400)));
  EXPECT_FALSE(liveness_.is_reached(kA, at(401)));
  EXPECT_FALSE(liveness_.is_reached(NodeId(99), at(0)));
}

TEST_F(LivenessTest, AGapOfSeveralHeartbeatsIsRememberedForAWhile) {
  hear(kA, 100);
  EXPECT_TRUE(liveness_.is_steady(kA, at(500)));
  EXPECT_FALSE(liveness_.is_steady(kA, at(501)));
  hear(kA, 501);
  EXPECT_FALSE(liveness_.is_steady(kA, at(501)));
  for (std::int64_t ms = 600; ms <= 1800; ms += 100) hear(kA, ms);
  EXPECT_TRUE(liveness_.is_steady(kA, at(1800)));
}

TEST_F(LivenessTest, ReportsOfTroubleCountWhileTheReporterIsHeard) {
  liveness_.on_heartbeat(kA, {.sent_at = 1, .revision = {}, .silent = {kB}, .unheard = {kC}},
                         Revision(), at(100));
  EXPECT_TRUE(liveness_.reports_trouble(kA, kB, at(500)));
  EXPECT_FALSE(liveness_.reports_unheard(kA, kB, at(500)));
  EXPECT_TRUE(liveness_.reports_unheard(kA, kC, at(500)));
  EXPECT_TRUE(liveness_.reports_trouble(kA, kC, at(500)));
  EXPECT_FALSE(liveness_.reports_trouble(kA, kC, at(501)));
}

TEST_F(LivenessTest, WhoIsHeardAndOutOfReachIsPromisedNothing) {
  hear(kA, 600);
  EXPECT_TRUE(liveness_.is_promised(kA, at(1600)));
  const auto ack = liveness_.on_heartbeat(kA, {}, Revision(), at(601));
  EXPECT_FALSE(ack.grants);
  EXPECT_FALSE(liveness_.is_promised(kA, at(1626))) << "the promise of before ends";
  hear_answer(kA, 1600, 1610);
  EXPECT_TRUE(liveness_.on_heartbeat(kA, {}, Revision(), at(1620)).grants);
}

TEST_F(LivenessTest, WhoAnswersThatItFindsThisNodeOutOfReachIsSilentToo) {
  LivenessOptions impatient = options_;
  impatient.silence = options_.silence / 2;
  Liveness other(impatient);
  other.set_members({kB}, at(0));
  // Each answer takes longer than the other, and not longer than this node, has patience for.
  const std::int64_t takes = impatient.silence.as_millis() + 50;
  for (std::int64_t ms = 100; ms <= 2000; ms += 100) {
    hear_answer(kB, ms, ms);
    other.on_heartbeat_ack(kB, {.sent_at = at(ms - takes).as_nanos(), .revision = {}}, Revision(),
                           at(ms));
    auto ack = other.on_heartbeat(kB, {}, Revision(), at(ms));
    EXPECT_EQ(ack.grants, ms <= takes);
    ack.sent_at = at(ms - takes).as_nanos();
    liveness_.on_heartbeat_ack(kA, ack, Revision(), at(ms));
  }
  EXPECT_TRUE(liveness_.is_silent(kA, at(2000)));
  EXPECT_FALSE(liveness_.is_reached(kA, at(2000)));
  EXPECT_TRUE(liveness_.is_steady(kA, at(2000)));
  // It gets its promise all the same: else each might wait for the other's.
  const auto answer = liveness_.on_heartbeat(kA, {}, Revision(), at(2000));
  EXPECT_TRUE(answer.grants);
  EXPECT_TRUE(answer.reaches);
  hear_answer(kA, 2000, 2050);
  EXPECT_FALSE(liveness_.is_silent(kA, at(2050)));
}

TEST_F(LivenessTest, AStalledLinkIsAsGoodAsSilence) {
  liveness_.set_stalled(kA, true, at(1));
  hear(kA, 1);
  EXPECT_TRUE(liveness_.is_silent(kA, at(1)));
  liveness_.set_stalled(kA, true, at(300));
  hear_answer(kA, 590, 600);
  EXPECT_FALSE(liveness_.is_long_silent(kA, at(601)));
  EXPECT_TRUE(liveness_.is_long_silent(kA, at(602))) << "as long again";
  liveness_.set_stalled(kA, false, at(603));
  EXPECT_FALSE(liveness_.is_silent(kA, at(603)));
  EXPECT_FALSE(liveness_.is_long_silent(kA, at(603)));
}

TEST_F(LivenessTest, WhoseAnswersWereLateIsNotReachedSteadily) {
  hear_answer(kA, 100, 110);
  EXPECT_TRUE(liveness_.is_steadily_reached(kA, at(110)));
  hear(kA, 400);
  hear_answer(kA, 480, 501);  // the proof of before was 401 ms old
  EXPECT_TRUE(liveness_.is_steady(kA, at(501)));
  EXPECT_TRUE(liveness_.is_reached(kA, at(501)));
  EXPECT_FALSE(liveness_.is_steadily_reached(kA, at(501)));
  for (std::int64_t ms = 600; ms <= 1800; ms += 100) hear_answer(kA, ms, ms);
  EXPECT_TRUE(liveness_.is_steadily_reached(kA, at(1800)));
}

TEST_F(LivenessTest, WhatANodeDidNotHearWhileItStoodStillProvesNothing) {
  liveness_.stood_still(at(5000));
  EXPECT_FALSE(liveness_.is_silent(kA, at(5600)));
  EXPECT_TRUE(liveness_.is_silent(kA, at(5601)));
}

TEST_F(LivenessTest, AnAnswerEchoesTheAskersClock) {
  const auto ack = liveness_.on_heartbeat(kA, {.sent_at = 4711, .revision = {}, .silent = {}},
                                          Revision(8), at(0));
  EXPECT_EQ(ack.sent_at, 4711);
  EXPECT_EQ(ack.revision, Revision(8));
}

TEST_F(LivenessTest, APromiseLastsTheLeaseAndAFortiethLonger) {
  EXPECT_FALSE(liveness_.is_promised(kA, at(0)));
  hear(kA, 0);
  EXPECT_TRUE(liveness_.is_promised(kA, at(1025)));
  EXPECT_FALSE(liveness_.is_promised(kA, at(1026)));
  EXPECT_FALSE(liveness_.is_promised(kB, at(0)));
}

TEST_F(LivenessTest, ALeaseRunsFromBeforeItWasAskedFor) {
  const auto lease = liveness_.lease(kA);
  EXPECT_LT(lease->until(), at(0)) << "nothing was promised yet";
  liveness_.on_heartbeat_ack(kA, {.sent_at = at(100).as_nanos(), .revision = {}}, Revision(),
                             at(400));
  EXPECT_EQ(lease->until(), at(1100));
}

TEST(Liveness, OfTwoDifferentLeasesTheShorterCounts) {
  Liveness brief({.lease = Duration::millis(700)});
  Liveness lasting({.lease = Duration::millis(5000)});
  brief.set_members({kA}, at(0));
  lasting.set_members({kB}, at(0));
  const auto by_brief =
      brief.on_heartbeat(kA, lasting.heartbeat(Revision(), at(0)), Revision(), at(0));
  lasting.on_heartbeat_ack(kB, by_brief, Revision(), at(0));
  EXPECT_EQ(lasting.lease(kB)->until(), at(700));
  EXPECT_FALSE(brief.is_promised(kA, at(800)));
  const auto by_lasting =
      lasting.on_heartbeat(kB, brief.heartbeat(Revision(), at(0)), Revision(), at(0));
  brief.on_heartbeat_ack(kA, by_lasting, Revision(), at(0));
  EXPECT_EQ(brief.lease(kA)->until(), at(700));
  EXPECT_TRUE(lasting.is_promised(kB, at(5000)));
}

TEST_F(LivenessTest, ALateAnswerDoesNotShortenALease) {
  liveness_.on_heartbeat_ack(kA, {.sent_at = at(200).as_nanos(), .revision = {}}, Revision(),
                             at(300));
  liveness_.on_heartbeat_ack(kA, {.sent_at = at(100).as_nanos(), .revision = {}}, Revision(),
                             at(310));
  EXPECT_EQ(liveness_.lease(kA)->until(), at(1200));
}

TEST_F(LivenessTest, AnAnswerFromTheFutureGivesNoLongerLease) {
  liveness_.on_heartbeat_ack(kA, {.sent_at = INT64_MAX, .revision = {}}, Revision(), at(0));
  EXPECT_EQ(liveness_.lease(kA)->until(), at(1000));
  liveness_.on_heartbeat_ack(kB, {.sent_at = INT64_MIN, .revision = {}}, Revision(), at(0));
  EXPECT_LT(liveness_.lease(kB)->until(), at(0));
}

TEST_F(LivenessTest, APromiseOutlivesTheMembershipOfWhoGotIt) {
  hear(kA, 0);
  liveness_.set_members({kB, kC}, at(500));
  EXPECT_TRUE(liveness_.is_promised(kA, at(1000)));
  liveness_.set_members({kB, kC}, at(2000));
  EXPECT_FALSE(liveness_.is_promised(kA, at(2000)));
  EXPECT_EQ(liveness_.lease(kA), nullptr);
}

TEST_F(LivenessTest, NothingIsPromisedWhileATakeOverIsOpen) {
  liveness_.withhold(kA);
  liveness_.withhold(kA);
  for (int i = 0; i < 2; ++i) {
    const auto ack = liveness_.on_heartbeat(kA, {}, Revision(), at(0));
    EXPECT_FALSE(ack.grants);
    EXPECT_FALSE(liveness_.is_promised(kA, at(0)));
    liveness_.release(kA, Revision());
  }
  EXPECT_TRUE(liveness_.on_heartbeat(kA, {}, Revision(), at(0)).grants);
  EXPECT_TRUE(liveness_.is_promised(kA, at(0)));
}

TEST_F(LivenessTest, APromiseAfterATakeOverIsForViewsThatKnowIt) {
  liveness_.withhold(kA);
  liveness_.release(kA, Revision(7));
  EXPECT_EQ(liveness_.on_heartbeat(kA, {}, Revision(), at(0)).needed, Revision(7));
  EXPECT_EQ(liveness_.on_heartbeat(kB, {}, Revision(), at(0)).needed, Revision());
}

TEST_F(LivenessTest, APromiseThatMissesATakeOverIsNotUsed) {
  const wire::HeartbeatAck ack{
      .sent_at = at(0).as_nanos(), .revision = {}, .grants = true, .needed = Revision(7)};
  const auto before = liveness_.lease(kA);
  EXPECT_FALSE(liveness_.on_heartbeat_ack(kA, ack, Revision(6), at(0)));
  EXPECT_LT(before->until(), at(0));
  EXPECT_TRUE(liveness_.on_heartbeat_ack(kA, ack, Revision(7), at(0)));
  EXPECT_LT(before->until(), at(0)) << "workers that still have the old view";
  EXPECT_EQ(liveness_.lease(kA)->until(), at(1000));
  EXPECT_FALSE(liveness_.on_heartbeat_ack(kA, ack, Revision(8), at(0)));
}

TEST_F(LivenessTest, ARefusalIsASignOfLifeAndNoLease) {
  const wire::HeartbeatAck ack{.sent_at = at(500).as_nanos(), .revision = {}, .grants = false};
  liveness_.on_heartbeat_ack(kA, ack, Revision(9), at(500));
  EXPECT_FALSE(liveness_.is_silent(kA, at(1000)));
  EXPECT_LT(liveness_.lease(kA)->until(), at(0));
}

TEST_F(LivenessTest, ATakeOverMayEndAfterItsVictimIsForgotten) {
  liveness_.withhold(kA);
  liveness_.set_members({kB, kC}, at(5000));
  EXPECT_FALSE(liveness_.on_heartbeat(kA, {}, Revision(), at(5000)).grants);
  liveness_.release(kA, Revision(7));
  liveness_.set_members({kB, kC}, at(9000));
  EXPECT_EQ(liveness_.lease(kA), nullptr);
}

TEST_F(LivenessTest, AHeartbeatNamesTheSilent) {
  for (const NodeId node : {kA, kC}) hear_answer(node, 1000, 1000);
  const auto heartbeat = liveness_.heartbeat(Revision(5), at(1000));
  EXPECT_EQ(heartbeat.silent, std::vector<NodeId>{kB});
  EXPECT_EQ(heartbeat.revision, Revision(5));
  EXPECT_EQ(heartbeat.sent_at, at(1000).as_nanos());
}

TEST_F(LivenessTest, OnlyThoseWhoAreHeardReportSilence) {
  hear(kA, 100, {kC});
  hear_answer(kA, 100, 100);
  EXPECT_EQ(liveness_.silence_reports(kC, at(100)), 1u);
  hear(kB, 700, {kC});
  hear_answer(kB, 700, 700);
  EXPECT_EQ(liveness_.silence_reports(kC, at(700)), 3u) << "this node does not hear it either";
  EXPECT_EQ(liveness_.silence_reports(kC, at(750)), 2u) << "kA is silent itself by now";
  hear(kB, 760);
  EXPECT_EQ(liveness_.silence_reports(kC, at(760)), 1u) << "kB hears it again";
}

TEST_F(LivenessTest, ASuspectsOwnWordDoesNotCount) {
  hear(kC, 100, {kC});
  EXPECT_EQ(liveness_.silence_reports(kC, at(100)), 0u);
}

TEST_F(LivenessTest, TheEarliestLeaseOfAllIsTheOneThatEndsFirst) {
  for (const auto& [node, ms] : {std::pair{kA, 300}, std::pair{kB, 100}, std::pair{kC, 200}}) {
    liveness_.on_heartbeat_ack(node, {.sent_at = at(ms).as_nanos(), .revision = {}}, Revision(),
                               at(400));
  }
  EXPECT_EQ(liveness_.earliest_lease_of_all(), at(1100));
}

TEST(Liveness, ClocksThatDifferByOnePercentEachWayDoNoHarm) {
  Liveness slow_asker{LivenessOptions{}};
  Liveness fast_promiser{LivenessOptions{}};
  fast_promiser.set_members({kA}, at(0));
  const auto ack =
      fast_promiser.on_heartbeat(kA, slow_asker.heartbeat(Revision(), at(0)), Revision(), at(0));
  slow_asker.on_heartbeat_ack(kB, ack, Revision(), at(0));
  const Duration believed = slow_asker.lease(kB)->until() - at(0);
  EXPECT_TRUE(fast_promiser.is_promised(kA, at(0) + believed * 101 / 99));
}

/// Two nodes whose clocks run up to 1 % apart from real time each, and a network that delays:
/// whatever arrives when, the asker never believes longer than the promiser keeps its word.
RC_GTEST_PROP(Liveness, APromiseEndsLaterThanTheLeaseInRealTime, ()) {
  const auto draw_options = [] {
    return LivenessOptions{.lease = Duration::millis(*rc::gen::inRange<std::int64_t>(500, 3000))};
  };
  const std::int64_t asker_permille = *rc::gen::inRange<std::int64_t>(990, 1011);
  const std::int64_t promiser_permille = *rc::gen::inRange<std::int64_t>(990, 1011);
  const auto clock = [](std::int64_t real_micros, std::int64_t permille) {
    return Instant() + Duration::nanos(real_micros * permille);
  };
  Liveness asker(draw_options());
  Liveness promiser(draw_options());
  asker.set_members({kB}, clock(0, asker_permille));
  promiser.set_members({kA}, clock(0, promiser_permille));
  std::int64_t real = 1000;  // microseconds
  const int rounds = *rc::gen::inRange(1, 12);
  for (int i = 0; i < rounds; ++i) {
    real += *rc::gen::inRange<std::int64_t>(0, 900'000);
    const auto heartbeat = asker.heartbeat(Revision(), clock(real, asker_permille));
    real += *rc::gen::inRange<std::int64_t>(0, 900'000);
    const auto ack =
        promiser.on_heartbeat(kA, heartbeat, Revision(), clock(real, promiser_permille));
    real += *rc::gen::inRange<std::int64_t>(0, 900'000);
    if (*rc::gen::inRange(0, 4) == 0) continue;  // the answer was lost
    // The promiser asks, too, and is answered at once, now and then.
    if (*rc::gen::inRange(0, 2) == 0) {
      promiser.on_heartbeat_ack(kA, {.sent_at = clock(real, promiser_permille).as_nanos()},
                                Revision(), clock(real, promiser_permille));
    }
    asker.on_heartbeat_ack(kB, ack, Revision(), clock(real, asker_permille));
    const std::int64_t until = asker.lease(kB)->until().as_nanos();
    if (until == INT64_MIN) continue;  // nothing was promised yet
    const std::int64_t last_believed = (until - 1) / asker_permille;
    RC_ASSERT(promiser.is_promised(kA, clock(last_believed, promiser_permille)));
  }
}

}  // namespace
}  // namespace borg::membership
