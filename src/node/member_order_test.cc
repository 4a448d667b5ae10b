// SPDX-License-Identifier: Apache-2.0
#include "node/member_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace borg::node {
namespace {

using coordination::MemberState;
using coordination::Order;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class MemberOrderTest : public ::testing::Test {
 protected:
  MemberOrderTest() {
    view_.settings = coordination::Settings{};
    for (const char* name : {"a", "b", "c"}) {
      membership::MemberRecord record;
      record.member.id = NodeId(view_.members.size() + 1);
      record.member.name = name;
      record.modified = Revision(10 + view_.members.size());
      record.has_session = true;
      view_.members.push_back(record);
    }
  }
  coordination::Member& member(std::size_t i) { return view_.members[i].member; }
  void set(std::size_t i, Order order) {
    member(i).order = order;
    member(i).state = coordination::state_of(order);
  }
  OrderVerdict say(std::vector<std::string> words) {
    words.insert(words.begin(), "BORG");
    const auto order = order_from(words);
    EXPECT_TRUE(order.has_value());
    return judge(*order, view_,
                 {.self = NodeId(1),
                  .is_silent = [this](NodeId node) { return silent_.contains(node); },
                  .may_judge = may_judge_,
                  .memory = memory_});
  }
  membership::ClusterView view_;
  std::set<NodeId> silent_;
  bool may_judge_ = true;
  MemoryNeed memory_;
};

TEST_F(MemberOrderTest, WordsThatAreNone) {
  EXPECT_FALSE(order_from({"BORG", "DRAIN"}));
  EXPECT_FALSE(order_from({"BORG", "DRAIN", "a", "NOW"}));
  EXPECT_FALSE(order_from({"BORG", "UNDRAIN", "a", "FORCE"}));
  EXPECT_TRUE(order_from({"borg", "leave", "a", "force"})->is_forced);
  EXPECT_FALSE(order_from({"borg", "leave", "a", "force"})->is_check);
  EXPECT_TRUE(order_from({"borg", "forget", "a", "check"})->is_check);
  EXPECT_TRUE(order_from({"borg", "forget", "a", "CHECK", "FORCE"})->is_forced);
  EXPECT_FALSE(order_from({"borg", "forget", "a", "check", "check"}));
  EXPECT_FALSE(order_from({"borg", "undrain", "a", "check"}));
}

TEST_F(MemberOrderTest, DrainAndLeaveAreOrderedWhileTheOthersSuffice) {
  for (const char* command : {"DRAIN", "LEAVE"}) {
    const OrderVerdict verdict = say({command, "c"});
    EXPECT_THAT(verdict.answer, StartsWith("OK c hands its data over"));
    ASSERT_TRUE(verdict.change);
    EXPECT_EQ(verdict.change->state, coordination::state_of(verdict.change->order));
    EXPECT_EQ(verdict.compares.size(), 2u) << "of two orders at once only one can be the last";
  }
}

TEST_F(MemberOrderTest, WhatWouldStopWritesNeedsAWord) {
  set(0, Order::kDrain);
  for (const std::string command : {"DRAIN", "LEAVE"}) {
    const OrderVerdict refused = say({command, "c"});
    EXPECT_THAT(refused.answer,
                StartsWith("ERR only 1 other member would take writes, and 2 must"));
    EXPECT_THAT(refused.answer, HasSubstr("BORG " + command + " c FORCE"));
    EXPECT_FALSE(refused.change);
    EXPECT_TRUE(say({command, "c", "FORCE"}).change);
  }
}

TEST_F(MemberOrderTest, AnOrderThatStandsAndIsNotCarriedOutSaysWhy) {
  set(1, Order::kDrain);
  set(2, Order::kLeave);
  EXPECT_EQ(say({"DRAIN", "b"}).answer,
            "OK b is draining already, and is needed: it holds data until 1 more member takes "
            "writes");
  EXPECT_THAT(say({"LEAVE", "c"}).answer, StartsWith("OK c is leaving already, and is needed"));
  set(2, Order::kStay);
  EXPECT_EQ(say({"DRAIN", "b"}).answer, "OK b is draining already");
  memory_.receivers = {{.node = NodeId(1), .wanted_bytes = 9 << 20, .room_bytes = 2 << 20}};
  EXPECT_EQ(say({"DRAIN", "b"}).answer, "OK b is draining already") << "it holds nothing";
  view_.partitions[5].in_sync = {NodeId(2)};
  EXPECT_EQ(say({"DRAIN", "b"}).answer,
            "OK b is draining already, and waits for memory of the others: 7.0 MB are missing: "
            "a has room for 2.0 MB of 9.0 MB");
}

TEST_F(MemberOrderTest, WhatTheOthersHaveNoMemoryForNeedsAWord) {
  memory_.receivers = {{.node = NodeId(1), .wanted_bytes = 9 << 20, .room_bytes = 2 << 20}};
  for (const std::string command : {"DRAIN", "LEAVE"}) {
    EXPECT_THAT(say({command, "c"}).answer,
                StartsWith("ERR the other members have no memory for what c holds, 7.0 MB are "
                           "missing: a has room for 2.0 MB of 9.0 MB; add a node"));
    EXPECT_TRUE(say({command, "c", "FORCE"}).change);
  }
  EXPECT_EQ(say({"UNDRAIN", "c"}).answer, "OK c is active");
}

TEST_F(MemberOrderTest, ASilentNodeDoesNotCountAsOneThatTakesWrites) {
  silent_ = {NodeId(2)};
  EXPECT_THAT(say({"DRAIN", "c"}).answer, StartsWith("ERR only 1 other member"));
}

TEST_F(MemberOrderTest, TheLastOneLeavesByAWordAndIsNeverDrained) {
  view_.members.resize(1);
  EXPECT_THAT(say({"LEAVE", "a"}).answer, StartsWith("ERR a is the last member"));
  EXPECT_THAT(say({"DRAIN", "a", "FORCE"}).answer, StartsWith("ERR no other member could take"));
  const OrderVerdict forced = say({"LEAVE", "a", "FORCE"});
  EXPECT_EQ(forced.answer, "OK a is the last member: its data ends with it");
  EXPECT_EQ(forced.change->order, Order::kLeaveForced);
}

TEST_F(MemberOrderTest, UndrainTakesBackWhatWasSaidByCommand) {
  for (const Order order :
       {Order::kDrain, Order::kDrainForced, Order::kLeave, Order::kLeaveForced}) {
    set(2, order);
    const OrderVerdict verdict = say({"UNDRAIN", "c"});
    EXPECT_EQ(verdict.answer, "OK c takes data again");
    EXPECT_EQ(verdict.change->state, MemberState::kActive);
    EXPECT_EQ(verdict.compares.size(), 1u) << "not while the data ends";
  }
  set(2, Order::kStay);
  EXPECT_EQ(say({"UNDRAIN", "c"}).answer, "OK c is active");
  set(2, Order::kLeaveBySignal);
  EXPECT_THAT(say({"UNDRAIN", "c"}).answer, HasSubstr("by a signal, which cannot be taken back"));
  set(2, Order::kLeave);
  view_.ending_modified = Revision(9);
  EXPECT_THAT(say({"UNDRAIN", "c"}).answer, StartsWith("TRYAGAIN"));
}

TEST_F(MemberOrderTest, ForgetIsForTheSilentAndNamesWhatIsLost) {
  EXPECT_THAT(say({"FORGET", "c"}).answer, StartsWith("ERR the node is alive"));
  EXPECT_THAT(say({"FORGET", "a"}).answer, StartsWith("ERR a node cannot forget itself"));
  EXPECT_THAT(say({"FORGET", "x"}).answer, StartsWith("ERR no such node"));
  silent_ = {NodeId(3)};
  EXPECT_EQ(say({"FORGET", "c"}).answer, "OK c is given up");
  view_.partitions[5].epoch = Epoch(1);
  view_.partitions[5].in_sync = {NodeId(3)};
  view_.partitions[6].epoch = Epoch(1);
  view_.partitions[6].in_sync = {NodeId(3), NodeId(1)};
  EXPECT_THAT(say({"FORGET", "c"}).answer, HasSubstr("is the only holder of 16 slots"));
  EXPECT_THAT(say({"FORGET", "c", "FORCE"}).answer, HasSubstr("and with it 16 slots"));
  may_judge_ = false;
  EXPECT_THAT(say({"FORGET", "c", "FORCE"}).answer, StartsWith("ERR this node is out of reach"));
}

TEST_F(MemberOrderTest, WhatIsSoAlreadyIsSaidAndNotWritten) {
  set(2, Order::kDrainForced);
  EXPECT_EQ(say({"DRAIN", "c"}).answer, "OK c is draining already");
  EXPECT_FALSE(say({"DRAIN", "c"}).change);
  set(2, Order::kLeave);
  EXPECT_EQ(say({"LEAVE", "c"}).answer, "OK c is leaving already");
  EXPECT_THAT(say({"DRAIN", "c"}).answer, StartsWith("ERR c is leaving already"));
  EXPECT_TRUE(say({"LEAVE", "c", "FORCE"}).change) << "that says more";
  member(2).state = MemberState::kDown;
  EXPECT_THAT(say({"LEAVE", "c"}).answer, StartsWith("ERR the node is down"));
  EXPECT_THAT(say({"UNDRAIN", "c"}).answer, StartsWith("OK c takes data when it is back"));
  silent_ = {NodeId(3)};
  EXPECT_EQ(say({"FORGET", "c"}).answer, "OK c was given up already");
}

}  // namespace
}  // namespace borg::node
