// SPDX-License-Identifier: Apache-2.0
#include "node/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/slot.h"
#include "node/testing/worker_world.h"
#include "node/worker.h"

namespace borg::node::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kQueued = "+QUEUED\r\n";
constexpr std::string_view kNull = "*-1\r\n";
const PartitionId kPartition(7);

// ---- what the gateway keeps ----

Transaction::Added queue(Transaction& transaction, const std::vector<std::string_view>& args) {
  return transaction.queue(*commands::resolve(args), args);
}

TEST(Transaction, IsARequestOfItsSlot) {
  Transaction transaction;
  transaction.open();
  EXPECT_EQ(transaction.watch("{a}w", "1.1.1"), Transaction::Added::kYes);
  EXPECT_EQ(queue(transaction, {"get", "{a}"}), Transaction::Added::kYes);
  EXPECT_EQ(queue(transaction, {"ping"}), Transaction::Added::kYes);
  const auto read = transaction.request();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->partition, partition_of(slot_of_key("a")));
  EXPECT_FALSE(read->is_write);
  using Args = std::vector<std::string_view>;
  EXPECT_EQ(read->args, (Args{"_execread", "1", "{a}w", "1.1.1", "2", "get", "{a}"}));
  queue(transaction, {"del", "{a}"});
  EXPECT_EQ(transaction.request()->args.front(), "_execfree");
  queue(transaction, {"set", "{a}", "v"});
  EXPECT_EQ(transaction.request()->args.front(), "_exec");
  EXPECT_TRUE(transaction.request()->is_write);
  EXPECT_TRUE(transaction.has_writes());
}

TEST(Transaction, IsNoRequestIfNobodyNeedBeAsked) {
  Transaction transaction;
  transaction.open();
  EXPECT_FALSE(transaction.request());
  queue(transaction, {"ping"});
  EXPECT_FALSE(transaction.request());
  queue(transaction, {"lmpop", "0", "k", "left"});
  EXPECT_TRUE(transaction.request()) << "whoever executes it knows what is wrong with it";
}

TEST(Transaction, WatchesAKeyOnce) {
  Transaction transaction;
  transaction.watch("a", "1.1.1");
  transaction.watch("a", "2.2.1");
  EXPECT_EQ(transaction.request()->args,
            (std::vector<std::string_view>{"_execread", "1", "a", "1.1.1"}));
}

TEST(Transaction, KeepsNothingOnceItIsAborted) {
  Transaction transaction;
  transaction.open();
  queue(transaction, {"set", "a", "v"});
  EXPECT_GT(transaction.bytes(), 0U);
  EXPECT_EQ(queue(transaction, {"get", "b"}), Transaction::Added::kOtherSlot);
  transaction.abort();
  EXPECT_EQ(queue(transaction, {"set", "a", "v"}), Transaction::Added::kYes);
  EXPECT_TRUE(transaction.steps().empty());
  EXPECT_EQ(transaction.bytes(), 0U);
}

TEST(Transaction, IsBounded) {
  Transaction transaction;
  transaction.open();
  const std::string large(100'000'000, 'x');
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(queue(transaction, {"set", "a", large}), Transaction::Added::kYes);
  }
  EXPECT_EQ(queue(transaction, {"set", "a", large}), Transaction::Added::kTooLarge);
  EXPECT_EQ(queue(transaction, {"set", "a", "v"}), Transaction::Added::kYes);
}

// ---- three nodes ----

class Transactions : public ::testing::Test {
 protected:
  Transactions() {
    world_.place({1, 2});
    world_.publish();
    world_.run();
  }
  std::string ask(Connection& from, const std::vector<std::string>& args) {
    return world_.ask(from, args);
  }
  void expect_watched(Connection& from, const std::string& key) {
    EXPECT_EQ(ask(from, {"WATCH", key}), kOk);
    EXPECT_EQ(ask(from, {"MULTI"}), kOk);
    EXPECT_EQ(ask(from, {"INCR", key}), kQueued);
  }

  WorkerWorld world_{3};
  const std::string key_ = key_of(kPartition);
  Connection& near_ = world_.connect(1);
  Connection& far_ = world_.connect(3);
};

