// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/control.h"
#include "node/testing/control_world.h"

namespace borg::node::testing {
namespace {

using ::testing::StartsWith;
using Node = ControlWorld::Node;

/// What this node's workers go by.
std::string events_at(const Node& node) {
  std::string letters;
  for (const ToWorker& message : node.to_workers) {
    const auto* const settings = std::get_if<std::shared_ptr<const Settings>>(&message);
    if (settings != nullptr) letters = (*settings)->keyspace_events.shown();
  }
  return letters;
}

std::vector<std::string> set_events(const std::string& letters) {
  return {"CONFIG", "SET", "notify-keyspace-events", letters};
}

class ClusterSettings : public ::testing::Test {
 protected:
  ClusterSettings() { settle(); }
  void settle() {
    EXPECT_TRUE(world_.run_until([&] { return world_.settled(); }));
  }
  ControlWorld world_;
  Node& a_ = world_.start("a");
  Node& b_ = world_.start("b");
};

TEST_F(ClusterSettings, HoldForAllNodesWhenTheyAreAnswered) {
  EXPECT_EQ(world_.ask(a_, set_events("KEA")), "+OK\r\n");
  EXPECT_EQ(events_at(a_), "AKE");
  EXPECT_EQ(events_at(b_), "AKE");
  EXPECT_EQ(world_.ask(b_, set_events("")), "+OK\r\n");
  EXPECT_EQ(events_at(a_), "");
}

TEST_F(ClusterSettings, AreKnownToWhoJoinsLater) {
  EXPECT_EQ(world_.ask(a_, set_events("Kx")), "+OK\r\n");
  Node& c = world_.start("c");
  settle();
  EXPECT_EQ(events_at(c), "xK");
}

TEST_F(ClusterSettings, ChangeWithThoseOfTheNodeOrNotAtAll) {
  EXPECT_THAT(world_.ask(a_, {"CONFIG", "SET", "notify-keyspace-events", "KEA", "timeout", "x"}),
              StartsWith("-ERR CONFIG SET failed"));
  EXPECT_EQ(events_at(b_), "");
  EXPECT_THAT(world_.ask(a_, set_events("q")), StartsWith("-ERR CONFIG SET failed"));
  EXPECT_EQ(world_.ask(a_, {"CONFIG", "SET", "timeout", "7", "notify-keyspace-events", "KEA"}),
            "+OK\r\n");
  EXPECT_EQ(events_at(b_), "AKE");
}

TEST_F(ClusterSettings, AreNotChangedWithoutTheCoordinator) {
  a_.reaches_coordinator = false;
  EXPECT_THAT(world_.ask(a_, set_events("KEA")), StartsWith("-ERR the coordinator"));
  EXPECT_EQ(events_at(b_), "");
}

TEST_F(ClusterSettings, WaitForNobodyWhoIsSilent) {
  Node& c = world_.start("c");
  settle();
  world_.cut(a_, c);
  EXPECT_EQ(world_.ask(a_, set_events("KEA")), "+OK\r\n");
}

}  // namespace
}  // namespace borg::node::testing
