// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "app/borgctl/table.h"
#include "app/borgctl/vocabulary.h"
#include "app/borgctl/words.h"
#include "commands/command.h"
#include "commands/syntax.h"

namespace borg::borgctl {
namespace {

using commands::CommandSpec;

/// "client|id" is typed as CLIENT ID.
std::string typed_name(std::string_view name) {
  std::string text = to_upper(name);
  std::replace(text.begin(), text.end(), '|', ' ');
  return text;
}

std::string full_text(const CommandSpec& spec) {
  std::string text =
      fmt::format("{} {}", typed_name(spec.name), commands::shown_syntax(spec.syntax));
  text.erase(text.find_last_not_of(' ') + 1);
  return fmt::format("\n  {}\n  {}\n  group: {}, since: {}\n\n", text, spec.summary, spec.group,
                     spec.since);
}

std::string list_text(const std::vector<const CommandSpec*>& specs) {
  Table table({{"COMMAND"}, {"SUMMARY"}});
  for (const CommandSpec* spec : specs) {
    std::string line =
        fmt::format("{} {}", typed_name(spec->name), commands::shown_syntax(spec->syntax));
    constexpr std::size_t kSyntaxMax = 48;
    if (line.size() > kSyntaxMax) line = line.substr(0, kSyntaxMax - 3) + "...";
    table.add_row({std::move(line), std::string(spec->summary)});
  }
  return table.text();
}

template <class Predicate>
std::vector<const CommandSpec*> specs_where(Predicate predicate) {
  std::vector<const CommandSpec*> specs;
  for (const CommandSpec& spec : commands::all_commands()) {
    if (!spec.is(commands::Flag::kInternal) && predicate(spec)) specs.push_back(&spec);
  }
  return specs;
}

std::string overview() {
  Table own({{"HERE"}, {""}});
  for (const ShellWord& word : shell_words()) {
    own.add_row({fmt::format("{} {}", word.name, word.syntax), std::string(word.summary)});
  }
  std::set<std::string_view> groups;
  for (const CommandSpec* spec : specs_where([](const CommandSpec&) { return true; })) {
    groups.insert(spec->group);
  }
  std::string text =
      own.text() +
      "\nA line that begins with one of these words is for borgctl, in whatever case it\n"
      "is typed. Any other line is a command of Redis and is sent as it is; so is\n"
      "what stands behind redis: redis DUMP key. GET and INFO are Redis's. Tab completes.\n"
      "help COMMAND says what one does, help @GROUP lists a group:";
  for (const std::string_view group : groups) text += fmt::format(" @{}", group);
  return text + "\n";
}

std::string group_text(std::string_view group) {
  const auto specs = specs_where([&](const CommandSpec& spec) { return spec.group == group; });
  return specs.empty() ? fmt::format("There is no group {}.\n", group) : list_text(specs);
}

std::string command_text(const std::string& name) {
  const std::string below = name + "|";
  const auto exact = specs_where([&](const CommandSpec& spec) { return spec.name == name; });
  const auto subcommands =
      specs_where([&](const CommandSpec& spec) { return spec.name.starts_with(below); });
  std::string text;
  if (!exact.empty()) text += full_text(*exact.front());
  if (!subcommands.empty()) text += list_text(subcommands);
  return text;
}

std::string own_text(const std::string& name) {
  for (const ShellWord& word : shell_words()) {
    if (word.name == name) {
      return fmt::format("\n  {} {}\n  {}\n\n", word.name, word.syntax, word.summary);
    }
  }
  return "";
}

}  // namespace

std::string help_text(const std::vector<std::string>& words) {
  if (words.empty()) return overview();
  if (words.front().starts_with('@')) return group_text(to_lower(words.front().substr(1)));
  std::string name = to_lower(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) name += "|" + to_lower(words[i]);
  const bool is_redis = to_lower(words.front()) == kRedisWord && words.size() > 1;
  if (is_redis) name.erase(0, kRedisWord.size() + 1);
  std::string text = is_redis ? std::string() : own_text(name);
  text += command_text(name);
  if (!text.empty()) return text;
  return fmt::format("{}{}.\n", kNoSuchCommand, typed_name(name));
}

}  // namespace borg::borgctl