TEST_F(Transactions, AreExecutedByThePrimary) {
  for (Connection* const client : {&near_, &far_}) {
    ask(*client, {"MULTI"});
    EXPECT_EQ(ask(*client, {"CLIENT", "LIST"}), kQueued);
    EXPECT_EQ(ask(*client, {"INCR", key_}), kQueued);
    EXPECT_EQ(ask(*client, {"CLIENT", "LIST"}), kQueued);
    EXPECT_THAT(ask(*client, {"DISCARD"}), kOk);
    ask(*client, {"MULTI"});
    EXPECT_EQ(ask(*client, {"CLIENT", "LIST"}), kQueued);
    EXPECT_EQ(ask(*client, {"LLEN", key_}), kQueued);
    EXPECT_EQ(ask(*client, {"CLIENT", "LIST"}), kQueued);
    EXPECT_THAT(ask(*client, {"EXEC"}), StartsWith("*3\r\n$"));
    ask(*client, {"MULTI"});
    EXPECT_EQ(ask(*client, {"INCR", key_}), kQueued);
    EXPECT_EQ(ask(*client, {"PING"}), kQueued);
    EXPECT_EQ(ask(*client, {"GET", key_}), kQueued);
    EXPECT_THAT(ask(*client, {"EXEC"}), StartsWith("*3\r\n:"));
  }
  EXPECT_EQ(ask(far_, {"GET", key_}), bulk("2"));
  const auto* const backup = world_.worker(2).replica(kPartition);
  EXPECT_EQ(backup->last_seq(), Seq(2)) << "each was one operation";
  EXPECT_EQ(backup->store().find(storage::key_ref(key_))->value, "2");
}

TEST_F(Transactions, SeeWhatOthersChanged) {
  expect_watched(far_, key_);
  ask(near_, {"SET", key_, "5"});
  EXPECT_EQ(ask(far_, {"EXEC"}), kNull);
  EXPECT_EQ(ask(far_, {"GET", key_}), bulk("5"));
  expect_watched(far_, key_);
  EXPECT_EQ(ask(far_, {"EXEC"}), "*1\r\n:6\r\n");
}

TEST_F(Transactions, WhatComesBehindWatchAndExecWaits) {
  std::string all = command({"WATCH", key_}) + command({"SET", key_, "1"}) + command({"MULTI"}) +
                    command({"PING"}) + command({"GET", key_}) + command({"EXEC"}) +
                    command({"SET", key_, "2"}) + command({"MULTI"}) + command({"PING"}) +
                    command({"INCR", key_}) + command({"ECHO", "x"}) + command({"EXEC"}) +
                    command({"GET", key_});
  world_.type(far_, all);
  world_.run();
  EXPECT_EQ(far_.take(),
            "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n+OK\r\n"
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
            "*3\r\n+PONG\r\n:3\r\n$1\r\nx\r\n$1\r\n3\r\n");
}

TEST_F(Transactions, AnotherPrimaryCallsEveryWatchedKeyChanged) {
  expect_watched(far_, key_);
  world_.place({2, 1});
  world_.publish();
  world_.run();
  EXPECT_EQ(ask(far_, {"EXEC"}), kNull);
  expect_watched(far_, key_);
  EXPECT_EQ(ask(far_, {"EXEC"}), "*1\r\n:1\r\n");
}

TEST_F(Transactions, HappenOnceThoughTheyAreSentTwice) {
  ask(far_, {"MULTI"});
  ask(far_, {"INCR", key_});
  ask(far_, {"GET", key_});
  world_.send(far_, {"EXEC"});
  // The request arrives, and is replicated; its answer is lost, and then another one is primary.
  world_.deliver_once(3, 1);
  world_.deliver_once(1, 2);
  world_.cut(3, 1);
  world_.place({2, 1});
  world_.publish();
  world_.run();
  EXPECT_EQ(far_.take(), "*2\r\n:1\r\n$1\r\n1\r\n");
  EXPECT_EQ(ask(far_, {"GET", key_}), bulk("1"));
}

TEST_F(Transactions, ThatWereGivenUpStaySo) {
  expect_watched(far_, key_);
  ask(near_, {"SET", key_, "5"});
  ask(near_, {"DEL", key_});
  world_.send(far_, {"EXEC"});
  world_.deliver_once(3, 1);
  world_.deliver_once(1, 2);
  world_.cut(3, 1);
  world_.place({2, 1});
  world_.publish();
  world_.run();
  EXPECT_EQ(far_.take(), kNull);
}

TEST_F(Transactions, AreRefusedAsAWhole) {
  world_.live_nodes = 1;
  world_.publish();
  world_.run();
  ask(far_, {"MULTI"});
  ask(far_, {"GET", key_});
  EXPECT_EQ(ask(far_, {"EXEC"}), "*1\r\n$-1\r\n") << "it only reads";
  ask(far_, {"MULTI"});
  ask(far_, {"PING"});
  ask(far_, {"GET", key_});
  ask(far_, {"SET", key_, "v"});
  EXPECT_THAT(ask(far_, {"EXEC"}),
              StartsWith("-EXECABORT Transaction discarded because of: NOREPLICAS "));
  EXPECT_THAT(ask(far_, {"EXEC"}), StartsWith("-ERR EXEC without MULTI"));
}

