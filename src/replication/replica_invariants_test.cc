// SPDX-License-Identifier: Apache-2.0
// That the invariants hold is seen by every other test of replicas, and by the simulator; here,
// that they bite.
#include "replication/replica_invariants.h"

#include <gtest/gtest.h>

#include "replication/testing/replica_world.h"

namespace borg::replication {
namespace {

using testing::key;
using World = testing::ReplicaWorld;

class ReplicaInvariantsTest : public ::testing::Test {
 protected:
  void write(World& world, int times) {
    for (int i = 0; i < times; ++i) {
      world.ask(1, {"INCR", key("n")});
      world.run();
    }
  }

  World before_{2};
  World after_{2};
  ReplicaInvariants invariants_;
};

TEST_F(ReplicaInvariantsTest, AHealthyClusterBreaksNone) {
  before_.configure(World::config(1, 1, {1, 2}));
  write(before_, 3);
  EXPECT_EQ(invariants_.check(before_.replica(1)), std::nullopt);
  write(before_, 3);
  EXPECT_EQ(invariants_.check(before_.replica(1)), std::nullopt);
}

TEST_F(ReplicaInvariantsTest, AnEpochThatGoesBackIsSeen) {
  before_.configure(World::config(2, 1, {1, 2}));
  after_.configure(World::config(1, 1, {1, 2}));
  EXPECT_EQ(invariants_.check(before_.replica(1)), std::nullopt);
  EXPECT_EQ(invariants_.check(after_.replica(1)), "the epoch never goes back");
}

TEST_F(ReplicaInvariantsTest, ABackupThatForgotIsSeen) {
  for (World* world : {&before_, &after_}) world->configure(World::config(1, 1, {1, 2}));
  write(before_, 3);
  write(after_, 2);
  EXPECT_EQ(invariants_.check(before_.replica(2)), std::nullopt);
  EXPECT_EQ(invariants_.check(after_.replica(2)), "who is in sync forgets nothing");
}

TEST_F(ReplicaInvariantsTest, AWriteThatIsAcknowledgedNoMoreIsSeen) {
  for (World* world : {&before_, &after_}) world->configure(World::config(1, 1, {1, 2}));
  write(before_, 2);
  after_.cut(1, 2);
  write(after_, 2);  // executed, and on one node only
  EXPECT_EQ(invariants_.check(before_.replica(1)), std::nullopt);
  EXPECT_EQ(invariants_.check(after_.replica(1)), "what is acknowledged stays so");
}

TEST_F(ReplicaInvariantsTest, WhoIsNotInSyncMayBeginAnew) {
  before_.configure(World::config(1, 1, {1, 2}));
  write(before_, 3);
  EXPECT_EQ(invariants_.check(before_.replica(2)), std::nullopt);
  before_.configure(World::config(2, 1, {1}));
  EXPECT_EQ(invariants_.check(before_.replica(2)), std::nullopt);
}

}  // namespace
}  // namespace borg::replication
