// SPDX-License-Identifier: Apache-2.0
#include "resp/writer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>

#include "resp/integer.h"
#include "resp/parser.h"

namespace borg::resp {
namespace {

template <class Write>
std::string written(Version version, Write write) {
  ByteBuffer out;
  Writer writer(out, version);
  write(writer);
  return std::string(out.view());
}

TEST(Writer, WritesEachTypeInBothVersions) {
  const auto both = [](auto write) {
    return written(Version::kResp2, write) + "|" + written(Version::kResp3, write);
  };
  EXPECT_EQ(both([](Writer& w) { w.ok(); }), "+OK\r\n|+OK\r\n");
  EXPECT_EQ(both([](Writer& w) { w.simple("PONG"); }), "+PONG\r\n|+PONG\r\n");
  EXPECT_EQ(both([](Writer& w) { w.integer(-12); }), ":-12\r\n|:-12\r\n");
  EXPECT_EQ(both([](Writer& w) { w.bulk(""); }), "$0\r\n\r\n|$0\r\n\r\n");
  EXPECT_EQ(both([](Writer& w) { w.null(); }), "$-1\r\n|_\r\n");
  EXPECT_EQ(both([](Writer& w) { w.null_array(); }), "*-1\r\n|_\r\n");
  EXPECT_EQ(both([](Writer& w) { w.boolean(true); }), ":1\r\n|#t\r\n");
  EXPECT_EQ(both([](Writer& w) { w.boolean(false); }), ":0\r\n|#f\r\n");
  EXPECT_EQ(both([](Writer& w) { w.real(2.5); }), "$3\r\n2.5\r\n|,2.5\r\n");
  EXPECT_EQ(written(Version::kResp3, [](Writer& w) { w.real(0.1); }), ",0.10000000000000001\r\n");
  EXPECT_EQ(written(Version::kResp3, [](Writer& w) { w.real(-0.0); }), ",-0\r\n");
  EXPECT_EQ(written(Version::kResp3, [](Writer& w) { w.real(1e20); }), ",1e+20\r\n");
  EXPECT_EQ(both([](Writer& w) { w.big_number("12"); }), "$2\r\n12\r\n|(12\r\n");
  EXPECT_EQ(both([](Writer& w) { w.verbatim("hi"); }), "$2\r\nhi\r\n|=6\r\ntxt:hi\r\n");
  EXPECT_EQ(both([](Writer& w) { w.array(3); }), "*3\r\n|*3\r\n");
  EXPECT_EQ(both([](Writer& w) { w.set(3); }), "*3\r\n|~3\r\n");
  EXPECT_EQ(both([](Writer& w) { w.map(3); }), "*6\r\n|%3\r\n");
  EXPECT_EQ(both([](Writer& w) { w.push(3); }), "*3\r\n|>3\r\n");
}

TEST(Writer, KeepsAnErrorOnOneLine) {
  EXPECT_EQ(written(Version::kResp2, [](Writer& w) { w.error("ERR a\r\nb"); }), "-ERR a  b\r\n");
}

TEST(Writer, NamesTheNumbersThatAreNone) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(written(Version::kResp3, [](Writer& w) { w.real(kInfinity); }), ",inf\r\n");
  EXPECT_EQ(written(Version::kResp3, [](Writer& w) { w.real(-kInfinity); }), ",-inf\r\n");
  EXPECT_EQ(written(Version::kResp2, [](Writer& w) { w.real(-kInfinity); }), "$4\r\n-inf\r\n");
}

TEST(Integer, ReadsWhatItWrote) {
  EXPECT_TRUE(rc::check([](std::int64_t value) {
    char text[kIntegerCharsMax];
    const char* end = format_integer(text, value);
    RC_ASSERT(parse_integer({text, static_cast<std::size_t>(end - text)}) == value);
  }));
}

TEST(Integer, IsReadStrictly) {
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
  for (const char* text :
       {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "1a", "0x1", "9223372036854775808",
        "-9223372036854775809", "18446744073709551617", "99999999999999999999"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace borg::resp
