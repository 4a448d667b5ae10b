// SPDX-License-Identifier: Apache-2.0
#include "commands/dump_format.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"
#include "base/slot.h"
#include "commands/listpack.h"
#include "commands/rdb.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"
#include "storage/value_kinds.h"

namespace borg::commands {
namespace {

using storage::key_ref;
using storage::kNoExpiry;
using storage::PartitionStore;

const storage::KeyRef kKey = key_ref("{t}key");
const storage::KeyRef kOther = key_ref("{t}other");

/// With the version and checksum that RESTORE wants.
std::string sealed(std::string body) {
  body += std::string("\x0a\x00", 2);
  const std::uint64_t crc = rdb::crc64(body);
  for (int i = 0; i < 8; ++i) body += static_cast<char>(crc >> (8 * i));
  return body;
}

class Dump : public ::testing::Test {
 protected:
  /// What is at kKey comes back as it is.
  void expect_same() {
    const std::string bytes = dumped(*store_.find(kKey));
    ASSERT_TRUE(is_dump(bytes));
    const auto value = read_dump(bytes);
    ASSERT_TRUE(value);
    store_.erase(kOther);
    value->store(store_, kOther, 17);
    EXPECT_EQ(digest_of_value(*store_.find(kOther)), digest_of_value(*store_.find(kKey)));
    EXPECT_EQ(store_.find(kOther)->expiry, 17);
  }
  void push(std::string_view element) {
    storage::ListWriter(store_, kKey, store_.find(kKey)).push(storage::ListEnd::kRight, element);
  }
  void add(std::string_view member) {
    storage::SetWriter(store_, kKey, store_.find(kKey)).add(member);
  }
  void put(std::string_view field, std::string_view value) {
    storage::HashWriter(store_, kKey, store_.find(kKey)).put(field, value);
  }

