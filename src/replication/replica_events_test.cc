// SPDX-License-Identifier: Apache-2.0
// Events are announced when what happened is there for good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using World = ReplicaWorld;

/// Node 1 is primary, node 2 its backup.
class ReplicaEventsTest : public ::testing::Test {
 protected:
  ReplicaEventsTest() {
    for (int node = 1; node <= 3; ++node) world_.around(node).wants_events = true;
    world_.configure(World::config(1, 1, {1, 2}));
    world_.run();
  }
  ReplicaWorld world_{3};
};

TEST_F(ReplicaEventsTest, AreAnnouncedByThePrimaryWhenTheBackupHasTheChange) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.ask(1, {"DEL", key("a")});
  EXPECT_THAT(world_.events, IsEmpty());
  world_.deliver(1, 2);
  EXPECT_THAT(world_.events, IsEmpty());
  world_.deliver(2, 1);
  EXPECT_THAT(world_.events, ElementsAre("new " + key("a"), "set " + key("a"), "del " + key("a")));
}

TEST_F(ReplicaEventsTest, AreNotedForNobodyIfNobodyWantsThem) {
  world_.around(1).wants_events = false;
  world_.ask(1, {"SET", key("a"), "1"});
  world_.run();
  EXPECT_THAT(world_.events, IsEmpty());
}

TEST_F(ReplicaEventsTest, OfAChangeThatDidNotSurviveNobodyHears) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.kill(1);
  world_.configure({2, 3}, World::config(2, 2, {2}, {3}));
  world_.configure({1}, World::config(2, 2, {2}, {3}));
  world_.run();
  EXPECT_EQ(world_.value(2, key("a")), std::nullopt);
  EXPECT_THAT(world_.events, IsEmpty());
}

TEST_F(ReplicaEventsTest, AnExpiredKeyThatIsReadExpiresBeforeItIsMissed) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "100"});
  world_.run();
  world_.events.clear();
  world_.pass(Duration::millis(100));
  world_.ask(1, {"GET", key("a")});
  world_.run();
  EXPECT_THAT(world_.events, ElementsAre("expired " + key("a"), "keymiss " + key("a")));
  world_.expire_some(1);
  world_.run();
  EXPECT_EQ(world_.events.size(), 2u) << "once for each expired key";
}

TEST_F(ReplicaEventsTest, AKeyThatNobodyReadsExpiresOnce) {
  world_.ask(1, {"SET", key("a"), "1", "PX", "100"});
  world_.run();
  world_.events.clear();
  world_.pass(Duration::millis(100));
  for (int n = 0; n < 3; ++n) world_.expire_some(1);
  world_.run();
  EXPECT_THAT(world_.events, ElementsAre("expired " + key("a")));
}

TEST_F(ReplicaEventsTest, AWriteThatComesAgainIsToldOfOnce) {
  const auto set = world_.ask(1, {"SET", key("a"), "1"});
  world_.ask_again(1, set);
  world_.run();
  EXPECT_THAT(world_.events, ElementsAre("new " + key("a"), "set " + key("a")));
}

TEST_F(ReplicaEventsTest, APrimaryAloneNeedsTheProofThatNobodyReplacedIt) {
  world_.ask(1, {"SET", key("a"), "1"});
  world_.cut(1, 2);
  world_.around(1).copies_required = 1;
  world_.around(1).serve_until = world_.now.instant;
  world_.configure({1}, World::config(2, 1, {1}));
  EXPECT_THAT(world_.events, IsEmpty());
  world_.around(1).serve_until = Instant::never();
  world_.poke(1);
  EXPECT_THAT(world_.events, ElementsAre("new " + key("a"), "set " + key("a")));
}

}  // namespace
}  // namespace borg::replication::testing
