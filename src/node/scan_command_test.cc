// SPDX-License-Identifier: Apache-2.0
#include "node/scan_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "node/testing/worker_world.h"
#include "resp/parser.h"

namespace borg::node {
namespace {

using testing::Connection;
using ::testing::StartsWith;
using testing::WorkerWorld;

/// Two nodes, each primary of every other partition, with 300 keys.
class ScanCommandTest : public ::testing::Test {
 protected:
  ScanCommandTest() {
    for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
      world_.place(PartitionId(p), {1 + p % 2, 2 - p % 2});
    }
    world_.publish();
    world_.run();
    for (int i = 0; i < 300; ++i) {
      keys_.insert("k" + std::to_string(i));
      world_.send(client_, {"SET", "k" + std::to_string(i), "v"});
    }
    world_.run();
    client_.take();
  }
  std::string ask(std::vector<std::string> args) { return world_.ask(client_, args); }

  struct Page {
    std::string cursor;
    std::vector<resp::Value> items;
  };
  Page page(const std::vector<std::string>& args) {
    const std::string reply = ask(args);
    const resp::ReplyResult parsed = resp::parse_reply(reply);
    if (!parsed.reply || parsed.reply->value.elements.size() != 2) {
      ADD_FAILURE() << reply;
      return {"0", {}};
    }
    return {parsed.reply->value.elements[0].text, parsed.reply->value.elements[1].elements};
  }
  std::multiset<std::string> scan_all(const std::vector<std::string>& options,
                                      const std::function<void(int)>& meanwhile = {}) {
    std::multiset<std::string> found;
    std::string cursor = "0";
    for (int n = 0; n < 5000; ++n) {
      std::vector<std::string> args{"SCAN", cursor};
      args.insert(args.end(), options.begin(), options.end());
      const Page next = page(args);
      for (const resp::Value& key : next.items) found.insert(key.text);
      cursor = next.cursor;
      if (cursor == "0") return found;
      if (meanwhile) meanwhile(n);
    }
    ADD_FAILURE() << "the scan does not end";
    return found;
  }

  std::multiset<std::string> keys_;
  WorkerWorld world_{2};
  Connection& client_{world_.connect(1)};
};

TEST_F(ScanCommandTest, FindsEveryKeyOnceWhileNothingChanges) {
  EXPECT_EQ(scan_all({}), keys_);
  EXPECT_EQ(scan_all({"COUNT", "1"}), keys_);
  EXPECT_EQ(scan_all({"count", "100000"}), keys_);
}

TEST_F(ScanCommandTest, TheCursorFitsADouble) {
  std::string cursor = "0";
  do {
    cursor = page({"SCAN", cursor, "COUNT", "3"}).cursor;
    EXPECT_LT(std::stoull(cursor), 1ULL << 53);
  } while (cursor != "0");
}

TEST_F(ScanCommandTest, GivesOnlyWhatMatches) {
  const auto found = scan_all({"MATCH", "k29?"});
  EXPECT_EQ(found.size(), 10u);
  EXPECT_TRUE(scan_all({"TYPE", "list"}).empty());
  EXPECT_EQ(scan_all({"TYPE", "string"}), keys_);
}

TEST_F(ScanCommandTest, KeysThatStayAreFoundWhileOthersComeAndGo) {
  const auto found = scan_all({"COUNT", "5"}, [&](int n) {
    world_.send(client_, {"SET", "new" + std::to_string(n), "v"});
    world_.send(client_, {"DEL", "new" + std::to_string(n / 2)});
    world_.run();
  });
  for (const std::string& key : keys_) EXPECT_TRUE(found.contains(key)) << key;
}

TEST_F(ScanCommandTest, GoesOnAtAnotherNodeAndAfterAChangeOfPrimary) {
  Page first = page({"SCAN", "0", "COUNT", "100"});
  std::multiset<std::string> found;
  for (const resp::Value& key : first.items) found.insert(key.text);
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    world_.place(PartitionId(p), {2 - p % 2, 1 + p % 2});
  }
  world_.publish();
  world_.run();
  Connection& other = world_.connect(2);
  std::string cursor = first.cursor;
  while (cursor != "0") {
    const auto parsed = resp::parse_reply(world_.ask(other, {"SCAN", cursor, "COUNT", "100"}));
    ASSERT_TRUE(parsed.reply);
    cursor = parsed.reply->value.elements[0].text;
    for (const auto& key : parsed.reply->value.elements[1].elements) found.insert(key.text);
  }
  EXPECT_EQ(found, keys_);
}

TEST_F(ScanCommandTest, WrongOptionsAreRefused) {
  EXPECT_THAT(ask({"SCAN", "x"}), StartsWith("-ERR invalid cursor"));
  EXPECT_THAT(ask({"SCAN", "0", "COUNT", "0"}), StartsWith("-ERR syntax error"));
  EXPECT_THAT(ask({"SCAN", "0", "COUNT", "x"}), StartsWith("-ERR value is not an integer"));
  EXPECT_THAT(ask({"SCAN", "0", "COUNT"}), StartsWith("-ERR syntax error"));
  EXPECT_THAT(ask({"SCAN", "0", "WHAT", "1"}), StartsWith("-ERR syntax error"));
}

