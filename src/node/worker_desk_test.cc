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

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

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

TEST_F(WorkerDesk, ClientListShowsThoseForWhichAllFiltersHold) {
  world_.ask(there_, {"CLIENT", "SETNAME", "bob"});
  world_.ask(there_, {"CLIENT", "CAPA", "redirect"});
  const auto shows_bob = [&](std::vector<std::string> filters) {
    filters.insert(filters.begin(), {"CLIENT", "LIST"});
    return world_.ask(here_, filters).find(" name=bob ") != std::string::npos;
  };
  EXPECT_TRUE(shows_bob({"NAME", "bob", "CAPA", "r"}));
  EXPECT_FALSE(shows_bob({"NAME", "bob", "NOT-CAPA", "r"}));
  EXPECT_TRUE(shows_bob({"ID", id_of(here_), "ID", id_of(there_), "SKIPME", "yes"}));
  EXPECT_FALSE(shows_bob({"NOT-ID", id_of(here_), id_of(there_)}));
  EXPECT_FALSE(shows_bob({"MAXAGE", "5"}));
  world_.pass(Duration::seconds(5));
  EXPECT_TRUE(shows_bob({"MAXAGE", "5", "IDLE", "5"}));
  world_.ask(there_, {"MULTI"});
  EXPECT_TRUE(shows_bob({"FLAGS", "x"}));
  EXPECT_FALSE(shows_bob({"IDLE", "5"}));
}

TEST_F(WorkerDesk, SeveralIdsAreKilledAtOnce) {
  const Connection& third = world_.connect(1, 1);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "KILL", "ID", id_of(there_), id_of(third)}), ":2\r\n");
  EXPECT_TRUE(there_.closed && third.closed);
}

TEST_F(WorkerDesk, OldConnectionsAreKilled) {
  world_.pass(Duration::seconds(10));
  const Connection& young = world_.connect(1, 1);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "KILL", "MAXAGE", "10"}), ":1\r\n");
  EXPECT_TRUE(there_.closed);
  EXPECT_FALSE(young.closed);
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

TEST_F(WorkerDesk, WhatARedisPrimaryReplicatesIsAWriteToAPause) {
  EXPECT_EQ(world_.ask(there_, {"PFADD", "k", "e"}), ":1\r\n");
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "60000", "WRITE"}), kOk);
  const std::vector<std::vector<std::string>> held{
      {"PUBLISH", "c", "m"}, {"SPUBLISH", "c", "m"}, {"PFCOUNT", "k"}, {"BLPOP", "l", "0"}};
  std::vector<Connection*> clients;
  for (const auto& args : held) {
    clients.push_back(&world_.connect(1, 1));
    EXPECT_EQ(world_.ask(*clients.back(), args), "");
  }
  EXPECT_EQ(world_.worker(1, 1).stats().blocked_clients, 4u);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "UNPAUSE"}), kOk);
  world_.run();
  EXPECT_EQ(world_.worker(1, 1).stats().blocked_clients, 1u);
  EXPECT_EQ(clients[0]->take() + clients[1]->take() + clients[2]->take(), ":0\r\n:0\r\n:1\r\n");
  EXPECT_EQ(world_.ask(here_, {"RPUSH", "l", "x"}), ":1\r\n");
  world_.run();
  EXPECT_EQ(clients[3]->take(), "*2\r\n" + bulk("l") + bulk("x"));
}

TEST_F(WorkerDesk, APauseHoldsNothingThatIsRefusedAnyway) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "60000", "ALL"}), kOk);
  EXPECT_EQ(world_.ask(there_, {"SET", "k"}),
            "-ERR wrong number of arguments for 'set' command\r\n");
  EXPECT_THAT(world_.ask(there_, {"NOSUCH"}), HasSubstr("-ERR unknown command"));
  EXPECT_EQ(world_.ask(there_, {"GET", "k"}), "");
  EXPECT_EQ(world_.ask(here_, {"QUIT"}), kOk);
}

