// SPDX-License-Identifier: Apache-2.0
#include "resp/inline_args.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borg::resp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Split {
  bool ok = false;
  std::vector<std::string> args;
};

Split split(std::string_view line) {
  std::string unescaped;
  std::vector<std::string_view> args;
  Split result;
  result.ok = split_inline_args(line, unescaped, args);
  if (result.ok) result.args.assign(args.begin(), args.end());
  return result;
}

TEST(InlineArgs, AreSplitAtBlanks) {
  EXPECT_THAT(split("SET  k\tv ").args, ElementsAre("SET", "k", "v"));
  EXPECT_THAT(split("").args, IsEmpty());
  EXPECT_THAT(split(" \t ").args, IsEmpty());
  EXPECT_THAT(split("a\vb \vc").args, ElementsAre("a\vb", "c"));
}

TEST(InlineArgs, ReadDoubleQuotesWithEscapes) {
  EXPECT_THAT(split(R"("a b" "\x41\n\"\\\q" "")").args, ElementsAre("a b", "A\n\"\\q", ""));
  EXPECT_THAT(split(R"("\x4" "\xzz")").args, ElementsAre("x4", "xzz"));
  EXPECT_THAT(split(R"(ab"c d")").args, ElementsAre("abc d"));
}

TEST(InlineArgs, ReadSingleQuotesAsTheyAre) {
  EXPECT_THAT(split(R"('a\n' 'it\'s')").args, ElementsAre("a\\n", "it's"));
}

TEST(InlineArgs, RefuseUnbalancedQuotes) {
  for (const char* line : {"\"a", "'a", "\"a\"b", "'a'b", "a\"", "\"a\\", "\"a\\\"", "\"\\x4"}) {
    EXPECT_FALSE(split(line).ok) << line;
  }
}

TEST(InlineArgs, EndAtANul) {
  EXPECT_THAT(split(std::string_view("a b\0c d", 7)).args, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace borg::resp
