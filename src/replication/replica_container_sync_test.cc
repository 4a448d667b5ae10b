// SPDX-License-Identifier: Apache-2.0
// Containers and a replica that begins anew: large ones travel in pieces.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "replication/testing/replica_world.h"
#include "storage/hash_value.h"

namespace borg::replication::testing {
namespace {

using World = ReplicaWorld;

constexpr int kFields = 20'000;

/// Node 1 is alone with a large hash; node 2 will be synced.
class ContainerSyncTest : public ::testing::Test {
 protected:
  void found(std::size_t copies = 1) {
    world_.around(1).copies_required = 1;
    world_.configure(World::config(1, 1, {1}));
    fill("large", kFields);
    fill("small", 5);
    world_.around(1).copies_required = copies;
    world_.replies.clear();
  }
  void fill(const std::string& name, int fields) {
    for (int i = 0; i < fields; ++i) ask({"HSET", key(name), field(i), std::to_string(i)});
  }
  static std::string field(int number) { return "field" + std::to_string(number); }
  std::uint64_t ask(std::vector<std::string> args) { return world_.ask(1, std::move(args)); }
  void begin_sync() { world_.configure(World::config(2, 1, {1}, {2})); }
  /// One piece of the snapshot, all the way.
  void send_piece() {
    world_.send_chunk(1, 2);
    world_.deliver(1, 2);
    world_.deliver(2, 1);
  }
  void send_pieces(int count) {
    for (int i = 0; i < count; ++i) send_piece();
  }
  std::size_t fields_of(int node, const std::string& name) {
    const auto entry = world_.replica(node).store().find(storage::key_ref(key(name)));
    return entry ? storage::HashReader(*entry).size() : 0;
  }
  void expect_equal_in_the_end() {
    world_.run();
    EXPECT_TRUE(world_.replica(2).complete());
    EXPECT_TRUE(world_.same_data(1, 2));
    EXPECT_EQ(world_.count(Report::Kind::kCaughtUp), 1u);
  }
  ReplicaWorld world_{3};
};

TEST_F(ContainerSyncTest, ALargeHashTravelsInPieces) {
  found();
  begin_sync();
  send_piece();
  std::size_t before = 0;
  std::size_t growing = 0;
  for (int i = 0; i < 1000 && !world_.replica(2).complete(); ++i) {
    send_piece();
    const std::size_t now = fields_of(2, "large");
    EXPECT_LE(now - before, 5000u) << "a piece is bounded";
    growing += now > before ? 1 : 0;
    before = now;
  }
  EXPECT_GE(growing, 4u);
  expect_equal_in_the_end();
  EXPECT_EQ(fields_of(2, "large"), static_cast<std::size_t>(kFields));
}

TEST_F(ContainerSyncTest, FieldsThatChangeMeanwhileAreEqualInTheEnd) {
  found();
  begin_sync();
  for (int i = 0; i < 1000; ++i) {
    ask({"HINCRBY", key("large"), field((i * 7919) % kFields), "1"});
    ask({"HDEL", key("large"), field((i * 104729) % kFields), field((i * 31) % kFields)});
    ask({"HSET", key("large"), "new" + field(i), "x", field(i), std::string(100, 'y')});
    ask({"HINCRBY", key("small"), field(1), "1"});
    if (i % 100 == 0) send_piece();
  }
  expect_equal_in_the_end();
}

TEST_F(ContainerSyncTest, WhatIsRenamedOrCopiedMeanwhileIsEqualInTheEnd) {
  found();
  begin_sync();
  for (int i = 0; i < 40; ++i) {
    const std::string from = key(i % 2 == 0 ? "large" : "other");
    const std::string to = key(i % 2 == 0 ? "other" : "large");
    const std::string copy = key("copy" + std::to_string(i % 10));
    ask({"RENAME", from, to});
    ask({"HINCRBY", to, field(i), "1"});
    if (i % 5 == 0) ask({"COPY", to, copy, "REPLACE"});
    if (i % 7 == 0) ask({"RENAME", copy, key("small")});
    ask({"HSET", copy, field(i), "x"});
    send_piece();
  }
  expect_equal_in_the_end();
  EXPECT_EQ(fields_of(2, "large"), static_cast<std::size_t>(kFields));
}

TEST_F(ContainerSyncTest, ASortThatLooksAtOtherKeysIsStoredAlike) {
  found();
  for (int i = 0; i < 200; ++i) {
    ask({"RPUSH", key("list"), std::to_string(i)});
    ask({"SET", key("weight" + std::to_string(i)), std::to_string(i * 7919 % 200)});
  }
  begin_sync();
  for (int i = 0; i < 30; ++i) {
    ask({"SORT", key("list"), "BY", key("weight*"), "STORE", key("sorted" + std::to_string(i))});
    send_piece();
  }
  expect_equal_in_the_end();
}

TEST_F(ContainerSyncTest, AChangeOfWhatHasTravelledIsOnTwoNodesAtOnce) {
  found(2);
  begin_sync();
  send_pieces(3);
  std::size_t at_once = 0;
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i) {
    const bool has_travelled = [&] {
      const auto entry = world_.replica(2).store().find(storage::key_ref(key("large")));
      return entry && storage::HashReader(*entry).find(field(i)).has_value();
    }();
    const auto request = ask({"HSET", key("large"), field(i), "changed"});
    world_.deliver(1, 2);
    world_.deliver(2, 1);
    if (!has_travelled) break;  // from here on all answers wait for the snapshot
    EXPECT_EQ(world_.reply(request), ":0\r\n");
    ++at_once;
  }
  const auto last = ask({"HSET", key("large"), "another", "x"});
  world_.run();
  EXPECT_EQ(world_.reply(last), ":1\r\n");
  EXPECT_LT(at_once, static_cast<std::size_t>(kTries)) << "not all had travelled";
  EXPECT_TRUE(world_.same_data(1, 2));
}

/// After so many pieces.
class ContainerReplacedTest : public ContainerSyncTest,
                              public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Pieces, ContainerReplacedTest, ::testing::Values(0, 1, 2, 3, 5, 8, 40));

