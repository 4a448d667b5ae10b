// SPDX-License-Identifier: Apache-2.0
#include "coordinators/memory.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace borg::coordinators {
namespace {

using coordination::Changes;
using coordination::Event;
using coordination::SessionAlive;
using coordination::Snapshot;
using coordination::TxnDone;

TEST(MemoryCoordinator, GivesEventsOnlyWhenPumped) {
  const auto store = std::make_shared<MemoryStore>();
  MemoryCoordinator a(store, MemoryCoordinator::Delivery::kPump);
  MemoryCoordinator b(store, MemoryCoordinator::Delivery::kPump);
  std::vector<Event> seen_by_a;
  std::vector<Event> seen_by_b;
  a.start([&](Event event) { seen_by_a.push_back(std::move(event)); });
  b.start([&](Event event) { seen_by_b.push_back(std::move(event)); });
  a.submit(7, {{}, {{"k", "v", true}}, {}});
  EXPECT_TRUE(seen_by_a.empty());
  EXPECT_EQ(a.pump(), 4u);
  ASSERT_EQ(seen_by_a.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<SessionAlive>(seen_by_a[0]));
  EXPECT_TRUE(std::holds_alternative<Snapshot>(seen_by_a[1]));
  EXPECT_EQ(std::get<Changes>(seen_by_a[2]).changes.at(0).key, "k");
  EXPECT_EQ(std::get<TxnDone>(seen_by_a[3]).id, 7u);
  EXPECT_EQ(a.pump(), 0u);
  a.stop();
  EXPECT_EQ(b.pump(), 4u);
  EXPECT_FALSE(std::get<Changes>(seen_by_b.back()).changes.at(0).value.has_value());
}

TEST(MemoryCoordinator, SinkMaySubmit) {
  const auto store = std::make_shared<MemoryStore>();
  MemoryCoordinator a(store, MemoryCoordinator::Delivery::kPump);
  int answers = 0;
  a.start([&](const Event& event) {
    if (std::holds_alternative<Snapshot>(event)) a.submit(1, {{}, {{"k", "v"}}, {}});
    if (std::holds_alternative<TxnDone>(event)) ++answers;
  });
  while (a.pump() > 0) {
  }
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace borg::coordinators
