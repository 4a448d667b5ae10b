// SPDX-License-Identifier: Apache-2.0
#include "node/address_check.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

using Step = AddressCheck::Step;
using coordination::Member;
using wire::Found;

constexpr NodeId kSelf{9};
constexpr Duration kPatience = Duration::seconds(7);

Member member(std::uint64_t id, std::string name, std::string host) {
  Member m;
  m.id = NodeId(id);
  m.name = std::move(name);
  m.host = std::move(host);
  m.port = 7001;
  m.bus_port = 17001;
  return m;
}

class AddressCheckTest : public ::testing::Test {
 protected:
  /// One round in which everybody was found where they should be, but for these.
  Step round(const std::vector<AddressFinding>& findings) {
    EXPECT_EQ(check_.next(members_, now_), Step::kAsk);
    EXPECT_EQ(check_.next(members_, now_), Step::kWait) << "for the findings";
    std::vector<AddressFinding> all{{.node = kSelf, .found = Found::kNode}};
    for (const Member& m : members_) {
      all.push_back({.node = m.id, .found = Found::kNode, .found_back = Found::kNode});
    }
    for (const AddressFinding& finding : findings) {
      for (AddressFinding& each : all) {
        if (each.node == finding.node) each = finding;
      }
    }
    check_.on_findings(all, now_);
    return check_.next(members_, now_);
  }
  /// Rounds until the patience is over.
  Step rounds(const std::vector<AddressFinding>& findings) {
    const Instant end = now_ + kPatience + Duration::seconds(1);
    Step step = Step::kWait;
    while (step == Step::kWait && now_ < end) {
      step = round(findings);
      if (step == Step::kWait) now_ = now_ + Duration::millis(500);
    }
    return step;
  }
  [[nodiscard]] bool reason_has(std::string_view text) const {
    return check_.reason().find(text) != std::string::npos;
  }

  Instant now_ = Instant::at_nanos(1'000'000'000);
  std::vector<Member> members_{member(1, "a", "10.0.0.1"), member(2, "b", "fd00::2")};
  AddressCheck check_{member(9, "self", "10.0.0.9"), kPatience};
};

TEST_F(AddressCheckTest, PassesWhereEverybodyIsFound) {
  EXPECT_EQ(round({}), Step::kPass);
  EXPECT_TRUE(check_.take_warnings().empty());
}

TEST_F(AddressCheckTest, TheFirstNodeTriesItsOwnAddress) {
  members_.clear();
  EXPECT_EQ(round({{.node = kSelf, .found = Found::kNobody, .detail = "refused"}}), Step::kPass)
      << "a router may not lead back";
}

TEST_F(AddressCheckTest, AnOwnAddressOfAnotherNodeIsRefusedAtOnce) {
  EXPECT_EQ(round({{.node = kSelf, .found = Found::kStranger, .detail = "other"}}), Step::kRefuse);
  EXPECT_TRUE(reason_has("10.0.0.9:17001")) << check_.reason();
  EXPECT_TRUE(reason_has("a node of cluster 'other'")) << check_.reason();
  EXPECT_TRUE(reason_has("--announce-host")) << check_.reason();
}

TEST_F(AddressCheckTest, AMemberWhoseAddressLeadsBackIsRefusedWhenItsSessionLives) {
  const std::vector<AddressFinding> itself{{.node = NodeId(1), .found = Found::kItself}};
  EXPECT_EQ(round(itself), Step::kWait) << "it may have died a moment ago";
  EXPECT_TRUE(check_.is_doubted(NodeId(1)));
  now_ = now_ + Duration::seconds(1);
  EXPECT_EQ(rounds(itself), Step::kRefuse);
  EXPECT_TRUE(reason_has("member 'a' announces 10.0.0.1:17001")) << check_.reason();
  EXPECT_TRUE(reason_has("finds itself")) << check_.reason();
}

TEST_F(AddressCheckTest, WithoutAPatienceNothingIsRefused) {
  AddressCheck patient(member(9, "self", "10.0.0.9"), std::nullopt);
  const std::vector<AddressFinding> cut_off{
      {.node = kSelf, .found = Found::kNode},
      {.node = NodeId(1), .found = Found::kNobody, .detail = "no answer"},
      {.node = NodeId(2), .found = Found::kNobody, .detail = "no answer"}};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(patient.next(members_, now_), Step::kAsk);
    patient.on_findings(cut_off, now_);
    ASSERT_EQ(patient.next(members_, now_), Step::kWait);
    now_ = now_ + Duration::seconds(1);
  }
  EXPECT_EQ(patient.take_warnings().size(), 1u) << "it is said once";
}

TEST_F(AddressCheckTest, AMemberThatDiedIsForgotten) {
  EXPECT_EQ(round({{.node = NodeId(1), .found = Found::kOtherNode}}), Step::kWait);
  members_.erase(members_.begin());
  now_ = now_ + Duration::seconds(6);
  EXPECT_EQ(round({}), Step::kPass);
}

TEST_F(AddressCheckTest, OneMemberThatCannotBeConnectedIsAWarning) {
  EXPECT_EQ(round({{.node = NodeId(2), .found = Found::kNobody, .detail = "refused"}}),
            Step::kPass);
  const auto warnings = check_.take_warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("'b' announces [fd00::2]:17001"), std::string::npos) << warnings[0];
  EXPECT_TRUE(check_.take_warnings().empty()) << "each once";
}

TEST_F(AddressCheckTest, NoMemberThatCanBeConnectedIsRefused) {
  EXPECT_EQ(rounds({{.node = NodeId(1), .found = Found::kNobody, .detail = "refused"},
                    {.node = NodeId(2), .found = Found::kNobody, .detail = "no route"}}),
            Step::kRefuse);
  EXPECT_TRUE(reason_has("'a' at 10.0.0.1:17001 (refused), 'b' at [fd00::2]:17001 (no route)"))
      << check_.reason();
}

TEST_F(AddressCheckTest, MembersThatStandStillProveNothing) {
  EXPECT_EQ(round({{.node = NodeId(1), .found = Found::kSilence},
                   {.node = NodeId(2), .found = Found::kNobody}}),
            Step::kPass);
  EXPECT_EQ(check_.take_warnings().size(), 2u);
}

TEST_F(AddressCheckTest, AnAddressThatNoMemberCanReachIsRefused) {
  const AddressFinding a{.node = NodeId(1),
                         .found = Found::kNode,
                         .found_back = Found::kNobody,
                         .detail_back = "refused"};
  AddressFinding b{.node = NodeId(2), .found = Found::kNode, .found_back = Found::kItself};
  EXPECT_EQ(rounds({a, b}), Step::kRefuse);
  EXPECT_TRUE(reason_has("'self' announces 10.0.0.9:17001")) << check_.reason();
  EXPECT_TRUE(reason_has("member 'a' (10.0.0.1:7001) cannot connect to it (refused)"))
      << check_.reason();
}

TEST_F(AddressCheckTest, ItIsEnoughThatOneMemberReachesTheNode) {
  EXPECT_EQ(round({{.node = NodeId(1), .found = Found::kNode, .found_back = Found::kNobody}}),
            Step::kPass);
  EXPECT_EQ(check_.take_warnings().size(), 1u);
}

TEST_F(AddressCheckTest, MembersThatCameMeanwhileAreTriedToo) {
  EXPECT_EQ(round({}), Step::kPass);
  members_.push_back(member(3, "c", "10.0.0.3"));
  EXPECT_EQ(round({{.node = NodeId(3), .found = Found::kItself}}), Step::kWait);
}

}  // namespace
}  // namespace borg::node
