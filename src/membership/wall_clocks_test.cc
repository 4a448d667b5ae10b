// SPDX-License-Identifier: Apache-2.0
#include "membership/wall_clocks.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace borg::membership {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

/// Nodes whose steady clocks agree, and whose wall clocks are off by what a test says.
class WallClocksTest : public testing::Test {
 protected:
  struct Node {
    explicit Node(NodeId id) : clocks(id) {}
    WallClocks clocks;
    std::int64_t off_ms = 0;
    bool is_up = true;
    std::vector<std::string> told;
  };
  Node& add(std::uint64_t id, std::int64_t off_ms = 0) {
    Node& node = nodes_.try_emplace(NodeId(id), NodeId(id)).first->second;
    node.off_ms = off_ms;
    return node;
  }
  [[nodiscard]] Now now_of(const Node& node) const {
    return {now_, WallTime{right() + node.off_ms}};
  }
  [[nodiscard]] std::int64_t right() const { return kStartMs + now_.as_nanos() / 1'000'000; }
  /// Everyone hears everyone every 100 ms, a little late.
  void pass(Duration span) {
    for (const Instant end = now_ + span; now_ < end; now_ = now_ + Duration::millis(100)) {
      for (auto& [to, node] : nodes_) {
        if (!node.is_up) continue;
        for (auto& [from, other] : nodes_) {
          if (from == to || !other.is_up) continue;
          node.clocks.hear(from, WallTime{now_of(other).wall.ms - 2}, other.clocks.told(now_),
                           now_);
        }
        std::vector<NodeId> members;
        for (const auto& [id, member] : nodes_) members.push_back(id);
        for (const auto& change : node.clocks.consider(members, now_of(node))) {
          node.told.push_back(std::to_string(change.node.value()) +
                              (change.is_wrong ? " wrong" : " right"));
        }
      }
    }
  }
  /// By how much a node is off with what it believes.
  [[nodiscard]] std::int64_t error(const Node& node) const {
    return node.clocks.believed(now_of(node)).ms - right();
  }

