// SPDX-License-Identifier: Apache-2.0
#include "commands/syntax.h"

#include <gtest/gtest.h>

#include "commands/command.h"
#include "commands/command_info.h"

namespace borg::commands {
namespace {

std::string shown(const std::vector<Argument>& arguments);

/// name:type, with TOKEN before, its parts in <>, ? if optional, + if multiple.
std::string shown(const Argument& argument) {
  std::string text = argument.token.empty() ? "" : argument.token + "=";
  text += argument.name + ":" + std::string(argument.type);
  if (!argument.children.empty()) text += "<" + shown(argument.children) + ">";
  return text + (argument.optional ? "?" : "") + (argument.multiple ? "+" : "");
}

std::string shown(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& argument : arguments) {
    text += (text.empty() ? "" : " ") + shown(argument);
  }
  return text;
}

std::string parsed(std::string_view syntax) { return shown(parse_syntax(syntax, true)); }

TEST(Syntax, ReadsPlainArguments) {
  EXPECT_EQ(parsed(""), "");
  EXPECT_EQ(parsed("key"), "key:key");
  EXPECT_EQ(shown(parse_syntax("key", false)), "key:string");
  EXPECT_EQ(parsed("key seconds value"), "key:key seconds:integer value:string");
  EXPECT_EQ(parsed("key float-increment"), "key:key float-increment:double");
}

TEST(Syntax, ReadsOptionsAndChoices) {
  EXPECT_EQ(parsed("[NX | XX]"), "nx_xx:oneof<NX=nx:pure-token XX=xx:pure-token>?");
  EXPECT_EQ(parsed("[EX seconds | KEEPTTL]"),
            "seconds_keepttl:oneof<EX=seconds:integer KEEPTTL=keepttl:pure-token>?");
  EXPECT_EQ(parsed("cursor [MATCH pattern] [COUNT count]"),
            "cursor:integer MATCH=pattern:pattern? COUNT=count:integer?");
  EXPECT_EQ(parsed("ON | OFF"), "on_off:oneof<ON=on:pure-token OFF=off:pure-token>");
}

TEST(Syntax, ReadsRepetitions) {
  EXPECT_EQ(parsed("key [key ...]"), "key:key+");
  EXPECT_EQ(parsed("key value [key value ...]"), "key_value:block<key:key value:string>+");
  EXPECT_EQ(parsed("[section [section ...]]"), "section:string?+");
  EXPECT_EQ(parsed("[ID client-id [client-id ...]]"), "ID=client-id:integer?+");
}

TEST(Syntax, ReadsChoicesThatMustBeMade) {
  EXPECT_EQ(parsed("<A | B> key"), "a_b:oneof<A=a:pure-token B=b:pure-token> key:key");
  EXPECT_EQ(parsed("[UP <A | B>]"), "UP=a_b:oneof<A=a:pure-token B=b:pure-token>?");
  EXPECT_EQ(parsed("[<A | x> [<A | x> ...]]"), "a_x:oneof<A=a:pure-token x:string>?+");
}

TEST(Syntax, ReadsNestedOptions) {
  EXPECT_EQ(parsed("[protover [AUTH username password] [SETNAME clientname]]"),
            "protover_username_password_clientname:block<protover:integer "
            "AUTH=username_password:block<username:string password:string>? "
            "SETNAME=clientname:string?>?");
}

TEST(Syntax, OfEveryRowIsUnderstood) {
  for (const CommandSpec& spec : all_commands()) {
    const std::string text = shown(parse_syntax(spec.syntax, has_keys(spec)));
    EXPECT_EQ(text.empty(), spec.syntax.empty()) << spec.name;
    EXPECT_EQ(text.find_first_of("[]|."), std::string::npos) << spec.name << ": " << text;
    EXPECT_EQ(text.find(":key") != std::string::npos, has_keys(spec)) << spec.name;
  }
}

}  // namespace
}  // namespace borg::commands
