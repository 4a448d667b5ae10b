// SPDX-License-Identifier: Apache-2.0
#include "node/request_admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "node/testing/worker_world.h"

namespace borg::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kMegabyte = 1024 * 1024;
constexpr ConnectionId kOne(1);
constexpr ConnectionId kTwo(2);
constexpr ConnectionId kThree(3);

class RequestAdmissionTest : public ::testing::Test {
 protected:
  RequestAdmissionTest() { node_.set_limit(64 * kMegabyte); }  // a budget of 16 MB
  void begin(RequestAdmission& admission, ConnectionId client, std::size_t bytes) {
    admission.note_unfinished(client, bytes, node_, now_);
  }

  NodeMemory node_{2};
  RequestAdmission here_{WorkerIndex(0)};
  RequestAdmission there_{WorkerIndex(1)};
  Instant now_ = Instant::at_nanos(1'000'000'000);
};

TEST_F(RequestAdmissionTest, WithoutALimitNobodyWaits) {
  node_.set_limit(0);
  begin(here_, kOne, 500 * kMegabyte);
  begin(here_, kTwo, 500 * kMegabyte);
  EXPECT_TRUE(here_.empty());
  EXPECT_FALSE(here_.holds_back(kTwo));
}

TEST_F(RequestAdmissionTest, WhatFitsTheBudgetGoesOn) {
  begin(here_, kOne, 2 * kMegabyte);
  begin(there_, kTwo, 2 * kMegabyte);
  begin(here_, kThree, kMegabyte);
  EXPECT_FALSE(here_.holds_back(kOne));
  EXPECT_FALSE(there_.holds_back(kTwo));
  EXPECT_TRUE(here_.holds_back(kThree));
  EXPECT_TRUE(node_.anybody_waits());
  there_.end(kTwo, node_, now_);
  here_.retry(node_, now_);
  EXPECT_FALSE(here_.holds_back(kThree));
  EXPECT_FALSE(node_.anybody_waits());
}

TEST_F(RequestAdmissionTest, TheOldestGoesOnWhateverItTakes) {
  begin(there_, kOne, 100 * kMegabyte);
  begin(here_, kTwo, 100 * kMegabyte);
  EXPECT_FALSE(there_.holds_back(kOne));
  EXPECT_TRUE(here_.holds_back(kTwo));
  begin(there_, kOne, 200 * kMegabyte);
  EXPECT_FALSE(there_.holds_back(kOne)) << "it turned out to be larger";
  there_.end(kOne, node_, now_);
  here_.retry(node_, now_);
  EXPECT_FALSE(here_.holds_back(kTwo));
  here_.end(kTwo, node_, now_);
  EXPECT_EQ(node_.admitted(), 0u);
}

TEST_F(RequestAdmissionTest, TheBudgetIsWhatIsLeft) {
  node_.replace(0, 60 * kMegabyte);
  begin(here_, kOne, 100'000);
  begin(here_, kTwo, 2 * kMegabyte);
  EXPECT_FALSE(here_.holds_back(kOne));
  EXPECT_TRUE(here_.holds_back(kTwo));
  node_.replace(60 * kMegabyte, 0);
  here_.retry(node_, now_);
  EXPECT_FALSE(here_.holds_back(kTwo));
}

TEST_F(RequestAdmissionTest, WhoDoesNotComeInGivesWayToThoseThatWait) {
  begin(here_, kOne, 10 * kMegabyte);
  now_ = now_ + Duration::seconds(60);
  EXPECT_THAT(here_.overdue(node_, now_), IsEmpty()) << "nobody waits";
  begin(here_, kTwo, 10 * kMegabyte);
  EXPECT_THAT(here_.overdue(node_, now_), ElementsAre(kOne));
  here_.note_whole(kOne);
  EXPECT_THAT(here_.whole(), ElementsAre(kOne));
  EXPECT_THAT(here_.overdue(node_, now_), IsEmpty()) << "it waits for its answer";
}

TEST_F(RequestAdmissionTest, TimeWithoutAdmissionDoesNotCount) {
  begin(here_, kOne, 10 * kMegabyte);
  begin(here_, kTwo, 10 * kMegabyte);
  now_ = now_ + Duration::seconds(60);
  here_.end(kOne, node_, now_);
  here_.retry(node_, now_);
  begin(here_, kThree, 10 * kMegabyte);
  EXPECT_THAT(here_.overdue(node_, now_), IsEmpty());
  now_ = now_ + Duration::seconds(21);
  EXPECT_THAT(here_.overdue(node_, now_), ElementsAre(kTwo));
}

// ---- a worker with it ----

TEST(LargeRequests, ComeInOneAfterTheOtherWhereMemoryIsLimited) {
  testing::WorkerWorld world(2, 1, [](NodeOptions& o) { o.memory_bytes_max = 4 * kMegabyte; });
  world.place({1, 2});
  world.publish();
  world.run();
  testing::Connection& first = world.connect(1);
  testing::Connection& second = world.connect(1);
  const std::string request = testing::command({"SET", "a", std::string(400'000, 'x')});
  world.type(first, request.substr(0, 100'000));
  world.type(second, request.substr(0, 100'000));
  EXPECT_TRUE(world.worker(1).wants_input(*first.client));
  EXPECT_FALSE(world.worker(1).wants_input(*second.client));
  world.type(first, request.substr(100'000));
  EXPECT_FALSE(world.worker(1).wants_input(*second.client)) << "the first waits for its backup";
  world.run();
  EXPECT_EQ(first.take(), "+OK\r\n");
  EXPECT_TRUE(world.worker(1).wants_input(*second.client));
  world.type(second, request.substr(100'000));
  world.run();
  EXPECT_EQ(second.take(), "+OK\r\n");
}

TEST(LargeRequests, AreRefusedAndSkippedIfTheyAreLargerThanMemoryAllows) {
  testing::WorkerWorld world(2, 1, [](NodeOptions& o) { o.memory_bytes_max = 4 * kMegabyte; });
  world.place({1, 2});
  world.publish();
  world.run();
  testing::Connection& client = world.connect(1);
  EXPECT_EQ(world.ask(client, {"SET", "a", "1"}), "+OK\r\n");
  EXPECT_EQ(world.ask(client, {"MULTI"}), "+OK\r\n");
  const std::string request = testing::command({"SET", "a", std::string(1'500'000, 'x')});
  for (std::size_t at = 0; at < request.size(); at += 100'000) {
    world.type(client, request.substr(at, 100'000));
    EXPECT_LT(client.client->input_bytes, 100'001u);
  }
  EXPECT_THAT(client.take(), StartsWith("-OOM a request may have a quarter of"));
  EXPECT_THAT(world.ask(client, {"EXEC"}), StartsWith("-EXECABORT "));
  EXPECT_EQ(world.ask(client, {"GET", "a"}), "$1\r\n1\r\n");
  EXPECT_FALSE(client.closed);
}

TEST(LargeRequests, AreGivenUpIfTheyStopHalfWay) {
  testing::WorkerWorld world(2, 1, [](NodeOptions& o) { o.memory_bytes_max = 4 * kMegabyte; });
  world.place({1, 2});
  world.publish();
  world.run();
  testing::Connection& first = world.connect(1);
  testing::Connection& second = world.connect(1);
  const std::string request = testing::command({"SET", "a", std::string(400'000, 'x')});
  world.type(first, request.substr(0, 100'000));
  world.type(second, request.substr(0, 100'000));
  world.pass(Duration::seconds(11));
  EXPECT_THAT(first.take(), StartsWith("-OOM a large request did not come in"));
  EXPECT_TRUE(first.closed);
  world.close(first);
  world.run();
  world.type(second, request.substr(100'000));
  world.run();
  EXPECT_EQ(second.take(), "+OK\r\n");
}

}  // namespace
}  // namespace borg::node
