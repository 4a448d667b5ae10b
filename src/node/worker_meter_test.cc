// SPDX-License-Identifier: Apache-2.0
// What is counted of a command, wherever it is executed and in whatever it is wrapped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "node/testing/worker_world.h"
#include "node/worker.h"

namespace borg::node::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Command = std::vector<std::string>;

std::uint64_t ticks = 0;

void measure_time(NodeOptions& options) {
  options.debug_enabled = true;
  options.read_ticks = [] { return ++ticks; };
  options.stand_still = [](Duration d) { ticks += static_cast<std::uint64_t>(d.as_nanos()); };
}

/// Two nodes of two workers; node 2 is the primary of all slots. A client of each node.
class WorkerMeter : public ::testing::Test {
 protected:
  WorkerMeter() {
    settings_.debug_enabled = "yes";
    world_.place({2, 1});
    world_.publish();
    world_.run();
  }

  void change_settings(const std::vector<std::string>& args) {
    ASSERT_EQ(node::change_settings(settings_, args), "");
    for (const int node : {1, 2}) world_.tell(node, std::make_shared<const Settings>(settings_));
    world_.run();
  }
  std::vector<std::string> ask_all(Connection& client, const std::vector<Command>& commands) {
    std::vector<std::string> replies;
    for (const Command& command : commands) replies.push_back(world_.ask(client, command));
    return replies;
  }
  CommandCounts counts(int node) {
    world_.to_control.clear();
    world_.tell(node, WorkerStatsRequest{.with_counts = true});
    CommandCounts sum;
    for (const ToControl& message : world_.to_control) {
      if (const auto* const stats = std::get_if<WorkerStats>(&message)) sum.merge(*stats->counts);
    }
    return sum;
  }
  struct Shown {
    std::uint64_t calls = 0;
    std::uint64_t rejected = 0;
    std::uint64_t failed = 0;
    friend bool operator==(const Shown&, const Shown&) = default;
  };
  Shown shown(int node, std::string_view name) {
    CommandCounts all = counts(node);
    const CommandCount& count = all.of(*commands::find_command(name));
    return {count.calls - count.refused, count.rejected + count.refused, count.failed};
  }

  WorkerWorld world_{2, 2, measure_time};
  Settings settings_;
  std::map<int, Connection*> clients_{{1, &world_.connect(1)}, {2, &world_.connect(2)}};
};

TEST_F(WorkerMeter, WhatComesBehindALongCommandHappensLater) {
  Connection& client = *clients_[2];
  world_.type(client, command({"DEBUG", "SLEEP", "2"}) + command({"SET", "k", "v", "PX", "1000"}) +
                          command({"PTTL", "k"}));
  world_.run();
  EXPECT_EQ(client.take(), "+OK\r\n+OK\r\n:1000\r\n");
  world_.pass(Duration::millis(2900));
  EXPECT_THAT(world_.ask(client, {"PTTL", "k"}), AnyOf(":100\r\n", ":101\r\n"));
  // A replica follows the primary's clock; it must not take itself to be ahead either.
  Connection& other = *clients_[1];
  world_.type(other, command({"DEBUG", "SLEEP", "2"}) + command({"SET", "j", "v", "PX", "1000"}));
  world_.run();
  other.take();
  world_.pass(Duration::millis(900));
  EXPECT_EQ(world_.ask(client, {"PTTL", "j"}), ":100\r\n") << "it was executed elsewhere";
}

TEST_F(WorkerMeter, CountsTheCommandsOfATransactionWhenTheyAreExecuted) {
  for (const auto& [node, client] : clients_) {
    ask_all(*client, {{"SET", "k", "v"}, {"MULTI"}, {"LPUSH", "k", "x"}, {"GET", "k"}});
    EXPECT_EQ(shown(node, "lpush"), Shown()) << "it waits";
    EXPECT_THAT(world_.ask(*client, {"EXEC"}), StartsWith("*2\r\n-WRONGTYPE"));
    EXPECT_EQ(shown(node, "lpush"), (Shown{.calls = 1, .failed = 1})) << node;
    EXPECT_EQ(shown(node, "get"), Shown{.calls = 1});
    EXPECT_EQ(shown(node, "exec"), Shown{.calls = 1});
    EXPECT_EQ(counts(node).errors.total(), 1u);
  }
}

TEST_F(WorkerMeter, CountsThemAmongThoseOfTheNodeItself) {
  for (const auto& [node, client] : clients_) {
    ask_all(*client, {{"SET", "k", "v"}, {"MULTI"}, {"LPUSH", "k", "x"}, {"DEBUG", "ERROR", "no"}});
    EXPECT_THAT(world_.ask(*client, {"EXEC"}), StartsWith("*2\r\n-WRONGTYPE"));
    EXPECT_EQ(shown(node, "lpush"), (Shown{.calls = 1, .failed = 1})) << node;
    EXPECT_EQ(shown(node, "debug"), (Shown{.calls = 1, .failed = 1}));
    EXPECT_EQ(shown(node, "exec"), Shown{.calls = 1});
    EXPECT_EQ(counts(node).errors.total(), 2u);
  }
}

