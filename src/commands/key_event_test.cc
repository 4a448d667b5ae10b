// SPDX-License-Identifier: Apache-2.0
#include "commands/key_event.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "base/slot.h"
#include "commands/command.h"

namespace borg::commands {
namespace {

/// One partition, and what its handlers note.
class Events : public ::testing::Test {
 protected:
  /// "class event", separated by commas.
  std::string after(std::initializer_list<std::string_view> command) {
    const std::vector<std::string_view> args(command);
    const CommandSpec* const spec = resolve(args);
    ByteBuffer out;
    resp::Writer reply(out, resp::Version::kResp2);
    std::vector<KeyEvent> events;
    Context context{.store = store_,
                    .partition = partition_of(slot_of_key("{t}")),
                    .now_ms = now_ms_,
                    .random = 7,
                    .reply = reply,
                    .events = &events};
    spec->handler(context, args);
    std::string text;
    for (const KeyEvent& event : events) {
      if (!text.empty()) text += ", ";
      text += static_cast<char>(event.event_class);
      text += " " + std::string(event.name) + " " + event.key.substr(3);
    }
    return text;
  }

  std::int64_t now_ms_ = 1'700'000'000'000;
  storage::PartitionStore store_{partition_of(slot_of_key("{t}"))};
};

TEST_F(Events, OfSortedSets) {
  EXPECT_EQ(after({"ZADD", "{t}z", "1", "a", "2", "b"}), "n new z, z zadd z");
  EXPECT_EQ(after({"ZADD", "{t}z", "1", "a"}), "");
  EXPECT_EQ(after({"ZADD", "{t}z", "XX", "3", "c"}), "");
  EXPECT_EQ(after({"ZADD", "{t}none", "XX", "3", "c"}), "");
  EXPECT_EQ(after({"ZADD", "{t}z", "5", "a"}), "z zadd z");
  EXPECT_EQ(after({"ZADD", "{t}z", "INCR", "5", "a"}), "z zincr z");
  EXPECT_EQ(after({"ZINCRBY", "{t}i", "5", "a"}), "n new i, z zincr i");
  EXPECT_EQ(after({"ZREM", "{t}i", "x"}), "");
  EXPECT_EQ(after({"ZREM", "{t}i", "a", "x"}), "z zrem i, g del i");
  EXPECT_EQ(after({"ZSCORE", "{t}i", "a"}), "m keymiss i");
  EXPECT_EQ(after({"ZPOPMIN", "{t}i"}), "");
  EXPECT_EQ(after({"ZPOPMAX", "{t}z", "0"}), "");
  EXPECT_EQ(after({"ZRANGESTORE", "{t}to", "{t}z", "0", "-1"}), "n new to, z zrangestore to");
  EXPECT_EQ(after({"ZUNIONSTORE", "{t}to", "1", "{t}z"}), "z zunionstore to");
  EXPECT_EQ(after({"ZINTERSTORE", "{t}o", "1", "{t}z"}), "n new o, z zinterstore o");
  EXPECT_EQ(after({"ZDIFFSTORE", "{t}to", "1", "{t}i"}), "m keymiss i, g del to");
  EXPECT_EQ(after({"ZRANGESTORE", "{t}to", "{t}i", "0", "-1"}), "m keymiss i");
  EXPECT_EQ(after({"ZREMRANGEBYRANK", "{t}o", "0", "0"}), "z zremrangebyrank o");
  EXPECT_EQ(after({"ZREMRANGEBYLEX", "{t}o", "[x", "[y"}), "");
  EXPECT_EQ(after({"ZREMRANGEBYLEX", "{t}o", "-", "+"}), "z zremrangebylex o, g del o");
  EXPECT_EQ(after({"ZREMRANGEBYSCORE", "{t}z", "2", "2"}), "z zremrangebyscore z");
  EXPECT_EQ(after({"ZPOPMAX", "{t}z"}), "z zpopmax z, g del z");
  EXPECT_EQ(after({"ZADD", "{t}z", "1", "a", "2", "b"}), "n new z, z zadd z");
  EXPECT_EQ(after({"ZMPOP", "2", "{t}i", "{t}z", "MIN"}), "z zpopmin z");
}

TEST_F(Events, OfStrings) {
  EXPECT_EQ(after({"SET", "{t}a", "1"}), "n new a, $ set a");
  EXPECT_EQ(after({"SET", "{t}a", "1", "EX", "10"}), "$ set a, g expire a");
  EXPECT_EQ(after({"SET", "{t}a", "1", "NX"}), "");
  EXPECT_EQ(after({"SET", "{t}b", "1", "GET"}), "m keymiss b, n new b, $ set b");
  EXPECT_EQ(after({"SET", "{t}b", "1", "EXAT", "1"}), "$ set b, g expire b, x expired b");
  EXPECT_EQ(after({"GET", "{t}b"}), "m keymiss b");
  EXPECT_EQ(after({"INCR", "{t}n"}), "n new n, $ incrby n");
  EXPECT_EQ(after({"DECRBY", "{t}n", "2"}), "$ incrby n");
  EXPECT_EQ(after({"INCRBYFLOAT", "{t}n", "2"}), "$ incrbyfloat n");
  EXPECT_EQ(after({"APPEND", "{t}n", ""}), "$ append n");
  EXPECT_EQ(after({"SETRANGE", "{t}r", "2", "x"}), "n new r, $ setrange r");
  EXPECT_EQ(after({"SETRANGE", "{t}r", "2", ""}), "");
  EXPECT_EQ(after({"GETDEL", "{t}r"}), "g del r");
  EXPECT_EQ(after({"MSET", "{t}a", "1", "{t}z", "2"}), "$ set a, n new z, $ set z");
}

TEST_F(Events, OfExpiry) {
  after({"SET", "{t}a", "1"});
  EXPECT_EQ(after({"GETEX", "{t}a", "PX", "100"}), "g expire a");
  EXPECT_EQ(after({"PERSIST", "{t}a"}), "g persist a");
  EXPECT_EQ(after({"PERSIST", "{t}a"}), "");
  EXPECT_EQ(after({"PEXPIRE", "{t}a", "100"}), "g expire a");
  now_ms_ += 100;
  EXPECT_EQ(after({"_expire", "{t}a"}), "x expired a");
  EXPECT_EQ(after({"_expire", "{t}a"}), "");
  after({"SET", "{t}a", "1", "PX", "100"});
  now_ms_ += 100;
  EXPECT_EQ(after({"INCR", "{t}a"}), "x expired a, n new a, $ incrby a");
  EXPECT_EQ(after({"EXPIRE", "{t}a", "-1"}), "g del a");
  EXPECT_EQ(after({"DEL", "{t}a"}), "");
}

TEST_F(Events, OfContainers) {
  EXPECT_EQ(after({"HSET", "{t}h", "f", "1"}), "n new h, h hset h");
  EXPECT_EQ(after({"HSET", "{t}long", "f", std::string(100, 'x')}), "n new long, h hset long");
  EXPECT_EQ(after({"HINCRBY", "{t}h", "f", "1"}), "h hincrby h");
  EXPECT_EQ(after({"HDEL", "{t}h", "x"}), "");
  EXPECT_EQ(after({"HDEL", "{t}h", "f"}), "h hdel h, g del h");
  EXPECT_EQ(after({"RPUSH", "{t}l", "a", "b"}), "n new l, l rpush l");
  EXPECT_EQ(after({"LTRIM", "{t}l", "0", "-1"}), "l ltrim l");
  EXPECT_EQ(after({"LMOVE", "{t}l", "{t}m", "LEFT", "RIGHT"}), "n new m, l rpush m, l lpop l");
  EXPECT_EQ(after({"RPOPLPUSH", "{t}l", "{t}m"}), "l lpush m, l rpop l, g del l");
  EXPECT_EQ(after({"LMPOP", "1", "{t}m", "LEFT", "COUNT", "9"}), "l lpop m, g del m");
  EXPECT_EQ(after({"SADD", "{t}s", "1", "2"}), "n new s, s sadd s");
  EXPECT_EQ(after({"SADD", "{t}s", "1"}), "");
  EXPECT_EQ(after({"SMOVE", "{t}s", "{t}u", "1"}), "s srem s, n new u, s sadd u");
  EXPECT_EQ(after({"SUNIONSTORE", "{t}v", "{t}s", "{t}u"}), "n new v, s sunionstore v");
  EXPECT_EQ(after({"SINTERSTORE", "{t}v", "{t}s", "{t}u"}), "g del v");
  EXPECT_EQ(after({"SPOP", "{t}s"}), "s spop s, g del s");
}

TEST_F(Events, ThoseWhoLookFromOutsideMissNothing) {
  EXPECT_EQ(after({"OBJECT", "ENCODING", "{t}none"}), "");
  EXPECT_EQ(after({"MEMORY", "USAGE", "{t}none"}), "");
  EXPECT_EQ(after({"TTL", "{t}none"}), "m keymiss none");
}

}  // namespace
}  // namespace borg::commands
