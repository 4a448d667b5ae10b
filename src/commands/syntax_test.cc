// SPDX-License-Identifier: Apache-2.0
#include "commands/syntax.h"

#include <gtest/gtest.h>

#include "commands/command.h"
#include "commands/command_info.h"

namespace borg::commands {
namespace {

std::string shown(const std::vector<Argument>& arguments);

/// name:type, with TOKEN before, its parts in <>, @since, -deprecated, #key_spec, ? if optional,
/// + if multiple, ^ if the token is too.
std::string shown(const Argument& argument) {
  std::string text = argument.token.empty() ? "" : argument.token + "=";
  text += argument.name + ":" + std::string(argument.type);
  if (!argument.children.empty()) text += "<" + shown(argument.children) + ">";
  if (!argument.since.empty()) text += "@" + argument.since;
  if (!argument.deprecated_since.empty()) text += "-" + argument.deprecated_since;
  if (argument.key_spec >= 0) text += "#" + std::to_string(argument.key_spec);
  return text + (argument.optional ? "?" : "") + (argument.multiple ? "+" : "") +
         (argument.multiple_token ? "^" : "");
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

TEST(Syntax, ReadsNotesOnTheArgumentBehindThem) {
  EXPECT_EQ(parsed("key {:double @6.0.0} increment"), "key:key increment:double@6.0.0");
  EXPECT_EQ(parsed("{-2.0.0 new} old {#0} key2"), "new:string-2.0.0 key2:key#0");
  EXPECT_EQ(parsed("{:block} pattern [pattern ...]"), "pattern:block<pattern:pattern>+");
  EXPECT_EQ(parsed("A width {} height"), "A=width:double height:double");
}

TEST(Syntax, ReadsNotesOnGroupsAndChoices) {
  EXPECT_EQ(parsed("[{@6.2.0} GET]"), "GET=get:pure-token@6.2.0?");
  EXPECT_EQ(parsed("[{when @3.0.0} {@2.0.0} NX | XX]"),
            "when:oneof<NX=nx:pure-token@2.0.0 XX=xx:pure-token>@3.0.0?");
  EXPECT_EQ(parsed("<{by} {|one} A x y | {|two} <B | C> z>"),
            "by:oneof<A=one:block<x:string y:string> two:block<b_c:oneof<B=b:pure-token "
            "C=c:pure-token> z:string>>");
  EXPECT_EQ(parsed("[{^ #1} GET pattern [GET pattern ...]]"), "GET=pattern:pattern#1?+^");
  EXPECT_EQ(parsed("[{:block ids} ID client-id [client-id ...]]"),
            "ID=ids:block<client-id:integer+>?");
}

TEST(Syntax, IsShownWithoutNotes) {
  EXPECT_EQ(shown_syntax("key [{when @3.0.0} {@2.0.0} NX | {|x} XX] {:double} y"),
            "key [NX | XX] y");
}

TEST(Syntax, OfEveryRowIsUnderstood) {
  for (const CommandSpec& spec : all_commands()) {
    const std::string text = shown(parse_syntax(spec.syntax, has_keys(spec)));
    EXPECT_EQ(text.empty(), spec.syntax.empty()) << spec.name;
    EXPECT_EQ(text.find_first_of("[]|{}"), std::string::npos) << spec.name << ": " << text;
    EXPECT_EQ(text.find(":key") != std::string::npos, has_keys(spec)) << spec.name;
  }
}

}  // namespace
}  // namespace borg::commands