  PartitionStore store_{partition_of(kKey.slot)};
};

TEST_F(Dump, OfStringsComesBack) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("127"), std::string("-129"),
        std::string("32768"), std::string("2147483648"), std::string("007"), std::string(63, 'x'),
        std::string(64, 'x'), std::string(20'000, 'y')}) {
    store_.put(kKey, text, kNoExpiry);
    expect_same();
  }
}

TEST_F(Dump, OfListsComesBack) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    push(i % 3 == 0 ? std::to_string(static_cast<std::int64_t>(random.next()) >> random.below(64))
                    : std::string(random.below(i % 100 == 1 ? 20'000 : 200), 'x'));
    if (i < 5 || i % 1000 == 0) expect_same();
  }
  expect_same();
}

TEST_F(Dump, OfSetsComesBack) {
  for (const std::int64_t first : {0, 40'000, 3'000'000}) {
    for (int i = 0; i < 20; ++i) add(std::to_string(first * first + i - 5));
    expect_same();
  }
  for (int i = 0; i < 500; ++i) {
    add("member " + std::to_string(i));
    if (i % 100 == 0) expect_same();
  }
}

TEST_F(Dump, OfHashesComesBack) {
  for (int i = 0; i < 1000; ++i) {
    put("field " + std::to_string(i), std::to_string(i * i));
    if (i % 200 == 0) expect_same();
  }
  put("field 5", std::string(5000, 'z'));
  expect_same();
}

TEST_F(Dump, OfSortedSetsComesBack) {
  for (int i = 0; i < 1000; ++i) {
    storage::SortedSetWriter set(store_, kKey, store_.find(kKey));
    set.put("member " + std::to_string(i), i % 7 == 0 ? 1.0 / (i + 1) : i * 1e17);
    if (i % 100 == 0) expect_same();
  }
  storage::SortedSetWriter set(store_, kKey, store_.find(kKey));
  set.put("low", -std::numeric_limits<double>::infinity());
  set.put("", std::numeric_limits<double>::infinity());
  expect_same();
}

TEST_F(Dump, WithAnotherVersionOrChecksumIsNone) {
  store_.put(kKey, "value", kNoExpiry);
  const std::string bytes = dumped(*store_.find(kKey));
  EXPECT_EQ(bytes, sealed(std::string("\x00\x05value", 7)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    EXPECT_FALSE(is_dump(damaged)) << i;
    EXPECT_FALSE(is_dump(bytes.substr(0, i))) << i;
  }
}

TEST_F(Dump, OfLzfIsRead) {
  // "aaaaaaaaaa": one as it is, then nine from one back.
  const auto value = read_dump(sealed(std::string("\x00\xc3\x05\x0a\x00\x61\xe0\x00\x00", 9)));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->items.front(), "aaaaaaaaaa");
  EXPECT_FALSE(read_dump(sealed(std::string("\x00\xc3\x05\x0b\x00\x61\xe0\x00\x00", 9))));
  EXPECT_FALSE(read_dump(sealed(std::string("\x00\xc3\x05\x0a\x00\x61\xe0\x00\x01", 9))));
}

TEST_F(Dump, OfNothingOrTwiceTheSameIsRefused) {
  for (const std::string_view body :
       {std::string_view("\x02\x00", 2), std::string_view("\x02\x02\x01\x61\x01\x61", 6),
        std::string_view("\x04\x02\x01\x61\x01\x31\x01\x61\x01\x31", 10),
        std::string_view("\x12\x00", 2), std::string_view("\x12\x01\x02\x00", 4),
        std::string_view("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xf7", 10),
        std::string_view("\x0b\x08\x03\x00\x00\x00\x00\x00\x00\x00", 10),
        std::string_view("\x15\x01\x61", 3), std::string_view()}) {
    EXPECT_FALSE(read_dump(sealed(std::string(body)))) << body.size();
  }
}

TEST_F(Dump, DamagedOnesAreReadOrRefused) {
  Random random(2);
  for (int i = 0; i < 200; ++i) put("f" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = dumped(*store_.find(kKey));
    bytes.resize(bytes.size() - 10);
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    if (const auto value = read_dump(sealed(bytes))) {
      store_.erase(kOther);
      value->store(store_, kOther, kNoExpiry);
    }
  }
}

/// Without version and checksum: scores as text, a zipmap, a ziplist as list, as sorted set and as
/// hash, a quicklist of ziplists.
constexpr std::string_view kOfOldRedis[] = {
    {"\x03\x03\x01\x61\x03\x31\x2e\x35\x01\x62\xfe\x01\x63\xff", 14},
    {"\x09\x14\x02\x01\x66\x01\x02\x76\x78\x78\x05\x66\x69\x65\x6c\x64\x01\x02\x77\x78\x78"
     "\xff",
     22},
    {"\x0a\x40\x70\x70\x00\x00\x00\x6c\x00\x00\x00\x06\x00\x00\x02\x61\x62\x04\xf8\xfe\x02"
     "\x00\x00\x00\xf0\x90\xee\xfe\x09\xe0\x00\x00\x00\x00\x00\x01\x00\x00\x0a\x40\x46\x78"
     "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
     "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
     "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
     "\x78\x78\x78\x78\x78\x78\x49\x01\x63\xff",
     115},
    {"\x0c\x18\x18\x00\x00\x00\x12\x00\x00\x00\x04\x00\x00\x01\x61\x03\xf2\x02\x01\x62\x03"
     "\x03\x31\x2e\x35\xff",
     26},
    {"\x0d\x18\x18\x00\x00\x00\x14\x00\x00\x00\x04\x00\x00\x01\x66\x03\xc0\x2c\x01\x04\x01"
     "\x67\x03\x01\x77\xff",
     26},
    {"\x0e\x02\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01\x61\x03\xf2\xff\x11\x11"
     "\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01\x62\x03\xfe\xfb\xff",
     37},
};

TEST_F(Dump, OfOldRedisDamagedIsReadOrRefused) {
  Random random(4);
  int read = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string body(kOfOldRedis[i % std::size(kOfOldRedis)]);
    ASSERT_TRUE(read_dump(sealed(body)));
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      body[1 + random.below(body.size() - 1)] = static_cast<char>(random.below(256));
    }
    const auto value = read_dump(sealed(body));
    if (!value) continue;
    ++read;
    store_.erase(kOther);
    value->store(store_, kOther, kNoExpiry);
    store_.copy(kOther, kKey);
    expect_same();
  }
  EXPECT_GT(read, 0);
}

TEST_F(Dump, OfOldRedisCutShortIsRefused) {
  for (const std::string_view body : kOfOldRedis) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(read_dump(sealed(std::string(body.substr(0, size))))) << size;
    }
  }
}

TEST(Listpack, KeepsElementsOfEverySize) {
  Random random(3);
  std::vector<std::string> elements;
  ListpackWriter writer;
  for (int i = 0; i < 500; ++i) {
    const auto number = static_cast<std::int64_t>(random.next()) >> random.below(64);
    elements.push_back(i % 2 == 0 ? std::to_string(number) : std::string(i * i / 10, 'x'));
    writer.add(elements.back());
  }
  const std::size_t size = writer.bytes();
  const std::string bytes = writer.finish();
  EXPECT_EQ(bytes.size(), size);
  EXPECT_EQ(read_listpack(bytes), elements);
  EXPECT_FALSE(read_listpack(bytes + "x"));
  EXPECT_FALSE(read_listpack(bytes.substr(0, bytes.size() - 1)));
}

}  // namespace
}  // namespace borg::commands
