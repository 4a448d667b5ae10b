// SPDX-License-Identifier: Apache-2.0
#include "node/risk.h"

#include <gtest/gtest.h>

namespace borg::node {
namespace {

membership::ClusterView view_of(std::uint64_t nodes) {
  membership::ClusterView view;
  for (std::uint64_t n = 1; n <= nodes; ++n) {
    membership::MemberRecord record;
    record.member.id = NodeId(n);
    record.member.state = coordination::MemberState::kActive;
    view.members.push_back(record);
  }
  return view;
}

/// Partition p gets the list p modulo their number.
void place(membership::ClusterView& view, const std::vector<NodeList>& lists) {
  for (std::size_t p = 0; p < kPartitionCount; ++p) {
    view.partitions[p] = {.epoch = Epoch(1), .term = Epoch(1), .in_sync = lists[p % lists.size()]};
  }
}

constexpr NodeId a(1), b(2), c(3), d(4);

TEST(Risk, OnlyPairsThatHoldAllCopiesAreFatal) {
  membership::ClusterView view = view_of(4);
  place(view, {{a, b}, {b, a}, {c, d}});
  const Risk risk = assess_risk(view);
  EXPECT_EQ(risk.pairs, 6u);
  EXPECT_EQ(risk.fatal_pairs, 2u);
  EXPECT_DOUBLE_EQ(risk.chance(), 2.0 / 6);
  EXPECT_EQ(risk.partners.at(a), 1u);
}

TEST(Risk, AnOnlyCopyMakesEveryPairWithItsHolderFatal) {
  membership::ClusterView view = view_of(4);
  place(view, {{a}, {c, d}});
  EXPECT_EQ(assess_risk(view).fatal_pairs, 4u);
}

TEST(Risk, TheDownDoNotCount) {
  membership::ClusterView view = view_of(4);
  place(view, {{a, b}, {c, d}});
  view.members[1].member.state = coordination::MemberState::kDown;
  const Risk risk = assess_risk(view);
  EXPECT_EQ(risk.pairs, 3u);
  EXPECT_EQ(risk.fatal_pairs, 3u) << "a holds only copies, and c and d share the others";
  EXPECT_EQ(risk.partners.count(b), 0u);
}

TEST(Risk, TwoDeathsDoNotHurtThreeCopies) {
  membership::ClusterView view = view_of(4);
  place(view, {{a, b, c}, {b, c, d}});
  EXPECT_EQ(assess_risk(view).fatal_pairs, 0u);
  EXPECT_EQ(assess_risk(view).partners.at(a), 2u);
}

TEST(Risk, OneNodeHasNoPairs) {
  membership::ClusterView view = view_of(1);
  place(view, {{a}});
  EXPECT_EQ(assess_risk(view).chance(), 0);
}

}  // namespace
}  // namespace borg::node
