// SPDX-License-Identifier: Apache-2.0
#include "membership/departure.h"

#include <gtest/gtest.h>

namespace borg::membership {
namespace {

using coordination::MemberState;
using coordination::Order;
using Step = DepartureStep;

class DepartureTest : public ::testing::Test {
 protected:
  static constexpr NodeId kA{1};
  static constexpr NodeId kB{2};
  static constexpr NodeId kC{3};

  void min_copies(std::uint32_t n) {
    view_.settings = coordination::Settings{};
    view_.settings->min_copies = n;
  }
  MemberRecord& add(NodeId id, Order order = Order::kStay) {
    MemberRecord record;
    record.member.id = id;
    record.member.order = order;
    record.member.state = coordination::state_of(order);
    record.has_session = true;
    view_.members.push_back(record);
    return view_.members.back();
  }
  void hold(NodeId id) { view_.partitions[0].in_sync.push_back(id); }
  Step step(NodeId id, bool told_by_signal = false) const {
    return next_step(view_, id, told_by_signal);
  }
  std::vector<NodeId> data() const { return takers(view_); }

  ClusterView view_;
};

TEST_F(DepartureTest, DataIsPlacedOnTheActive) {
  min_copies(1);
  add(kA);
  add(kB, Order::kDrain);
  add(kC, Order::kLeaveBySignal);
  EXPECT_EQ(data(), std::vector{kA});
}

TEST_F(DepartureTest, WhoWasToldToGoWhileOthersSufficeComesBackWhenTheyDoNot) {
  min_copies(2);
  add(kA);
  add(kB, Order::kDrain);
  add(kC, Order::kLeave);
  EXPECT_EQ(data(), (std::vector{kA, kB, kC}));
  view_.members[2].member.is_closing = true;
  EXPECT_EQ(data(), (std::vector{kA, kB})) << "too late for it";
}

TEST_F(DepartureTest, AForcedDrainEndsOnlyWhereNobodyElseIsLeft) {
  min_copies(2);
  add(kA);
  add(kB, Order::kDrainForced);
  EXPECT_EQ(data(), std::vector{kA});
  view_.members[0].member.order = Order::kLeaveBySignal;
  view_.members[0].member.state = MemberState::kLeaving;
  EXPECT_EQ(data(), std::vector{kB});
}

TEST_F(DepartureTest, HowManyMembersAreMissingUntilOneCanGo) {
  min_copies(2);
  add(kA);
  add(kB, Order::kDrain);
  EXPECT_EQ(members_missing(view_, kA), 0u) << "nobody has told it to";
  EXPECT_EQ(members_missing(view_, kB), 1u);
  view_.members[1].member.order = Order::kDrainForced;
  EXPECT_EQ(members_missing(view_, kB), 0u);
  view_.members[0].member.state = MemberState::kDown;
  EXPECT_EQ(members_missing(view_, kB), 1u) << "it is the last that takes data";
  view_.members[1].member.state = MemberState::kLeaving;
  view_.members[1].member.order = Order::kLeaveBySignal;
  EXPECT_EQ(members_missing(view_, kB), 1u) << "the other may come back";
  view_.members[0].has_session = false;
  EXPECT_EQ(members_missing(view_, kB), 0u) << "it ends the data";
}

TEST_F(DepartureTest, WhoStaysDoesNothing) {
  add(kA);
  add(kB, Order::kDrain);
  EXPECT_EQ(step(kA), Step::kNone);
  EXPECT_EQ(step(kB), Step::kNone);
}

TEST_F(DepartureTest, ANodeHandsOverThenSaysThatItTakesNothingThenGoes) {
  add(kA);
  MemberRecord& b = add(kB, Order::kLeaveBySignal);
  hold(kB);
  EXPECT_EQ(step(kB, true), Step::kHandOver);
  view_.partitions[0].in_sync = {kA};
  EXPECT_EQ(step(kB, true), Step::kClose);
  b.member.is_closing = true;
  EXPECT_EQ(step(kB, true), Step::kGoodbye);
  view_.partitions[0].in_sync.push_back(kB);
  EXPECT_EQ(step(kB, true), Step::kReopen) << "it was given something before others knew";
}

TEST_F(DepartureTest, ASignalIsMadeKnownWhateverWasSaidBefore) {
  add(kA);
  for (const Order order :
       {Order::kStay, Order::kDrainForced, Order::kLeave, Order::kLeaveForced}) {
    view_.members.resize(1);
    add(kB, order);
    EXPECT_EQ(step(kB, true), Step::kObey);
  }
}

TEST_F(DepartureTest, WhoeverIsNeededWaits) {
  min_copies(2);
  add(kA);
  add(kB, Order::kLeave);
  EXPECT_EQ(step(kB), Step::kWait);
}

TEST_F(DepartureTest, WhoeverIsAboutToGoAndIsNeededReopens) {
  MemberRecord& a = add(kA, Order::kLeave);
  a.member.is_closing = true;
  add(kB, Order::kLeaveBySignal);
  hold(kB);
  EXPECT_EQ(step(kA), Step::kReopen);
  EXPECT_EQ(step(kB, true), Step::kHandOver) << "it waits for the other";
  add(kC, Order::kDrain);
  EXPECT_EQ(step(kA), Step::kReopen);
}

TEST_F(DepartureTest, TheLastEndsTheDataOnlyIfItWasToldToGoInAnyCase) {
  add(kA, Order::kLeave);
  EXPECT_EQ(step(kA), Step::kStayAsLast);
  for (const Order order : {Order::kLeaveForced, Order::kLeaveBySignal}) {
    view_.members.clear();
    view_.ending_modified = Revision();
    add(kA, order);
    EXPECT_EQ(step(kA), Step::kAnnounceEnd);
    view_.ending_modified = Revision(7);
    EXPECT_EQ(step(kA), Step::kEnd);
  }
}

TEST_F(DepartureTest, NobodyWaitsForAnotherWhenAllWereToldToGo) {
  add(kA, Order::kLeaveBySignal);
  add(kB, Order::kLeaveForced);
  hold(kA);
  hold(kB);
  view_.ending_modified = Revision(7);
  EXPECT_EQ(step(kA, true), Step::kEnd);
  EXPECT_EQ(step(kB), Step::kEnd);
}

TEST_F(DepartureTest, WhoeverCouldHoldTheDataKeepsItFromEnding) {
  const auto with = [&](Order order, MemberState state, bool has_session) {
    view_.members.clear();
    add(kA, Order::kLeaveBySignal);
    MemberRecord& b = add(kB, order);
    b.member.state = state;
    b.has_session = has_session;
    view_.ending_modified = Revision(7);
    return step(kA, true);
  };
  EXPECT_EQ(with(Order::kStay, MemberState::kActive, true), Step::kCallOffEnd);
  EXPECT_EQ(with(Order::kDrainForced, MemberState::kDraining, true), Step::kCallOffEnd);
  EXPECT_EQ(with(Order::kLeave, MemberState::kLeaving, true), Step::kCallOffEnd);
  EXPECT_EQ(with(Order::kStay, MemberState::kDown, true), Step::kCallOffEnd) << "it may be back";
  EXPECT_EQ(with(Order::kStay, MemberState::kDown, false), Step::kEnd);
  EXPECT_EQ(with(Order::kLeaveBySignal, MemberState::kDown, true), Step::kEnd);
}

TEST_F(DepartureTest, WhoJoinedInTimeCallsTheEndOff) {
  add(kA);
  add(kB, Order::kLeaveBySignal);
  view_.ending_modified = Revision(7);
  EXPECT_TRUE(is_ending(view_));
  EXPECT_EQ(step(kA), Step::kCallOffEnd);
  view_.members[1].has_session = false;
  EXPECT_FALSE(is_ending(view_)) << "who said so is dead";
}

}  // namespace
}  // namespace borg::membership
