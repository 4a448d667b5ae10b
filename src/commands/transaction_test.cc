// SPDX-License-Identifier: Apache-2.0
#include "commands/transaction.h"

#include <gtest/gtest.h>

#include "base/slot.h"
#include "commands/fake_cluster.h"

namespace borg::commands {
namespace {

using testing::FakeCluster;
using List = std::vector<std::string_view>;

constexpr std::string_view kNull = "*-1\r\n";
constexpr std::string_view kNotOne = "-ERR not a transaction of this partition\r\n";

/// One partition, that of the hash tag {a}, with a primary and a backup.
class Transactions : public ::testing::Test {
 protected:
  std::string run(const List& args) { return cluster_.run_part(*resolve(args), partition_, args); }
  PartitionId partition_ = partition_of(slot_of_key("a"));
  FakeCluster cluster_;
};

TEST_F(Transactions, AreOneReply) {
  EXPECT_EQ(run({"_exec", "0", "3", "set", "{a}", "1", "2", "incr", "{a}", "2", "get", "{a}"}),
            "*3\r\n+OK\r\n:2\r\n$1\r\n2\r\n");
  EXPECT_EQ(run({"_execread", "0", "2", "get", "{a}", "3", "mget", "{a}", "{a}x"}),
            "*2\r\n$1\r\n2\r\n*2\r\n$1\r\n2\r\n$-1\r\n");
  EXPECT_EQ(run({"_execfree", "0", "2", "del", "{a}"}), "*1\r\n:1\r\n");
  EXPECT_EQ(run({"_execread", "0"}), "*0\r\n");
}

TEST_F(Transactions, GoOnBehindErrors) {
  EXPECT_EQ(run({"_exec", "0", "3", "set", "{a}", "x", "2", "incr", "{a}", "3", "lpush", "{a}", "1",
                 "3", "append", "{a}", "y"}),
            "*4\r\n+OK\r\n-ERR value is not an integer or out of range\r\n"
            "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n:2\r\n");
}

TEST_F(Transactions, LeaveNothingToChance) {
  List fill{"sadd", "{a}s"};
  std::vector<std::string> members;
  for (int i = 0; i < 50; ++i) members.push_back("m" + std::to_string(i));
  fill.insert(fill.end(), members.begin(), members.end());
  run(fill);
  for (int i = 0; i < 20; ++i) {
    // The stores and replies of both copies are compared each time.
    run({"_exec", "0", "2", "spop", "{a}s", "2", "srandmember", "{a}s", "3", "set", "{a}", "x", "2",
         "spop", "{a}s"});
  }
  EXPECT_EQ(run({"_execread", "0", "2", "scard", "{a}s"}), "*1\r\n:10\r\n");
}

TEST_F(Transactions, DrawAnewForEachCommand) {
  List fill{"sadd", "{a}s"};
  std::vector<std::string> members;
  for (int i = 0; i < 1000; ++i) members.push_back("m" + std::to_string(i));
  fill.insert(fill.end(), members.begin(), members.end());
  run(fill);
  const std::string reply =
      run({"_execread", "0", "2", "srandmember", "{a}s", "2", "srandmember", "{a}s"});
  const auto parsed = resp::parse_reply(reply);
  ASSERT_TRUE(parsed.reply);
  EXPECT_NE(parsed.reply->value.elements[0].text, parsed.reply->value.elements[1].text);
}

TEST_F(Transactions, KeepWhatPfcountHasComputed) {
  // The last of the eight bytes behind the magic and the encoding: its highest bit says "stale".
  const auto is_kept = [&] { return run({"getrange", "{a}h", "15", "15"}) != "$1\r\n\x80\r\n"; };
  run({"pfadd", "{a}h", "x", "y"});
  ASSERT_FALSE(is_kept());
  EXPECT_EQ(run({"_execread", "0", "2", "pfcount", "{a}h", "2", "pfcount", "{a}h"}),
            "*2\r\n:2\r\n:2\r\n");
  EXPECT_TRUE(is_kept());
  EXPECT_EQ(run({"_exec", "0", "3", "pfadd", "{a}h", "z", "2", "pfcount", "{a}h"}),
            "*2\r\n:1\r\n:3\r\n");
  EXPECT_TRUE(is_kept());
  EXPECT_EQ(run({"_exec", "0", "2", "pfcount", "{a}h", "3", "pfadd", "{a}h", "u"}),
            "*2\r\n:3\r\n:1\r\n");
  EXPECT_FALSE(is_kept());
}

TEST_F(Transactions, SeeExpiredKeysAsGone) {
  run({"set", "{a}", "1", "px", "10"});
  cluster_.now_ms += 20;
  EXPECT_EQ(run({"_execread", "0", "2", "get", "{a}"}), "*1\r\n$-1\r\n");
  EXPECT_TRUE(cluster_.met_expired());
  EXPECT_EQ(run({"_exec", "0", "2", "get", "{a}", "2", "incr", "{a}"}), "*2\r\n$-1\r\n:1\r\n");
}

TEST_F(Transactions, AreRefusedIfTheyMakeNoSense) {
  for (const List& args : std::initializer_list<List>{
           {"_exec", "x"},
           {"_exec", "-2"},
           {"_exec", "1"},
           {"_exec", "1", "{a}"},
           {"_exec", "9223372036854775807", "{a}", "t"},
           {"_exec", "0", "0"},
           {"_exec", "0", "3", "get", "{a}"},
           {"_exec", "0", "9223372036854775807", "get", "{a}"},
           {"_exec", "0", "1", "get"},
           {"_exec", "0", "1", "nonsense"},
           {"_exec", "0", "1", "ping"},
           {"_exec", "0", "1", "flushall"},
           {"_exec", "0", "2", "_exec", "0"},
           {"_exec", "0", "2", "_watch", "{a}"},
           {"_exec", "0", "2", "get", "{b}"},
           {"_exec", "1", "{b}", "1.1.1", "2", "get", "{a}"},
       }) {
    EXPECT_EQ(run(args), kNotOne) << args.size() << " " << args.back();
  }
}

TEST_F(Transactions, ThatWereGivenUpDoNothing) {
  EXPECT_EQ(run({"_exec", "-1"}), kNull);
  EXPECT_EQ(run({"_exec", "1", "{a}", "1.1.1", "2", "incr", "{a}"}), kNull)
      << "nothing is known of what was changed";
  EXPECT_EQ(run({"get", "{a}"}), "$-1\r\n");
}

TEST(TransactionKeys, AreThoseOfItsCommands) {
  const auto keys = [](const List& args) {
    List found;
    for_each_key(*resolve(args), args, [&](std::size_t i) { found.push_back(args[i]); });
    return found;
  };
  EXPECT_EQ(keys({"_exec", "1", "w", "t", "2", "get", "a", "5", "mset", "b", "1", "c", "2", "4",
                  "lmpop", "1", "d", "left"}),
            (List{"a", "b", "c", "d"}));
  EXPECT_EQ(keys({"_exec", "0", "9", "get", "a"}), List{});
  EXPECT_EQ(keys({"mget", "a", "b"}), (List{"a", "b"}));
}

/// A primary's store with a table of what is watched.
class Watching : public ::testing::Test {
 protected:
  void SetUp() override { store.record_watched(&table); }
  std::string run(const List& args) {
    ByteBuffer out;
    resp::Writer writer(out, resp::Version::kResp2);
    Context context{
        .store = store, .partition = partition, .now_ms = now_ms, .random = 1, .reply = writer};
    resolve(args)->handler(context, args);
    outcome = context.outcome;
    if (context.changed) table.begin_operation(seq = seq.next());
    return std::string(out.view());
  }
  std::string token(std::string_view key) {
    const std::string reply = run({"_watch", key});
    const auto parsed = resp::parse_reply(reply);
    EXPECT_TRUE(parsed.reply && parsed.reply->value.elements.size() == 1) << reply;
    return parsed.reply->value.elements[0].text;
  }
  std::string exec(std::string_view key, std::string_view watch_token) {
    return run({"_exec", "1", key, watch_token, "2", "get", key});
  }

