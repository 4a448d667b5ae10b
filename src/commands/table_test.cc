// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "commands/command.h"

namespace borg::commands {
namespace {

using List = std::vector<std::string_view>;

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper;
}

std::string_view resolved(const List& args) {
  const CommandSpec* const spec = resolve(args);
  return spec == nullptr ? "" : spec->name;
}

std::string arity_error(const List& args) {
  ByteBuffer out;
  resp::Writer writer(out, resp::Version::kResp2);
  const bool fits = check_arity(*resolve(args), args, writer);
  EXPECT_EQ(fits, out.empty());
  return std::string(out.view());
}

TEST(Table, FindsEveryRowInAnyCase) {
  for (const CommandSpec& spec : all_commands()) {
    EXPECT_EQ(find_command(spec.name), &spec);
    EXPECT_EQ(find_command(upper_case(spec.name)), &spec);
  }
}

TEST(Table, FindsNothingElse) {
  for (const std::string_view name :
       {"", "ge", "gett", "g\x05t", "@ET", "client|", "|id", " get", "get "}) {
    EXPECT_EQ(find_command(name), nullptr) << name;
  }
  EXPECT_EQ(find_command(std::string_view("get\0", 4)), nullptr);
  EXPECT_EQ(find_command(std::string(100'000, 'a')), nullptr);
}

TEST(Table, ResolvesSubcommands) {
  EXPECT_EQ(resolved({"GET", "k"}), "get");
  EXPECT_EQ(resolved({"client"}), "client");
  EXPECT_EQ(resolved({"Client", "ID"}), "client|id");
  EXPECT_EQ(resolved({"client", "foo"}), "");
  EXPECT_EQ(resolved({"client", ""}), "");
  EXPECT_EQ(resolved({"client", std::string_view("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")}), "");
  EXPECT_EQ(resolved({"client|id"}), "");
  EXPECT_EQ(resolved({"_expire", "k"}), "_expire");
  EXPECT_EQ(resolved({}), "");
}

TEST(Table, ChecksArity) {
  EXPECT_EQ(arity_error({"get", "k"}), "");
  EXPECT_EQ(arity_error({"get"}), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(arity_error({"mset", "a", "1"}), "");
  EXPECT_EQ(arity_error({"mset", "a", "1", "b"}), "");
  EXPECT_EQ(arity_error({"client", "id", "x"}),
            "-ERR wrong number of arguments for 'client|id' command\r\n");
}

TEST(Table, KnowsWhereKeysAre) {
  const auto keys = [](const List& args) {
    const KeyRange range = key_range(*resolve(args), args);
    return std::vector{range.first, range.last, range.step};
  };
  using Range = std::vector<std::size_t>;
  EXPECT_EQ(keys({"get", "k"}), (Range{1, 1, 1}));
  EXPECT_EQ(keys({"set", "k", "v", "EX", "1"}), (Range{1, 1, 1}));
  EXPECT_EQ(keys({"mget", "a", "b", "c"}), (Range{1, 3, 1}));
  EXPECT_EQ(keys({"mset", "a", "1", "b", "2"}), (Range{1, 4, 2}));
  EXPECT_EQ(keys({"object", "encoding", "k"}), (Range{2, 2, 1}));
  EXPECT_EQ(keys({"memory", "usage", "k", "samples", "1"}), (Range{2, 2, 1}));
  EXPECT_EQ(keys({"borg", "whereis", "k"}), (Range{2, 2, 1}));
  EXPECT_EQ(keys({"ping", "x"}), (Range{0, 0, 1}));
}

TEST(Table, HasAHandlerWhereAPartitionExecutes) {
  for (const CommandSpec& spec : all_commands()) {
    EXPECT_EQ(spec.handler != nullptr, spec.place == Place::kPartition) << spec.name;
  }
}

TEST(Table, HasARowForEachSubcommandsContainer) {
  for (const CommandSpec& spec : all_commands()) {
    const std::size_t bar = spec.name.find('|');
    if (bar == std::string_view::npos) continue;
    const CommandSpec* const container = find_command(spec.name.substr(0, bar));
    ASSERT_NE(container, nullptr) << spec.name;
    EXPECT_TRUE(container->is(kContainer)) << spec.name;
    EXPECT_EQ(container->group, spec.group) << spec.name;
  }
}

TEST(Table, MarksInternalRowsByTheirNames) {
  for (const CommandSpec& spec : all_commands()) {
    EXPECT_EQ(spec.is(kInternal), spec.name.starts_with('_')) << spec.name;
  }
}

}  // namespace
}  // namespace borg::commands