TEST_P(ContainerReplacedTest, ALargeHashMayGoReturnAndExpireMeanwhile) {
  found();
  begin_sync();
  send_pieces(GetParam());
  ask({"EXPIRE", key("large"), "100"});
  send_piece();
  ask({"DEL", key("large")});
  fill("large", 3);
  send_piece();
  fill("large", 2000);
  send_piece();
  ask({"SET", key("large"), "a string"});
  fill("other", 3000);
  expect_equal_in_the_end();
}

TEST_F(ContainerSyncTest, AnExpiryThatChangesMeanwhileArrives) {
  found();
  begin_sync();
  send_pieces(3);
  EXPECT_GT(fields_of(2, "large"), 0u);
  EXPECT_LT(fields_of(2, "large"), static_cast<std::size_t>(kFields));
  ask({"EXPIRE", key("large"), "100"});
  expect_equal_in_the_end();
  EXPECT_EQ(world_.replica(2).store().keys_with_expiry(), 1u);
}

TEST_F(ContainerSyncTest, FlushallInTheMiddleOfALargeHashEmptiesBoth) {
  found();
  begin_sync();
  send_pieces(3);
  ask({"FLUSHALL"});
  fill("large", 700);
  expect_equal_in_the_end();
  EXPECT_EQ(fields_of(2, "large"), 700u);
}

/// Node 1 has a long list.
class ListSyncTest : public ContainerSyncTest {
 protected:
  void found_list(int elements) {
    world_.around(1).copies_required = 1;
    world_.configure(World::config(1, 1, {1}));
    for (int i = 0; i < elements; ++i) ask({"RPUSH", key("list"), "element" + std::to_string(i)});
    world_.replies.clear();
  }
};

