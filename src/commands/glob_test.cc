// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "commands/command.h"

namespace borg::commands {
namespace {

TEST(Glob, MatchesStarsAndMarks) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("**", "abc"));
  EXPECT_TRUE(glob_match("a*c", "abbc"));
  EXPECT_TRUE(glob_match("*b*b*", "abab"));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_FALSE(glob_match("a*c", "abcd"));
  EXPECT_FALSE(glob_match("abc", "ABC"));
}

TEST(Glob, MatchesClasses) {
  EXPECT_TRUE(glob_match("[abc]", "b"));
  EXPECT_TRUE(glob_match("[a-c]x", "cx"));
  EXPECT_TRUE(glob_match("[c-a]", "b"));
  EXPECT_TRUE(glob_match("[^a-c]", "d"));
  EXPECT_TRUE(glob_match("*[0-9]", "a1b2"));
  EXPECT_TRUE(glob_match("[\\]]", "]"));
  EXPECT_TRUE(glob_match("[a-]", "a"));
  EXPECT_FALSE(glob_match("[abc]", "d"));
  EXPECT_FALSE(glob_match("[^a]", "a"));
  EXPECT_FALSE(glob_match("[]", "a"));
}

TEST(Glob, TakesPatternsThatDoNotEnd) {
  EXPECT_TRUE(glob_match("[ab", "b"));
  EXPECT_TRUE(glob_match("a\\", "a\\"));
  EXPECT_FALSE(glob_match("[", "a"));
  EXPECT_TRUE(glob_match("[^", "a"));
}

TEST(Glob, TakesBytesAsTheyAre) {
  EXPECT_TRUE(glob_match(std::string_view("a\0?", 3), std::string_view("a\0\xff", 3)));
  EXPECT_TRUE(glob_match("\\*", "*"));
  EXPECT_FALSE(glob_match("\\*", "a"));
}

TEST(Glob, NeedsNoMoreThanASquareOfSteps) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace borg::commands