TEST_F(WorkerMeter, CountsNoCallsOfATransactionThatIsNotExecuted) {
  Connection& client = *clients_[1];
  ask_all(client, {{"MULTI"}, {"SET", "k", "v"}, {"DISCARD"}});
  ask_all(client, {{"WATCH", "k"}, {"MULTI"}, {"SET", "k", "v"}});
  world_.ask(*clients_[2], {"SET", "k", "w"});
  EXPECT_EQ(world_.ask(client, {"EXEC"}), "*-1\r\n");
  ask_all(client, {{"MULTI"}, {"SET", "k", "v"}, {"SUBSCRIBE"}});
  EXPECT_THAT(world_.ask(client, {"EXEC"}), StartsWith("-EXECABORT"));
  EXPECT_EQ(shown(1, "set"), Shown());
  EXPECT_EQ(shown(1, "subscribe"), Shown{.rejected = 1});
  EXPECT_EQ(shown(1, "exec"), (Shown{.calls = 2, .failed = 1}));
}

TEST_F(WorkerMeter, AWriteThatIsRefusedForMemoryIsNoCall) {
  change_settings({"maxmemory", "1"});
  world_.pass(Duration::seconds(1));
  for (const auto& [node, client] : clients_) {
    for (const char* const key : {"a", "b", "c", "d"}) {  // of both workers
      EXPECT_THAT(world_.ask(*client, {"SET", key, "v"}), StartsWith("-OOM")) << node;
    }
    ask_all(*client, {{"MULTI"}, {"SET", "a", "v"}, {"EXEC"}});
    EXPECT_EQ(shown(node, "set"), Shown{.rejected = 5}) << node;
    EXPECT_EQ(counts(node).errors.by_code().at("OOM"), 5u);
  }
}

TEST_F(WorkerMeter, AnErrorIsCountedWhenItComes) {
  Connection& client = *clients_[1];
  world_.send(client, {"BLPOP", "list", "0"});
  world_.run();
  const std::string id = std::to_string(client.client->id().value());
  EXPECT_EQ(shown(1, "blpop"), Shown{.calls = 1});
  world_.ask(world_.connect(1, 1), {"CLIENT", "UNBLOCK", id, "ERROR"});
  EXPECT_EQ(shown(1, "blpop"), (Shown{.calls = 1, .failed = 1}));
}

TEST_F(WorkerMeter, AnErrorThatEndsAConnectionIsOfNoCommand) {
  Connection& client = *clients_[1];
  world_.ask(client, {"PING"});
  world_.type(client, "*1\r\n:1\r\n");
  world_.run();
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(shown(1, "ping"), Shown{.calls = 1});
  EXPECT_EQ(counts(1).errors.total(), 1u);
}

TEST_F(WorkerMeter, WhatANodeAnswersItselfInATransactionIsTimed) {
  change_settings({"slowlog-log-slower-than", "100000"});
  for (const auto& [node, client] : clients_) {
    const Command sleep{"DEBUG", "SLEEP", "0.2"};
    ask_all(*client, {{"SLOWLOG", "RESET"}, {"MULTI"}, sleep, {"PING"}, {"EXEC"}});
    EXPECT_EQ(world_.ask(*client, {"SLOWLOG", "LEN"}), ":1\r\n");
    ask_all(*client, {{"MULTI"}, {"GET", "k"}, sleep, {"EXEC"}});
    EXPECT_EQ(world_.ask(*client, {"SLOWLOG", "LEN"}), ":2\r\n");
    EXPECT_THAT(world_.ask(*client, {"SLOWLOG", "GET"}), Not(HasSubstr("PING")));
    CommandCounts all = counts(node);
    const CommandCount& count = all.of(*commands::find_command("debug"));
    EXPECT_EQ(count.executed, 2u);
    EXPECT_GE(count.nanos, 400'000'000u);
    EXPECT_LT(count.nanos, 401'000'000u);
    EXPECT_EQ(all.of(*commands::find_command("ping")).executed, 1u);
  }
}

TEST_F(WorkerMeter, WhatANodeAnswersWithTheHelpOfOthersIsTimed) {
  Connection& client = world_.connect(1, 1);
  const std::vector<Command> all{{"CLIENT", "LIST"},
                                 {"CLIENT", "KILL", "ID", "12345"},
                                 {"CLIENT", "PAUSE", "1", "WRITE"},
                                 {"CLIENT", "UNPAUSE"},
                                 {"CLIENT", "UNBLOCK", "12345"},
                                 {"SCAN", "0"},
                                 {"SLOWLOG", "LEN"},
                                 {"LATENCY", "RESET"},
                                 {"CLUSTER", "COUNTKEYSINSLOT", "1"},
                                 {"MONITOR"}};
  for (const Command& command : all) {
    world_.ask(client, command);
    const std::vector<std::string_view> args(command.begin(), command.end());
    CommandCounts found = counts(1);
    const CommandCount& count = found.of(*commands::resolve(args));
    EXPECT_EQ(count.executed, 1u) << command[0] << " " << command.back();
    EXPECT_GT(count.nanos, 0u) << command[0] << " " << command.back();
    EXPECT_NE(count.latencies, nullptr);
  }
}

}  // namespace
}  // namespace borg::node::testing
