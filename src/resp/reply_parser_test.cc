// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "resp/parser.h"
#include "resp/writer.h"

namespace borg::resp {
namespace {

using Kind = Value::Kind;

bool equal(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.text != b.text || a.integer != b.integer ||
      a.elements.size() != b.elements.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.elements.size(); ++i) {
    if (!equal(a.elements[i], b.elements[i])) return false;
  }
  return true;
}

std::string draw_text(Random& random, bool one_line) {
  std::string text;
  for (std::uint64_t i = random.below(12); i > 0; --i) {
    text += static_cast<char>(one_line ? random.between(' ', '~') : random.between(0, 255));
  }
  return text;
}

/// Draws a reply, writes it and returns what reading it must give (in RESP3).
Value draw_value(Random& random, Writer& writer, int depth);

Value draw_aggregate(Random& random, Writer& writer, int depth) {
  Value value;
  const std::uint64_t size = random.below(4);
  std::uint64_t children = size;
  switch (random.below(4)) {
    case 0:
      value.kind = Kind::kArray, writer.array(size);
      break;
    case 1:
      value.kind = Kind::kSet, writer.set(size);
      break;
    case 2:
      value.kind = Kind::kPush, writer.push(size);
      break;
    default:
      value.kind = Kind::kMap, writer.map(size), children = size * 2;
      break;
  }
  for (; children > 0; --children) {
    value.elements.push_back(draw_value(random, writer, depth + 1));
  }
  return value;
}

Value draw_value(Random& random, Writer& writer, int depth) {
  Value value;
  const auto with_text = [&](Kind kind, bool one_line) {
    value.kind = kind;
    value.text = draw_text(random, one_line);
    return std::string_view(value.text);
  };
  switch (random.below(depth < 4 ? 9 : 7)) {
    case 0:
      writer.simple(with_text(Kind::kSimple, true));
      break;
    case 1:
      writer.error(with_text(Kind::kError, true));
      break;
    case 2:
      writer.bulk(with_text(Kind::kBulk, false));
      break;
    case 3:
      writer.verbatim(with_text(Kind::kVerbatim, false));
      break;
    case 4:
      value.kind = Kind::kInteger;
      value.integer = static_cast<std::int64_t>(random.next());
      writer.integer(value.integer);
      break;
    case 5:
      value.kind = Kind::kBoolean;
      value.integer = random.chance(1, 2) ? 1 : 0;
      writer.boolean(value.integer == 1);
      break;
    case 6:
      writer.null();
      break;
    default:
      return draw_aggregate(random, writer, depth);
  }
  return value;
}

TEST(ReplyParser, ReadsWhatTheWriterWrote) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    ByteBuffer out;
    Writer writer(out, Version::kResp3);
    const Value value = draw_value(random, writer, 0);
    const ReplyResult result = parse_reply(out.view());
    ASSERT_TRUE(result.reply) << seed;
    EXPECT_EQ(result.reply->consumed, out.size()) << seed;
    EXPECT_TRUE(equal(result.reply->value, value)) << seed;
  }
}

TEST(ReplyParser, AsksForMoreOnEveryTrueBeginning) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    ByteBuffer out;
    Writer writer(out, Version::kResp3);
    draw_value(random, writer, 0);
    for (std::size_t size = 0; size < out.size(); ++size) {
      const ReplyResult result = parse_reply(out.view().substr(0, size));
      ASSERT_FALSE(result.reply) << seed << " " << size;
      ASSERT_EQ(result.error, ReplyError::kNeedMore) << seed << " " << size;
    }
  }
}

TEST(ReplyParser, TakesTheNullsOfResp2) {
  for (const char* text : {"$-1\r\n", "*-1\r\n", "_\r\n"}) {
    const ReplyResult result = parse_reply(text);
    ASSERT_TRUE(result.reply);
    EXPECT_EQ(result.reply->value.kind, Kind::kNull);
    EXPECT_EQ(result.reply->consumed, std::string_view(text).size());
  }
}

TEST(ReplyParser, KeepsTheDigitsOfDoubles) {
  EXPECT_EQ(parse_reply(",1.50\r\n").reply->value.text, "1.50");
  EXPECT_EQ(parse_reply("(123456789012345678901234567890\r\n").reply->value.kind, Kind::kBigNumber);
}

TEST(ReplyParser, RefusesWhatNoServerSends) {
  for (const char* text :
       {"x", ":1a\r\n", "$-2\r\n", "$a\r\n", "$1\r\nabc", "*-2\r\n", "#x\r\n", "%-1\r\n",
        "=2\r\nab\r\n", "=-1\r\n", "_a\r\n", "+a\rb", "$600000000\r\n"}) {
    const ReplyResult result = parse_reply(text);
    EXPECT_FALSE(result.reply) << text;
    EXPECT_EQ(result.error, ReplyError::kMalformed) << text;
  }
}

TEST(ReplyParser, BoundsTheNesting) {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += "*1\r\n";
    return text + ":1\r\n";
  };
  EXPECT_TRUE(parse_reply(nested(32)).reply);
  EXPECT_EQ(parse_reply(nested(33)).error, ReplyError::kMalformed);
  EXPECT_FALSE(parse_reply(nested(100'000)).reply);
}

TEST(ReplyParser, NeverTrustsASize) {
  EXPECT_EQ(parse_reply("*2000000000\r\n").error, ReplyError::kNeedMore);
}

TEST(ReplyParser, SurvivesArbitraryBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    const ReplyResult result = parse_reply(bytes);
    if (result.reply) RC_ASSERT(result.reply->consumed <= bytes.size());
  }));
  static constexpr std::string_view kBytes = "+-:$*_#,(!=%~>\r\n0123t";
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Random random(seed);
    std::string bytes;
    for (std::uint64_t i = random.below(40); i > 0; --i) {
      bytes += random.chance(1, 4) ? "\r\n" : std::string(1, kBytes[random.below(kBytes.size())]);
    }
    const ReplyResult result = parse_reply(bytes);
    ASSERT_LE(result.reply ? result.reply->consumed : 0, bytes.size());
  }
}

}  // namespace
}  // namespace borg::resp
