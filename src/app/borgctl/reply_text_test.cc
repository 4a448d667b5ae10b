// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/reply_text.h"

#include <gtest/gtest.h>

namespace borg::borgctl {
namespace {

/// The text for a reply in the protocol.
std::string shown(std::string_view bytes) {
  const resp::ReplyResult result = resp::parse_reply(bytes);
  return result.reply ? reply_text(result.reply->value) : "not a reply";
}

std::string raw(std::string_view bytes) {
  return raw_reply_text(resp::parse_reply(bytes).reply->value);
}

TEST(ReplyText, ShowsSingleValues) {
  EXPECT_EQ(shown("+OK\r\n"), "OK\n");
  EXPECT_EQ(shown("-ERR no\r\n"), "(error) ERR no\n");
  EXPECT_EQ(shown(":1\r\n"), "(integer) 1\n");
  EXPECT_EQ(shown("$3\r\na\"b\r\n"), "\"a\\\"b\"\n");
  EXPECT_EQ(shown("$-1\r\n"), "(nil)\n");
  EXPECT_EQ(shown("*-1\r\n"), "(nil)\n");
  EXPECT_EQ(shown("*0\r\n"), "(empty array)\n");
}

TEST(ReplyText, NestsArraysUnderTheirNumber) {
  EXPECT_EQ(shown("*2\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n$1\r\nb\r\n"),
            "1) \"a\"\n"
            "2) 1) (integer) 1\n"
            "   2) 1) \"b\"\n");
}

TEST(ReplyText, AlignsNumbersOfManyDigits) {
  std::string bytes = "*10\r\n";
  for (int i = 0; i < 10; ++i) bytes += ":7\r\n";
  const std::string text = shown(bytes);
  EXPECT_TRUE(text.starts_with(" 1) (integer) 7\n"));
  EXPECT_TRUE(text.ends_with("10) (integer) 7\n"));
}

TEST(ReplyText, ShowsTheTypesOfResp3) {
  EXPECT_EQ(shown("%1\r\n$1\r\nk\r\n:1\r\n"), "1# \"k\" => (integer) 1\n");
  EXPECT_EQ(shown("~1\r\n+a\r\n"), "1~ a\n");
  EXPECT_EQ(shown("#t\r\n"), "(true)\n");
  EXPECT_EQ(shown("_\r\n"), "(nil)\n");
  EXPECT_EQ(shown(",1.5\r\n"), "(double) 1.5\n");
}

TEST(ReplyText, RawIsALineForEachValue) {
  EXPECT_EQ(raw("$3\r\na\"b\r\n"), "a\"b\n");
  EXPECT_EQ(raw("*3\r\n:1\r\n$0\r\n\r\n$1\r\nx\r\n"), "1\n\nx\n");
  EXPECT_EQ(raw("$4\r\na\nb\n\r\n"), "a\nb\n");
  EXPECT_EQ(raw("$-1\r\n"), "\n");
}

}  // namespace
}  // namespace borg::borgctl