  std::map<NodeId, Node> nodes_;
  Instant now_ = Instant::at_nanos(1'000'000'000);
};

TEST_F(WallClocksTest, WhoIsAloneBelievesItsOwn) {
  Node& a = add(1);
  EXPECT_EQ(a.clocks.shared()->at(now_), std::nullopt);
  EXPECT_EQ(a.clocks.told(now_), WallTime{});
  pass(Duration::seconds(1));
  EXPECT_EQ(error(a), 0);
  EXPECT_EQ(a.clocks.shared()->at(now_)->ms, right());
  a.off_ms = kDayMs;
  pass(Duration::seconds(1));
  EXPECT_EQ(error(a), kDayMs);
  EXPECT_TRUE(a.told.empty());
}

TEST_F(WallClocksTest, OneThatJumpsIsNotBelievedAndIsNamedByAll) {
  Node& a = add(1);
  Node& b = add(2);
  Node& c = add(3);
  pass(Duration::seconds(3));
  a.off_ms = 30 * kDayMs;
  pass(Duration::seconds(3));
  for (const Node* node : {&a, &b, &c}) {
    EXPECT_NEAR(static_cast<double>(error(*node)), 0, 5);
    EXPECT_EQ(node->told, std::vector<std::string>{"1 wrong"});
    EXPECT_NEAR(static_cast<double>(node->clocks.ahead(NodeId(1))->as_millis()), 30 * kDayMs, 10);
    EXPECT_TRUE(node->clocks.is_wrong(NodeId(1)));
    EXPECT_FALSE(node->clocks.is_wrong(NodeId(2)));
  }
  a.off_ms = 0;
  pass(Duration::seconds(5));
  for (const Node* node : {&a, &b, &c}) {
    EXPECT_NEAR(static_cast<double>(error(*node)), 0, 5);
    EXPECT_EQ(node->told, (std::vector<std::string>{"1 wrong", "1 right"}));
  }
}

TEST_F(WallClocksTest, AClockThatWasSetBackIsKnownToBeAtOnce) {
  Node& a = add(1);
  Node& b = add(2);
  add(3);
  pass(Duration::seconds(3));
  b.off_ms = 4000;  // off by less than two clocks may be that agree
  pass(Duration::seconds(1));
  EXPECT_NEAR(static_cast<double>(error(a)), 0, 5);
  b.off_ms = 0;
  pass(Duration::millis(200));
  nodes_.erase(NodeId(3));
  pass(Duration::seconds(1));
  EXPECT_NEAR(static_cast<double>(error(a)), 0, 5) << "of two clocks the middle counts";
}

TEST_F(WallClocksTest, WithoutAMajorityTheFormerBeliefGoesOn) {
  Node& a = add(1);
  Node& b = add(2);
  pass(Duration::seconds(3));
  a.off_ms = -5 * kDayMs;
  pass(Duration::seconds(60));
  EXPECT_NEAR(static_cast<double>(error(a)), 0, 5);
  EXPECT_NEAR(static_cast<double>(error(b)), 0, 5);
  EXPECT_EQ(a.told, std::vector<std::string>{"1 wrong"});
  EXPECT_EQ(b.told, std::vector<std::string>{"1 wrong"});
}

TEST_F(WallClocksTest, WhoIsCutOffDoesNotBelieveItselfAlone) {
  Node& a = add(1);
  add(2);
  add(3);
  pass(Duration::seconds(3));
  nodes_.at(NodeId(2)).is_up = nodes_.at(NodeId(3)).is_up = false;
  a.off_ms = kDayMs;
  pass(Duration::seconds(30));
  EXPECT_NEAR(static_cast<double>(error(a)), 0, 5);
}

TEST_F(WallClocksTest, ANewNodeTakesWhatTheOthersBelieve) {
  Node& a = add(1);
  pass(Duration::seconds(3));
  Node& b = add(2, 400 * kDayMs);
  pass(Duration::millis(200));
  EXPECT_NEAR(static_cast<double>(error(b)), 0, 5) << "though there is no majority";
  EXPECT_NEAR(static_cast<double>(error(a)), 0, 5);
}

TEST_F(WallClocksTest, OfSeveralThatBeginTogetherTheOldestIsBelieved) {
  Node& a = add(1, -kDayMs);
  Node& b = add(2, kDayMs);
  pass(Duration::seconds(3));
  EXPECT_EQ(error(a), -kDayMs);
  EXPECT_NEAR(static_cast<double>(error(b)), -kDayMs, 5);
}

TEST_F(WallClocksTest, AFounderThatIsWrongIsOutvoted) {
  Node& a = add(1, -400 * kDayMs);
  pass(Duration::seconds(3));
  Node& b = add(2);
  pass(Duration::seconds(3));
  EXPECT_NEAR(static_cast<double>(error(b)), -400 * kDayMs, 5) << "one word against another";
  add(3);
  pass(Duration::seconds(3));
  for (const Node* node : {&a, &b}) EXPECT_NEAR(static_cast<double>(error(*node)), 0, 5);
}

TEST_F(WallClocksTest, WhenAllJumpTheyAreBelieved) {
  Node& a = add(1);
  Node& b = add(2);
  Node& c = add(3);
  pass(Duration::seconds(3));
  a.off_ms = b.off_ms = c.off_ms = -kDayMs;
  pass(Duration::seconds(5));
  for (const Node* node : {&a, &b, &c}) {
    EXPECT_NEAR(static_cast<double>(error(*node)), -kDayMs, 5);
    EXPECT_FALSE(node->clocks.is_wrong(NodeId(1)));
  }
}

TEST_F(WallClocksTest, SmallCorrectionsAreMadeSlowly) {
  Node& a = add(1);
  pass(Duration::seconds(3));
  a.off_ms = 1000;
  pass(Duration::seconds(1));
  EXPECT_NEAR(static_cast<double>(error(a)), 1000 / WallClocks::kSlewPart, 3);
  pass(Duration::seconds(60));
  EXPECT_EQ(error(a), 1000);
}

TEST_F(WallClocksTest, OfTwoMajoritiesTheOneNearerToTheBeliefCounts) {
  Node& a = add(1);
  add(2, 4000);
  add(3, 8000);
  pass(Duration::seconds(300));
  const std::int64_t first = error(a);
  pass(Duration::seconds(300));
  EXPECT_NEAR(static_cast<double>(error(a)), static_cast<double>(first), 10) << "it does not hop";
}

TEST_F(WallClocksTest, HeartbeatsThatAreLateTellLess) {
  Node& a = add(1);
  pass(Duration::seconds(1));
  WallClocks& clocks = a.clocks;
  const std::vector<NodeId> members{NodeId(1), NodeId(2)};
  clocks.hear(NodeId(2), WallTime{right()}, {}, now_);
  now_ = now_ + Duration::seconds(1);
  clocks.hear(NodeId(2), WallTime{right() - 900}, {}, now_);
  (void)clocks.consider(members, now_of(a));
  EXPECT_EQ(clocks.ahead(NodeId(2)), Duration());
}

TEST_F(WallClocksTest, WhoIsNoMemberIsForgotten) {
  Node& a = add(1);
  add(2, kDayMs);
  pass(Duration::seconds(3));
  EXPECT_TRUE(a.clocks.ahead(NodeId(2)));
  (void)a.clocks.consider({NodeId(1)}, now_of(a));
  EXPECT_FALSE(a.clocks.ahead(NodeId(2)));
}

}  // namespace
}  // namespace borg::membership
