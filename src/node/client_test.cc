// SPDX-License-Identifier: Apache-2.0
#include "node/client.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace borg::node {
namespace {

Client new_client() { return {ConnectionId(1), "1.2.3.4:5", "1.2.3.4:7001", Instant()}; }
Instant at(std::int64_t n) { return Instant::at_nanos(n); }

TEST(Client, AReplyWithNothingPendingGoesStraightOut) {
  Client client = new_client();
  client.reply_now("a");
  client.reply_now("b");
  EXPECT_EQ(client.output.view(), "ab");
  EXPECT_EQ(client.output_valid_until, Instant::never());
}

TEST(Client, RepliesLeaveInTheOrderInWhichTheyWereReserved) {
  Client client = new_client();
  const auto first = client.reserve();
  const auto second = client.reserve();
  client.reply_now("c");
  client.finish(second, "b", Instant::never());
  EXPECT_TRUE(client.output.empty());
  EXPECT_EQ(client.pending(), 3u);
  client.finish(first, "a", Instant::never());
  EXPECT_EQ(client.output.view(), "abc");
  EXPECT_TRUE(client.nothing_pending());
}

TEST(Client, WhatATurnFinishedIsGoodForAsLongAsItsShortestReply) {
  Client client = new_client();
  const auto first = client.reserve();
  const auto second = client.reserve();
  client.finish(second, "b", at(5));
  EXPECT_EQ(client.output_valid_until, at(5)) << "though it has to wait";
  client.finish(first, "a", at(9));
  EXPECT_EQ(client.output_valid_until, at(5));
  client.reply_now("c", at(7));
  EXPECT_EQ(client.output_valid_until, at(5));
}

TEST(Client, WhatWasProvenInItsTurnMayWaitForOthersAsLongAsItTakes) {
  Client client = new_client();
  const auto first = client.reserve();
  const auto second = client.reserve();
  client.finish(second, "b", at(5));
  client.output_valid_until = Instant::never();  // flushed in time
  client.finish(first, "a", at(1'000));
  EXPECT_EQ(client.output.view(), "ab");
  EXPECT_EQ(client.output_valid_until, at(1'000));
}

TEST(Client, ASilencedCommandLeavesNoGapAndNoReply) {
  Client client = new_client();
  const auto first = client.reserve();
  client.silenced = true;
  const auto second = client.reserve();
  client.silenced = false;
  client.reply_now("c");
  client.finish(second, "b", at(1));
  client.finish(first, "a", Instant::never());
  EXPECT_EQ(client.output.view(), "ac");
  EXPECT_EQ(client.output_valid_until, Instant::never());
}

TEST(ClientDeathTest, ASlotIsFinishedOnce) {
  Client client = new_client();
  client.reserve();
  const auto second = client.reserve();
  client.finish(second, "b", Instant::never());
  EXPECT_DEATH(client.finish(second, "b", Instant::never()), "");
  EXPECT_DEATH(client.finish(second + 1, "b", Instant::never()), "");
}

TEST(Client, PendingRepliesAreTakenToBeAsLargeAsThoseBefore) {
  Client client = new_client();
  EXPECT_EQ(client.pending_bytes(), 0u);
  const std::string large(1'000'000, 'x');
  client.finish(client.reserve(), large, Instant::never());
  client.reserve();
  const auto slot = client.reserve();
  EXPECT_EQ(client.pending_bytes(), 2 * large.size());
  client.finish(slot, large, Instant::never());
  EXPECT_EQ(client.pending_bytes(), 2 * large.size());
}

TEST(Client, ManySmallRepliesMakeRoomForMany) {
  Client client = new_client();
  for (int i = 0; i < 100; ++i) client.finish(client.reserve(), "+OK\r\n", Instant::never());
  client.reserve();
  EXPECT_LT(client.pending_bytes(), 10u);
}

TEST(Client, TakesALargeReplyWithItsBuffer) {
  Client client = new_client();
  ByteBuffer workspace;
  client.workspace = &workspace;
  const std::string large(100'000, 'x');
  workspace.append(large);
  const char* const made_at = workspace.data();
  client.reply_now(workspace.view());
  EXPECT_EQ(client.output.view(), large);
  EXPECT_EQ(client.output.data(), made_at);
  EXPECT_TRUE(workspace.empty());
  // Behind others it is copied, as is one that is not all of the buffer.
  workspace.append(large);
  client.reply_now(workspace.view());
  client.reply_now(workspace.view().substr(1));
  EXPECT_EQ(client.output.view(), large + large + large.substr(1));
  EXPECT_EQ(workspace.view(), large);
}

RC_GTEST_PROP(Client, WhateverIsFinishedFirstTheOrderStays, ()) {
  Client client = new_client();
  std::vector<std::pair<Client::Slot, std::string>> open;
  std::string expected;
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    const std::string reply = std::to_string(i) + ";";
    const bool immediate = *rc::gen::arbitrary<bool>();
    if (immediate) client.reply_now(reply);
    if (!immediate) open.emplace_back(client.reserve(), reply);
    expected += reply;
  }
  while (!open.empty()) {
    const auto at = *rc::gen::inRange<std::size_t>(0, open.size());
    client.finish(open[at].first, open[at].second, Instant::never());
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    RC_ASSERT(expected.starts_with(client.output.view()));
  }
  RC_ASSERT(client.output.view() == expected);
}

}  // namespace
}  // namespace borg::node
