// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/text_bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace borg::borgctl {
namespace {

TEST(TextBytes, TakesWellFormedUtf8) {
  for (const char* text : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xEF\xBF\xBF",
                           "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(TextBytes, RefusesWhatIsNotUtf8) {
  for (const char* bytes :
       {"\xFF", "\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x28\xA1", "a\xC3z"}) {
    EXPECT_FALSE(is_utf8(bytes)) << in_quotes(bytes);
  }
}

TEST(TextBytes, WritesBase64AsInRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(TextBytes, RefusesBase64ThatItWouldNotWrite) {
  for (const char* text :
       {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Z g="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(TextBytes, Base64OfAnyBytesReadsBack) {
  EXPECT_TRUE(rc::check(
      [](const std::string& bytes) { RC_ASSERT(from_base64(to_base64(bytes)) == bytes); }));
}

TEST(TextBytes, QuotesAsRedisCliDoes) {
  EXPECT_EQ(in_quotes("a\"b\\c\n\r\t\a\b"), R"("a\"b\\c\n\r\t\a\b")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x7F", 2)), R"("\x00\x7f")");
  EXPECT_EQ(in_quotes("\xC3\xA9"), "\"\xC3\xA9\"");
  EXPECT_EQ(in_quotes("\xC3\xA9\xFF"), R"("\xc3\xa9\xff")");
}

TEST(TextBytes, ShowsAPlainWordWithoutQuotes) {
  EXPECT_EQ(shown("user:1"), "user:1");
  EXPECT_EQ(shown(""), "\"\"");
  EXPECT_EQ(shown("two words"), "\"two words\"");
  EXPECT_EQ(shown("line\n"), "\"line\\n\"");
}

}  // namespace
}  // namespace borg::borgctl