TEST_F(ScanCommandTest, ACursorThatNobodyGaveEndsOrGoesOn) {
  for (const char* cursor : {"1", "274877906943", "4503599627370496", "18446744073709551615"}) {
    const auto parsed = resp::parse_reply(ask({"SCAN", cursor}));
    ASSERT_TRUE(parsed.reply) << cursor;
    EXPECT_EQ(parsed.reply->value.elements.size(), 2u);
  }
}

TEST_F(ScanCommandTest, LocalShowsWhatThisNodeHoldsAndAsWhat) {
  std::size_t primary = 0;
  std::size_t backup = 0;
  std::string cursor = "0";
  do {
    const Page next = page({"BORG", "LOCAL", cursor});
    for (const resp::Value& item : next.items) {
      ASSERT_EQ(item.elements.size(), 2u);
      primary += item.elements[1].text == "primary" ? 1 : 0;
      backup += item.elements[1].text == "backup" ? 1 : 0;
    }
    cursor = next.cursor;
  } while (cursor != "0");
  EXPECT_EQ(primary + backup, 300u);
  EXPECT_GT(primary, 50u);
  EXPECT_GT(backup, 50u);
}

TEST_F(ScanCommandTest, LocalNeedsNoOtherNode) {
  world_.cut(1, 2);
  EXPECT_EQ(page({"BORG", "LOCAL"}).items.size(), 300u);
}

TEST_F(ScanCommandTest, AScanWhosePartitionHasNoPrimarySaysSo) {
  world_.cut(1, 2);
  world_.send(client_, {"SCAN", "0", "COUNT", "1000"});
  world_.pass(Duration::seconds(5));
  world_.run();
  EXPECT_THAT(client_.take(), StartsWith("-CLUSTERDOWN "));
}

TEST_F(ScanCommandTest, PassesOverWhatNobodyServesIfItIsToldTo) {
  world_.cut(1, 2);
  world_.send(client_, {"BORG", "SCAN", "0", "COUNT", "1000", "UNSERVED", ""});
  world_.pass(Duration::seconds(5));
  world_.run();
  const auto first = resp::parse_reply(client_.take());
  ASSERT_TRUE(first.reply);
  ASSERT_EQ(first.reply->value.elements.size(), 4u);
  EXPECT_EQ(first.reply->value.elements[0].text, "0");
  const auto& unserved = first.reply->value.elements[3].elements;
  ASSERT_EQ(unserved.size(), kPartitionCount / 2u);
  EXPECT_EQ(unserved.front().elements[0].integer, 16);
  EXPECT_EQ(unserved.front().elements[1].integer, 31);
  const std::size_t found = first.reply->value.elements[1].elements.size();
  EXPECT_GT(found, 50u);
  EXPECT_LT(found, 250u);
  // What is known is not waited for again.
  std::string ranges;
  for (const resp::Value& range : unserved) {
    ranges += (ranges.empty() ? "" : ",") + std::to_string(range.elements[0].integer) + "-" +
              std::to_string(range.elements[1].integer);
  }
  const auto again =
      resp::parse_reply(ask({"BORG", "SCAN", "0", "COUNT", "1000", "UNSERVED", ranges}));
  ASSERT_TRUE(again.reply);
  EXPECT_EQ(again.reply->value.elements[1].elements.size(), found);
  EXPECT_TRUE(again.reply->value.elements[3].elements.empty());
  for (const char* wrong : {"1", "5-3", "0-16384", "0-5,,", "x-y"}) {
    EXPECT_EQ(ask({"BORG", "SCAN", "0", "UNSERVED", wrong}), "-ERR syntax error\r\n") << wrong;
  }
  EXPECT_EQ(ask({"SCAN", "0", "UNSERVED", ""}), "-ERR syntax error\r\n");
}

TEST_F(ScanCommandTest, ARandomKeyIsOneThatIsThere) {
  std::set<std::string> drawn;
  for (int i = 0; i < 100; ++i) {
    const auto parsed = resp::parse_reply(ask({"RANDOMKEY"}));
    ASSERT_TRUE(parsed.reply);
    drawn.insert(parsed.reply->value.text);
  }
  EXPECT_GT(drawn.size(), 20u);
  for (const std::string& key : drawn) EXPECT_TRUE(keys_.contains(key)) << key;
  ask({"FLUSHALL"});
  EXPECT_EQ(ask({"RANDOMKEY"}), "$-1\r\n");
  // Half of the partitions cannot be asked: there may be keys.
  world_.cut(1, 2);
  world_.send(client_, {"RANDOMKEY"});
  world_.pass(Duration::seconds(5));
  world_.run();
  EXPECT_THAT(client_.take(), StartsWith("-CLUSTERDOWN "));
}

}  // namespace
}  // namespace borg::node
