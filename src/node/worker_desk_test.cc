// SPDX-License-Identifier: Apache-2.0
// What a client asks of all the clients of its node, whichever worker they are connected to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/testing/worker_world.h"
#include "node/worker.h"

namespace borg::node::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOk = "+OK\r\n";

/// One node of two workers, a client of each.
class WorkerDesk : public ::testing::Test {
 protected:
  WorkerDesk() {
    world_.place({1});
    world_.publish();
    world_.run();
  }
  static std::string id_of(const Connection& connection) {
    return std::to_string(connection.client->id().value());
  }
  void change_settings(const std::vector<std::string>& args) {
    ASSERT_EQ(node::change_settings(settings_, args), "");
    world_.tell(1, std::make_shared<const Settings>(settings_));
    world_.run();
  }

  WorkerWorld world_{1, 2};
  Settings settings_;
  Connection& here_ = world_.connect(1, 0);
  Connection& there_ = world_.connect(1, 1);
};

TEST_F(WorkerDesk, ClientListShowsTheClientsOfAllWorkers) {
  world_.ask(there_, {"CLIENT", "SETNAME", "bob"});
  EXPECT_THAT(world_.ask(here_, {"CLIENT", "LIST"}), HasSubstr(" name=bob "));
  EXPECT_THAT(world_.ask(here_, {"CLIENT", "LIST", "ID", id_of(here_)}),
              Not(HasSubstr("name=bob")));
}

TEST_F(WorkerDesk, AClientOfAnotherWorkerIsKilled) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "KILL", "ID", id_of(there_)}), ":1\r\n");
  EXPECT_TRUE(there_.closed);
  EXPECT_FALSE(here_.closed);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "KILL", "TYPE", "normal"}), ":0\r\n");
}

TEST_F(WorkerDesk, WhoKillsItselfIsAnsweredFirst) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "KILL", "ID", id_of(here_), "SKIPME", "no"}), ":1\r\n");
  EXPECT_TRUE(here_.closed);
}

TEST_F(WorkerDesk, PausedWritesWaitAndReadsGoOn) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "60000", "WRITE"}), kOk);
  EXPECT_EQ(world_.ask(there_, {"GET", "k"}), "$-1\r\n");
  EXPECT_EQ(world_.ask(there_, {"SET", "k", "v"}), "");
  EXPECT_EQ(world_.ask(there_, {"GET", "k"}), "");  // behind the write
  EXPECT_EQ(world_.ask(here_, {"GET", "k"}), "$-1\r\n");
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "UNPAUSE"}), kOk);
  world_.run();
  EXPECT_EQ(there_.take(), std::string(kOk) + bulk("v"));
}

TEST_F(WorkerDesk, APauseOfAllEndsByItself) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "1000"}), kOk);
  EXPECT_EQ(world_.ask(there_, {"PING"}), "");
  EXPECT_FALSE(world_.worker(1, 1).is_calm());
  world_.pass(Duration::millis(500));
  EXPECT_EQ(there_.take(), "");
  world_.pass(Duration::millis(600));
  world_.run();
  EXPECT_EQ(there_.take(), "+PONG\r\n");
}

TEST_F(WorkerDesk, IdleClientsAreClosedWhenTheSettingSaysSo) {
  world_.pass(Duration::seconds(100));
  EXPECT_FALSE(there_.closed);
  change_settings({"timeout", "10"});
  EXPECT_EQ(world_.ask(here_, {"PING"}), "+PONG\r\n");
  world_.pass(Duration::seconds(2));
  world_.run();
  EXPECT_TRUE(there_.closed);
  EXPECT_FALSE(here_.closed);
}

}  // namespace
}  // namespace borg::node::testing
