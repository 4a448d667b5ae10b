// SPDX-License-Identifier: Apache-2.0
#include "node/loss_acceptance.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

class LossAcceptanceTest : public ::testing::Test {
 protected:
  LossAcceptanceTest() {
    for (const std::uint16_t p : {3, 4, 9}) {
      view_.partitions[p].epoch = Epoch(1);
      view_.partitions[p].in_sync = {NodeId(7)};  // who is no member any more
    }
  }
  void repair(std::uint16_t p) {
    if (view_.members.empty()) {
      membership::MemberRecord record;
      record.member.id = NodeId(1);
      view_.members.push_back(record);
    }
    view_.partitions[p].in_sync = {NodeId(1)};
  }
  std::vector<std::string> settle(bool is_open = false) {
    std::vector<std::string> texts;
    for (const auto& answer : accepted_.settle(view_, is_open, now_)) texts.push_back(answer.text);
    return texts;
  }
  using Texts = std::vector<std::string>;
  Instant now_ = Instant::at_nanos(1'000'000'000);
  membership::ClusterView view_;
  LossAcceptance accepted_;
};

TEST_F(LossAcceptanceTest, AnswersWhenAllOfThemGoOn) {
  accepted_.add({}, view_, now_);
  EXPECT_TRUE(accepted_.accepts(PartitionId(4)));
  EXPECT_FALSE(accepted_.accepts(PartitionId(5)));
  for (const std::uint16_t p : {3, 4, 9}) {
    EXPECT_EQ(settle(), Texts{});
    repair(p);
  }
  EXPECT_EQ(settle(), Texts{"OK 48 slots go on with what is left of them"});
  EXPECT_TRUE(accepted_.empty());
  EXPECT_FALSE(accepted_.accepts(PartitionId(4))) << "the next loss is another one";
}

TEST_F(LossAcceptanceTest, SaysThatNothingIsLostOrOnlyWaitedFor) {
  for (const std::uint16_t p : {3, 4, 9}) repair(p);
  accepted_.add({}, view_, now_);
  EXPECT_EQ(settle(), Texts{"OK nothing is lost"});
  view_.members[0].member.state = coordination::MemberState::kDown;
  view_.members[0].has_session = true;
  accepted_.add({}, view_, now_);
  EXPECT_EQ(settle(), Texts{"OK nothing is lost; 48 slots wait for nodes that may come back"});
}

TEST_F(LossAcceptanceTest, SaysWhatCouldNotGoOnAndAcceptsItNoMore) {
  accepted_.add({}, view_, now_);
  repair(3);
  now_ = now_ + Duration::seconds(5);
  EXPECT_EQ(settle().front().substr(0, 41), "ERR 32 slots of 48 slots cannot go on now");
  EXPECT_FALSE(accepted_.accepts(PartitionId(4)));
  accepted_.add({}, view_, now_);
  now_ = now_ + Duration::seconds(5);
  EXPECT_EQ(settle(true).front().substr(0, 7), "INDOUBT");
}

}  // namespace
}  // namespace borg::node