  std::int64_t now_ms = 1000;
  Seq seq{5};
  PartitionId partition = partition_of(slot_of_key("a"));
  storage::PartitionStore store{partition};
  storage::WatchTable table{Epoch(2), seq};
  std::vector<std::string> outcome;
};

TEST_F(Watching, GoesOnIfNothingWasChanged) {
  run({"set", "{a}", "1"});
  const std::string watched = token("{a}");
  run({"set", "{a}other", "1"});
  run({"get", "{a}"});
  run({"incr", "{a}list"});
  EXPECT_EQ(exec("{a}", watched), "*1\r\n$1\r\n1\r\n");
  EXPECT_EQ(outcome, (std::vector<std::string>{"_exec", "0", "2", "get", "{a}"}))
      << "replicas have no use for tokens";
}

TEST_F(Watching, SeesAChangeThatWasUndone) {
  run({"set", "{a}", "1"});
  const std::string watched = token("{a}");
  run({"set", "{a}", "2"});
  run({"set", "{a}", "1"});
  EXPECT_EQ(exec("{a}", watched), kNull);
  EXPECT_EQ(outcome, (std::vector<std::string>{"_exec", "-1"}));
}

TEST_F(Watching, SeesAKeyCome) {
  const std::string watched = token("{a}");
  run({"del", "{a}"});
  EXPECT_EQ(exec("{a}", watched), "*1\r\n$-1\r\n");
  run({"set", "{a}", "1"});
  run({"del", "{a}"});
  EXPECT_EQ(exec("{a}", watched), kNull);
}

TEST_F(Watching, SeesAKeyExpire) {
  run({"set", "{a}", "1", "px", "10"});
  const std::string watched = token("{a}");
  EXPECT_EQ(exec("{a}", watched), "*1\r\n$1\r\n1\r\n");
  now_ms += 20;
  EXPECT_EQ(exec("{a}", watched), kNull);
}

TEST_F(Watching, SeesItsKeyFlushedIfItWasThere) {
  const std::string absent = token("{a}none");
  run({"set", "{a}", "1"});
  const std::string present = token("{a}");
  run({"flushall"});
  EXPECT_EQ(exec("{a}none", absent), "*1\r\n$-1\r\n");
  EXPECT_EQ(exec("{a}", present), kNull);
}

TEST_F(Watching, BelievesInNoOddToken) {
  const std::string watched = token("{a}");
  for (const std::string& odd : {std::string(), std::string("x"), watched + "0", "9" + watched}) {
    EXPECT_EQ(exec("{a}", odd), kNull) << odd;
  }
  store.record_watched(nullptr);
  EXPECT_EQ(exec("{a}", watched), kNull);
  EXPECT_EQ(run({"_watch", "{a}"}), "-ERR only a primary's keys can be watched\r\n");
}

}  // namespace
}  // namespace borg::commands