TEST_F(Transactions, NeedMemoryOnlyIfACommandDoes) {
  const auto limit_memory = [&](std::int64_t bytes) {
    Settings settings;
    settings.memory_bytes_max = bytes;
    world_.tell(1, std::make_shared<const Settings>(settings));
    world_.run();
  };
  ask(near_, {"SET", key_, "v"});
  for (Connection* const client : {&near_, &far_}) {
    ask(*client, {"MULTI"});
    ask(*client, {"GET", key_});
    EXPECT_EQ(ask(*client, {"DEL", key_of(kPartition, "none")}), kQueued);
    limit_memory(1);
    EXPECT_EQ(ask(*client, {"EXEC"}), "*2\r\n$1\r\nv\r\n:0\r\n");
    limit_memory(0);
    ask(*client, {"MULTI"});
    ask(*client, {"SET", key_, "w"});
    limit_memory(1);
    EXPECT_THAT(ask(*client, {"EXEC"}),
                StartsWith("-EXECABORT Transaction discarded because of: OOM command "));
    limit_memory(0);
  }
  ask(near_, {"MULTI"});
  limit_memory(1);
  EXPECT_THAT(ask(near_, {"SET", key_, "w"}), StartsWith("-OOM command not allowed "));
  limit_memory(0);
  EXPECT_THAT(ask(near_, {"EXEC"}), StartsWith("-EXECABORT "));
}

TEST_F(Transactions, AreForgottenWithTheirClient) {
  ask(far_, {"MULTI"});
  ask(far_, {"PING"});
  ask(far_, {"INCR", key_});
  world_.send(far_, {"EXEC"});
  world_.close(far_);
  world_.run();
  EXPECT_EQ(ask(near_, {"GET", key_}), bulk("1"));
  Connection& other = world_.connect(3);
  ask(other, {"WATCH", key_});
  world_.send(other, {"WATCH", key_});
  world_.close(other);
  world_.run();
}

TEST_F(Transactions, ShowInTheListOfClients) {
  ask(far_, {"MULTI"});
  ask(far_, {"INCR", key_});
  Connection& other = world_.connect(3);
  EXPECT_THAT(ask(other, {"CLIENT", "LIST"}), HasSubstr(" multi=1 "));
  EXPECT_THAT(ask(other, {"CLIENT", "LIST"}), HasSubstr(" flags=x "));
  EXPECT_THAT(ask(other, {"CLIENT", "INFO"}), HasSubstr(" multi=-1 "));
}

TEST_F(Transactions, ThatWriteWaitForTheEndOfAPauseOfWrites) {
  Connection& other = world_.connect(3);
  ask(far_, {"MULTI"});
  ask(far_, {"INCR", key_});
  ask(other, {"CLIENT", "PAUSE", "60000", "WRITE"});
  EXPECT_EQ(ask(far_, {"EXEC"}), "");
  EXPECT_EQ(ask(other, {"CLIENT", "UNPAUSE"}), kOk);
  world_.run();
  EXPECT_EQ(far_.take(), "*1\r\n:1\r\n");
}

TEST_F(Transactions, ThatPublishWaitForTheEndOfAPauseOfWrites) {
  Connection& other = world_.connect(3);
  ask(far_, {"MULTI"});
  ask(far_, {"PUBLISH", "channel", "message"});
  ask(other, {"CLIENT", "PAUSE", "60000", "WRITE"});
  EXPECT_EQ(ask(far_, {"EXEC"}), "");
  EXPECT_EQ(ask(other, {"CLIENT", "UNPAUSE"}), kOk);
  world_.run();
  EXPECT_EQ(far_.take(), "*1\r\n:0\r\n");
}

TEST_F(Transactions, ThatReadAreNotHeldByAPauseOfWrites) {
  Connection& other = world_.connect(3);
  ask(other, {"CLIENT", "PAUSE", "60000", "WRITE"});
  ask(far_, {"MULTI"});
  ask(far_, {"PING"});
  ask(far_, {"GET", key_});
  EXPECT_EQ(ask(far_, {"EXEC"}), "*2\r\n+PONG\r\n$-1\r\n");
}

}  // namespace
}  // namespace borg::node::testing
