// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/control.h"
#include "node/testing/control_world.h"

namespace borg::node::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Node = ControlWorld::Node;

class MovementLogTest : public ::testing::Test {
 protected:
  void settle() {
    world_.run(Duration::millis(400));
    EXPECT_TRUE(world_.run_until([&] { return world_.settled(); }));
    world_.run(Duration::millis(100));
  }
  static std::size_t lines(const Node& node, std::string_view text) {
    std::size_t n = 0;
    for (const LogLine& line : node.log) n += line.text.find(text) != std::string::npos ? 1 : 0;
    return n;
  }
  std::size_t lines(std::string_view text) const {
    std::size_t n = 0;
    for (const Node* node : nodes_) n += lines(*node, text);
    return n;
  }
  void start(const std::string& name) { nodes_.push_back(&world_.start(name)); }

  ControlWorld world_;
  std::vector<Node*> nodes_;
};

TEST_F(MovementLogTest, OneNodeSaysWhatAJoinWillMove) {
  start("a");
  start("b");
  settle();
  const std::size_t before = lines(" starts: ");
  start("c");
  settle();
  EXPECT_EQ(lines(" starts: ") - before, 1u);
  EXPECT_EQ(lines("3 nodes, with c; "), 1u);
}

TEST_F(MovementLogTest, ItsEndIsSaidOnceByWhoWroteTheTarget) {
  start("a");
  start("b");
  settle();
  start("c");
  settle();
  EXPECT_EQ(lines("rebalance 3 is done in "), 1u) << "the others have sent nothing";
  for (const Node* node : nodes_) {
    EXPECT_EQ(lines(*node, "rebalance 3 starts"), lines(*node, "rebalance 3 is done"));
  }
}

TEST_F(MovementLogTest, ADeathIsARebalanceToo) {
  for (const char* name : {"a", "b", "c"}) start(name);
  settle();
  world_.kill(*nodes_[2]);
  settle();
  EXPECT_EQ(lines("2 nodes, without c; "), 1u);
}

TEST_F(MovementLogTest, ALeaverHandsItsPrimariesOver) {
  for (const char* name : {"a", "b", "c"}) start(name);
  settle();
  world_.tell(*nodes_[2], [](ControlCore& core) { core.leave(); });
  settle();
  EXPECT_TRUE(nodes_[2]->exit);
  EXPECT_EQ(lines("2 nodes, without c; "), 1u);
  EXPECT_EQ(lines(" 0 primaries to hand over"), 0u);
}

TEST_F(MovementLogTest, WhoHasLeftIsNotCalledDead) {
  for (const char* name : {"a", "b", "c"}) start(name);
  settle();
  world_.on_transaction = [&](const Node& node, const coordination::Txn& txn) {
    const bool is_goodbye = &node == nodes_[2] && !txn.deletes.empty();
    if (is_goodbye) nodes_[0]->hears_coordinator = false;
  };
  world_.tell(*nodes_[2], [](ControlCore& core) { core.leave(); });
  EXPECT_TRUE(world_.run_until([&] { return nodes_[2]->exit.has_value(); }));
  world_.tell(*nodes_[0], [&](ControlCore& core) { core.on_death_proven(nodes_[2]->id); });
  world_.run(Duration::millis(100));
  EXPECT_EQ(lines(*nodes_[0], "node c has left"), 1u);
  EXPECT_EQ(lines("is dead"), 0u);
}

TEST_F(MovementLogTest, InfoTellsOfRiskRebalanceAndRepair) {
  for (const char* name : {"a", "b", "c"}) start(name);
  settle();
  std::string info = world_.ask(*nodes_[0], {"BORG", "INFO"});
  EXPECT_THAT(info, HasSubstr(R"("risk": {"pairs": 3, "fatal_pairs": 3, "chance": 1})"));
  EXPECT_THAT(info, HasSubstr(R"("partners": 2)"));
  EXPECT_THAT(info, HasSubstr(R"("rebalance": {"running": false, )"));
  EXPECT_THAT(info, HasSubstr(R"("last_repair": null)"));
  world_.kill(*nodes_[2]);
  settle();
  info = world_.ask(*nodes_[0], {"BORG", "INFO"});
  EXPECT_THAT(info, HasSubstr(R"("last_repair": {"milliseconds": )"));
  EXPECT_THAT(info, HasSubstr(R"("repair": null)"));
}

TEST_F(MovementLogTest, MetricsSayNothingOfWhatHasNotHappened) {
  for (const char* name : {"a", "b", "c"}) start(name);
  settle();
  std::string text = world_.ask(*nodes_[0], {"METRICS"});
  EXPECT_THAT(text, HasSubstr("borg_pair_loss_ratio 1\n"));
  EXPECT_THAT(text, HasSubstr("borg_rebalance_running 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("last_repair")));
  world_.kill(*nodes_[2]);
  settle();
  text = world_.ask(*nodes_[0], {"METRICS"});
  EXPECT_THAT(text, HasSubstr("borg_last_repair_seconds "));
}

}  // namespace
}  // namespace borg::node::testing
