// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "app/borgctl/argument_escape.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(SplitWords, SplitsAtBlanks) {
  EXPECT_THAT(split_words("  SET\ta  1 "), Optional(ElementsAre("SET", "a", "1")));
  EXPECT_THAT(split_words(""), Optional(ElementsAre()));
}

TEST(SplitWords, ReadsQuotesAsRedisCliDoes) {
  EXPECT_THAT(split_words(R"(a "b \"c\"\n\x41\xzz" 'd "\' \n' "" x"y z")"),
              Optional(ElementsAre("a", "b \"c\"\nAxzz", "d \"' \\n", "", "xy z")));
}

TEST(SplitWords, RefusesAWrongQuote) {
  for (const char* line : {"a \"b", "'", "\"a\"b", "'a'b", "\"a\\"}) {
    EXPECT_EQ(split_words(line), std::nullopt) << line;
  }
}

TEST(SplitWords, ReadsWhatQuotedWrites) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    RC_ASSERT(split_words(in_quotes(bytes)) == std::vector<std::string>{bytes});
  }));
}

TEST(ArgumentEscape, HidesDataFromTheParser) {
  EXPECT_THAT(escaped({"put", "-5", "[a]", "-x", "-"}),
              ElementsAre("put", "\x01-5", "\x01[a]", "-x", "-"));
}

TEST(ArgumentEscape, AnyWordComesBack) {
  const auto word = rc::gen::container<std::string>(rc::gen::element('\x01', '-', '5', '[', 'a'));
  EXPECT_TRUE(rc::check([&] {
    const std::string data = *word;
    RC_ASSERT(unescaped(escaped({data}).front()) == data);
  }));
}

}  // namespace
}  // namespace borg::borgctl