TEST_F(ListSyncTest, AListThatChangesMeanwhileIsEqualInTheEnd) {
  found_list(kFields);
  begin_sync();
  for (int i = 0; i < 1000; ++i) {
    const std::string index = std::to_string((i * 7919) % 15'000);
    ask({"LPUSH", key("list"), "left" + std::to_string(i)});
    ask({"RPUSH", key("list"), "right" + std::to_string(i)});
    ask({"LSET", key("list"), index, "set"});
    ask({"LINSERT", key("list"), "AFTER", "element" + index, "inserted"});
    ask({"LREM", key("list"), "1", "set"});
    ask({"LPOP", key("list"), "3"});
    ask({"RPOP", key("list")});
    ask({"LMOVE", key("list"), key("list"), "LEFT", "RIGHT"});
    ask({"LMOVE", key("list"), key("other"), "RIGHT", "LEFT"});
    if (i % 60 == 0) send_piece();
  }
  expect_equal_in_the_end();
}

TEST_F(ListSyncTest, AListMayBeCutMeanwhile) {
  for (const int pieces : {0, 2, 4}) {
    SCOPED_TRACE(pieces);
    world_.configure(World::config(static_cast<std::uint64_t>(pieces) * 2 + 1, 1, {1}));
    world_.run();
    for (int i = 0; i < kFields; ++i) ask({"RPUSH", key("list"), std::to_string(i)});
    world_.configure(World::config(static_cast<std::uint64_t>(pieces) * 2 + 2, 1, {1}, {2}));
    send_pieces(pieces);
    ask({"LTRIM", key("list"), "100", "-100"});
    send_piece();
    ask({"LTRIM", key("list"), "5000", "-1"});
    send_piece();
    ask({"LREM", key("list"), "0", "9000"});
    world_.run();
    EXPECT_TRUE(world_.same_data(1, 2));
  }
}

/// Node 1 has a large sorted set.
class SortedSetSyncTest : public ContainerSyncTest {
 protected:
  void found_sorted_set(int members) {
    world_.around(1).copies_required = 1;
    world_.configure(World::config(1, 1, {1}));
    for (int i = 0; i < members; ++i) {
      ask({"ZADD", key("zset"), std::to_string(i % 500), field(i)});
    }
    world_.replies.clear();
  }
};

TEST_F(SortedSetSyncTest, ASortedSetThatChangesMeanwhileIsEqualInTheEnd) {
  found_sorted_set(kFields);
  begin_sync();
  for (int i = 0; i < 1000; ++i) {
    ask({"ZINCRBY", key("zset"), "0.1", field((i * 7919) % kFields)});
    ask({"ZREM", key("zset"), field((i * 104729) % kFields), field((i * 31) % kFields)});
    ask({"ZADD", key("zset"), std::to_string(i), "new" + field(i), "7", field(i)});
    ask({"ZPOPMIN", key("zset"), "2"});
    ask({"ZPOPMAX", key("zset")});
    ask({"ZREMRANGEBYSCORE", key("zset"), std::to_string(i), "(" + std::to_string(i + 0.05)});
    if (i % 200 == 0) ask({"ZUNIONSTORE", key("all"), "2", key("zset"), key("all")});
    if (i % 60 == 0) send_piece();
  }
  expect_equal_in_the_end();
}

TEST_F(SortedSetSyncTest, ASortedSetMayBeCutMeanwhile) {
  for (const int pieces : {0, 2, 4}) {
    SCOPED_TRACE(pieces);
    world_.configure(World::config(static_cast<std::uint64_t>(pieces) * 2 + 1, 1, {1}));
    world_.run();
    for (int i = 0; i < kFields; ++i) {
      ask({"ZADD", key("zset"), std::to_string(i % 500), field(i)});
    }
    world_.configure(World::config(static_cast<std::uint64_t>(pieces) * 2 + 2, 1, {1}, {2}));
    send_pieces(pieces);
    ask({"ZREMRANGEBYRANK", key("zset"), "100", "2500"});
    send_piece();
    ask({"ZREMRANGEBYSCORE", key("zset"), "100", "400"});
    send_piece();
    ask({"ZRANGESTORE", key("zset"), key("zset"), "5", "-100"});
    world_.run();
    EXPECT_TRUE(world_.same_data(1, 2));
  }
}

TEST_F(ContainerSyncTest, SetsThatChanceChangesAreEqual) {
  world_.around(1).copies_required = 1;
  world_.configure(World::config(1, 1, {1}));
  for (int i = 0; i < 5000; ++i) ask({"SADD", key("set"), field(i)});
  begin_sync();
  for (int i = 0; i < 300; ++i) {
    ask({"SPOP", key("set")});
    ask({"SPOP", key("set"), "5"});
    ask({"SADD", key("set"), "new" + field(i)});
    ask({"SMOVE", key("set"), key("to"), "new" + field(i - 1)});
    if (i % 50 == 0) ask({"SUNIONSTORE", key("all"), key("set"), key("to")});
    if (i % 60 == 0) send_piece();
  }
  expect_equal_in_the_end();
}

}  // namespace
}  // namespace borg::replication::testing