TEST_F(WorkerDesk, OfTwoPausesTheLongerAndTheStricterCount) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "10000", "WRITE"}), kOk);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "10", "ALL"}), kOk);
  world_.pass(Duration::seconds(9));
  EXPECT_EQ(world_.ask(there_, {"PING"}), "");
  world_.pass(Duration::seconds(2));
  world_.run();
  EXPECT_EQ(there_.take(), "+PONG\r\n");
}

TEST_F(WorkerDesk, WhoLeavesDuringAPauseWasHeldForNothing) {
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "PAUSE", "60000", "WRITE"}), kOk);
  EXPECT_EQ(world_.ask(there_, {"SET", "k", "v"}), "");
  world_.close(there_);
  EXPECT_EQ(world_.worker(1, 1).stats().blocked_clients, 0u);
  EXPECT_EQ(world_.ask(here_, {"CLIENT", "UNPAUSE"}), kOk);
  world_.run();
  EXPECT_EQ(world_.ask(here_, {"EXISTS", "k"}), ":0\r\n");
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

TEST_F(WorkerDesk, WhoWaitsForSomethingIsNotIdle) {
  change_settings({"timeout", "10"});
  Connection& blocked = world_.connect(1, 1);
  world_.send(blocked, {"BLPOP", "l", "0"});
  Connection& subscriber = world_.connect(1, 1);
  world_.ask(subscriber, {"SUBSCRIBE", "c"});
  Connection& pattern = world_.connect(1, 1);
  world_.ask(pattern, {"PSUBSCRIBE", "c*"});
  Connection& monitor = world_.connect(1, 1);
  world_.ask(monitor, {"MONITOR"});
  Connection& former = world_.connect(1, 1);
  world_.ask(former, {"SUBSCRIBE", "c"});
  world_.ask(former, {"UNSUBSCRIBE"});
  Connection& in_multi = world_.connect(1, 1);
  world_.ask(in_multi, {"MULTI"});
  for (int i = 0; i < 20; ++i) {
    world_.pass(Duration::seconds(1));
    world_.run();
  }
  EXPECT_FALSE(blocked.closed);
  EXPECT_FALSE(subscriber.closed);
  EXPECT_FALSE(pattern.closed);
  EXPECT_FALSE(monitor.closed);
  EXPECT_TRUE(former.closed);
  EXPECT_TRUE(in_multi.closed);
}

TEST_F(WorkerDesk, WhoIsHeldByAPauseIsNotIdle) {
  change_settings({"timeout", "10"});
  world_.ask(here_, {"CLIENT", "PAUSE", "15000", "WRITE"});
  world_.ask(there_, {"SET", "k", "v"});
  for (int i = 0; i < 14; ++i) {
    world_.pass(Duration::seconds(1));
    world_.run();
  }
  EXPECT_FALSE(there_.closed);
  world_.pass(Duration::seconds(2));
  world_.run();
  EXPECT_EQ(there_.take(), kOk);
  EXPECT_FALSE(there_.closed) << "its command has just been executed";
}

TEST_F(WorkerDesk, SlowCommandsOfAllWorkersAreInOneLog) {
  change_settings({"slowlog-log-slower-than", "0"});
  world_.ask(there_, {"CLIENT", "SETNAME", "bob"});
  world_.ask(there_, {"ECHO", "there"});
  world_.ask(here_, {"ECHO", "here"});
  change_settings({"slowlog-log-slower-than", "10000"});
  const std::string log = world_.ask(here_, {"SLOWLOG", "GET"});
  EXPECT_LT(log.find("here"), log.find("there"));  // the newest first
  EXPECT_THAT(log, HasSubstr(bulk("bob")));
  EXPECT_EQ(world_.ask(there_, {"SLOWLOG", "RESET"}), kOk);
  EXPECT_EQ(world_.ask(here_, {"SLOWLOG", "LEN"}), ":0\r\n");
}

