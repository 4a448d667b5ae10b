// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borg::borgctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Complete, OffersCommandsInTheCaseThatIsTyped) {
  EXPECT_THAT(complete("incrb").choices, ElementsAre("incrby", "incrbyfloat"));
  EXPECT_THAT(complete("INCRB").choices, ElementsAre("INCRBY", "INCRBYFLOAT"));
  EXPECT_THAT(complete("zzz").choices, IsEmpty());
}

TEST(Complete, OffersSubcommandsBehindTheirContainer) {
  const Completion completion = complete("borg whe");
  EXPECT_EQ(completion.from, 5u);
  EXPECT_THAT(completion.choices, ElementsAre("whereis"));
  EXPECT_THAT(complete("CLIENT ").choices, Contains("id"));
  EXPECT_THAT(complete("borg whereis k").choices, IsEmpty());
}

TEST(Complete, OffersTheShellsOwnWords) {
  EXPECT_THAT(complete("wherei").choices, ElementsAre("whereis"));
  EXPECT_THAT(complete("help wherei").choices, ElementsAre("whereis"));
  EXPECT_THAT(complete("help incrbyf").choices, ElementsAre("incrbyfloat"));
}

TEST(Complete, BehindRedisOffersCommandsOnly) {
  EXPECT_THAT(complete("redis dum").choices, ElementsAre("dump"));
  EXPECT_THAT(complete("redis wherei").choices, IsEmpty());
  EXPECT_THAT(complete("redis client ").choices, Contains("id"));
  EXPECT_THAT(complete("dump ").choices, IsEmpty()) << "a file stands there";
  EXPECT_THAT(complete("red").choices, Contains("redis"));
}

TEST(Complete, KeepsInternalCommandsToItself) {
  for (const std::string& choice : complete("").choices) {
    EXPECT_THAT(help_text({choice}), Not(HasSubstr("no command"))) << choice;
  }
}

TEST(CommonStart, IsWhatAllBeginWith) {
  EXPECT_EQ(common_start({}), "");
  EXPECT_EQ(common_start({"get"}), "get");
  EXPECT_EQ(common_start({"getdel", "getex", "getset"}), "get");
  EXPECT_EQ(common_start({"a", "b"}), "");
}

TEST(ShellWords, WinOverCommandsOfTheirName) {
  EXPECT_TRUE(is_shell_word("put"));
  EXPECT_TRUE(is_shell_word("dump"));
  EXPECT_FALSE(is_shell_word("get"));
  EXPECT_FALSE(is_shell_word("info"));
}

TEST(Help, ShowsSyntaxAndSummary) {
  EXPECT_THAT(help_text({"get"}), HasSubstr("  GET key\n"));
  EXPECT_THAT(help_text({"borg", "whereis"}), HasSubstr("BORG WHEREIS key"));
  EXPECT_THAT(help_text({"BORG"}), HasSubstr("BORG WHEREIS key"));
  EXPECT_THAT(help_text({"@string"}), HasSubstr("APPEND key value"));
  EXPECT_THAT(help_text({"load"}), HasSubstr("load file"));
  EXPECT_THAT(help_text({"dump"}), HasSubstr("dump file"));
  EXPECT_THAT(help_text({"redis", "dump"}), HasSubstr("DUMP key"));
  EXPECT_THAT(help_text({}), HasSubstr("redis DUMP key"));
  EXPECT_THAT(help_text({}), HasSubstr("@string"));
  EXPECT_EQ(help_text({"frob"}), "There is no command FROB.\n");
  EXPECT_EQ(help_text({"@frob"}), "There is no group frob.\n");
}

}  // namespace
}  // namespace borg::borgctl