/// Its commands are noted while the worker that keeps the log is in the middle of the request.
TEST_F(WorkerDesk, SlowCommandsOfATransactionAreLoggedOnEveryWorker) {
  change_settings({"slowlog-log-slower-than", "0"});
  for (Connection* client : {&here_, &there_}) {
    for (int i = 0; i < 8; ++i) {
      const std::string key = "key" + std::to_string(i);
      world_.ask(*client, {"MULTI"});
      world_.ask(*client, {"INCR", key});
      world_.ask(*client, {"GET", key});
      world_.ask(*client, {"EXEC"});
    }
  }
  change_settings({"slowlog-log-slower-than", "10000"});
  const std::string log = world_.ask(here_, {"SLOWLOG", "GET", "-1"});
  for (int i = 0; i < 8; ++i) {
    const std::string key = bulk("key" + std::to_string(i));
    EXPECT_EQ(count_of(log, bulk("INCR") + key), 2) << key;
    EXPECT_EQ(count_of(log, bulk("GET") + key), 2) << key;
  }
}

TEST_F(WorkerDesk, AMonitorSeesWhatClientsOfAllWorkersAsk) {
  EXPECT_EQ(world_.ask(here_, {"MONITOR"}), kOk);
  world_.ask(there_, {"SET", "k", "a\nb"});
  world_.ask(there_, {"AUTH", "secret"});
  world_.ask(there_, {"CLIENT", "LIST"});  // an administrator's command
  world_.run();
  EXPECT_EQ(here_.take(), "+1700000000.000000 [0 " + there_.client->address() +
                              "] \"SET\" \"k\" \"a\\nb\"\r\n" + "+1700000000.000000 [0 " +
                              there_.client->address() + "] \"AUTH\" \"(redacted)\"\r\n");
}

TEST_F(WorkerDesk, AMonitorIsKeptAwayFromKeys) {
  const std::string refused = "-ERR Replica can't interact with the keyspace\r\n";
  world_.ask(here_, {"MONITOR"});
  EXPECT_EQ(world_.ask(here_, {"GET", "k"}), refused);
  EXPECT_EQ(world_.ask(here_, {"PUBLISH", "c", "m"}), refused);
  EXPECT_EQ(world_.ask(here_, {"DBSIZE"}), refused);
  EXPECT_THAT(world_.ask(here_, {"PING"}), HasSubstr("+PONG\r\n"));
  world_.ask(here_, {"MULTI"});
  EXPECT_EQ(world_.ask(here_, {"SET", "k", "v"}), refused);
  EXPECT_THAT(world_.ask(here_, {"EXEC"}), HasSubstr("-EXECABORT"));
  EXPECT_THAT(world_.ask(here_, {"RESET"}), HasSubstr("RESET"));
  EXPECT_EQ(world_.ask(here_, {"GET", "k"}), "$-1\r\n");
}

TEST_F(WorkerDesk, AMonitorThatWantsNoRepliesGetsNone) {
  world_.ask(here_, {"MONITOR"});
  world_.ask(here_, {"CLIENT", "REPLY", "OFF"});
  here_.take();
  world_.ask(there_, {"PING"});
  world_.run();
  EXPECT_EQ(here_.take(), "");
  EXPECT_THAT(world_.ask(here_, {"CLIENT", "REPLY", "ON"}), HasSubstr(kOk));
  world_.ask(there_, {"PING"});
  world_.run();
  EXPECT_THAT(here_.take(), HasSubstr("\"PING\""));
}

TEST_F(WorkerDesk, NobodyIsFedWhenTheMonitorHasLeft) {
  world_.ask(here_, {"MONITOR"});
  EXPECT_THAT(world_.ask(here_, {"RESET"}), HasSubstr("RESET"));
  world_.ask(there_, {"PING"});
  world_.run();
  EXPECT_EQ(here_.take(), "");
  world_.ask(here_, {"MONITOR"});
  world_.close(here_);
  world_.ask(there_, {"PING"});
  EXPECT_EQ(world_.bytes_on_the_way(), 0u);
}

TEST_F(WorkerDesk, AMonitorThatDoesNotReadIsClosed) {
  world_.ask(here_, {"MONITOR"});
  const std::string value(1 << 20, 'v');
  // Its output is what the turn could not send.
  here_.client->output.append(std::string(64 << 20, 'x'));
  world_.ask(there_, {"ECHO", value});
  world_.run();
  EXPECT_TRUE(here_.closed);
}

TEST(SlowLog, HidesSecretsThatAreSet) {
  const std::vector<std::string_view> set{"CONFIG", "SET", "maxmemory", "1", "RequirePass", "x"};
  EXPECT_EQ(SlowLog::shortened(set), (std::vector<std::string>{"CONFIG", "SET", "maxmemory", "1",
                                                               "RequirePass", "(redacted)"}));
}

TEST(SlowLog, CutsWhatIsLongAndHidesWhatIsSecret) {
  const std::string longer(200, 'x');
  std::vector<std::string_view> args(40, "a");
  args[1] = longer;
  const auto words = SlowLog::shortened(args);
  ASSERT_EQ(words.size(), 32u);
  EXPECT_EQ(words[1], std::string(128, 'x') + "... (72 more bytes)");
  EXPECT_EQ(words[31], "... (9 more arguments)");
  const std::vector<std::string_view> hello{"HELLO", "3", "auth", "me", "secret", "SETNAME", "x"};
  EXPECT_EQ(SlowLog::shortened(hello), (std::vector<std::string>{"HELLO", "3", "auth", "(redacted)",
                                                                 "(redacted)", "SETNAME", "x"}));
}

std::string written(const LatencyEvents& events,
                    void (LatencyEvents::*write)(resp::Writer&) const) {
  ByteBuffer out;
  resp::Writer writer(out, resp::Version::kResp2);
  (events.*write)(writer);
  return std::string(out.view());
}

TEST(LatencyEvents, TheLongestOfEachSecondCounts) {
  LatencyEvents events;
  events.add("command", 100, 7);
  events.add("command", 100, 9);
  events.add("command", 101, 8);
  EXPECT_EQ(written(events, &LatencyEvents::write_latest),
            "*1\r\n*4\r\n" + bulk("command") + ":101\r\n:8\r\n:9\r\n");
  ByteBuffer out;
  resp::Writer writer(out, resp::Version::kResp2);
  events.write_history("command", writer);
  EXPECT_EQ(out.view(), "*2\r\n*2\r\n:100\r\n:9\r\n*2\r\n:101\r\n:8\r\n");
  EXPECT_THAT(events.diagnosis(5), HasSubstr("worst 9 ms"));
  EXPECT_EQ(events.reset({}), 1);
}

TEST(LatencyEvents, TheGraphHasAColumnASampleAndItsAgeBelow) {
  LatencyEvents events;
  events.add("command", 100, 0);
  events.add("command", 160, 12);
  ByteBuffer out;
  resp::Writer writer(out, resp::Version::kResp2);
  events.write_graph("command", 170, writer);
  EXPECT_THAT(std::string(out.view()), HasSubstr("high 12 ms, low 0 ms (all time high 12 ms)\n"));
  EXPECT_THAT(std::string(out.view()), HasSubstr("\n #\n |\n |\n_|\n\n11\nm0\n s\n"));
}

TEST(LatencyHistogram, CountsToThreePercent) {
  LatencyHistogram histogram;
  for (std::uint64_t i = 1; i <= 1000; ++i) histogram.add(i * 1000);
  EXPECT_EQ(histogram.total(), 1000u);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(50)), 500'000, 500'000 * 0.07);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(99)), 990'000, 990'000 * 0.07);
  EXPECT_EQ(histogram.count_up_to(1u << 20), 1000u);
  EXPECT_EQ(histogram.count_up_to(900), 0u);
  LatencyHistogram twice;
  twice.merge(histogram);
  twice.merge(histogram);
  EXPECT_EQ(twice.total(), 2000u);
  twice.add(UINT64_MAX);
  EXPECT_GT(twice.percentile(100), 1'000'000'000u);
}

}  // namespace
}  // namespace borg::node::testing
