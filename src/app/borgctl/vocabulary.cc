// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/vocabulary.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "app/borgctl/words.h"
#include "commands/command.h"

namespace borg::borgctl {
namespace {

using commands::CommandSpec;

bool is_for_people(const CommandSpec& spec) { return !spec.is(commands::Flag::kInternal); }

bool is_upper(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// All names that may stand first, or behind the container `parent` (lower case).
enum class Whose { kAll, kRedis };
std::vector<std::string> names_below(std::string_view parent, Whose whose = Whose::kAll) {
  std::vector<std::string> names;
  for (const CommandSpec& spec : commands::all_commands()) {
    if (!is_for_people(spec)) continue;
    const std::size_t bar = spec.name.find('|');
    if (parent.empty()) {
      names.emplace_back(spec.name.substr(0, bar));
    } else if (bar != std::string_view::npos && spec.name.substr(0, bar) == parent) {
      names.emplace_back(spec.name.substr(bar + 1));
    }
  }
  if (whose == Whose::kAll && (parent.empty() || parent == "help")) {
    for (const ShellWord& word : shell_words()) names.emplace_back(word.name);
  }
  if (whose == Whose::kAll && parent == "help") {
    for (std::string& name : names_below("")) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

const std::vector<ShellWord>& shell_words() {
  static const std::vector<ShellWord> kWords = {
      {"help", "[command]", "What a command does"},
      {"quit", "", "Leave the shell (also exit, Ctrl-D)"},
      {"exit", "", "Leave the shell"},
      {"nodes", "", "The nodes of the cluster and its totals"},
      {"redis", "command [argument ...]", "Send a Redis command that has the name of a word here"},
      {"put", "key value [--ttl seconds]", "Write a key; shows the nodes that took it"},
      {"delete", "key [key ...]", "Delete keys"},
      {"whereis", "key", "The nodes that hold a key, primary first"},
      {"local", "node", "What a node itself holds"},
      {"load", "file [--format jsonl|csv]", "Write the records of a file"},
      {"dump", "file [--format jsonl|csv]", "Write all records into a file"},
      {"drain", "name [--force]", "Move a node's data away, so that it is safe to stop"},
      {"undrain", "name", "Take back that a node drains or leaves"},
      {"leave", "name [--force]", "Let a node hand its data over and leave"},
      {"forget", "name [--force]", "Remove a node that will not come back"},
      {"accept-loss", "", "Make lost slots usable again, with what is left of them"},
  };
  return kWords;
}

bool is_shell_word(std::string_view word) {
  return std::any_of(shell_words().begin(), shell_words().end(),
                     [&](const ShellWord& item) { return item.name == word; });
}

Completion complete(std::string_view line) {
  const std::size_t blank = line.find_last_of(" \t");
  Completion result{.from = blank == std::string_view::npos ? 0 : blank + 1, .choices = {}};
  const auto before = split_words(line.substr(0, result.from));
  if (!before) return result;
  std::vector<std::string> words = *before;
  const bool is_redis = !words.empty() && to_lower(words.front()) == kRedisWord;
  if (is_redis) words.erase(words.begin());
  if (words.size() > 1) return result;
  const std::string parent = words.empty() ? "" : to_lower(words.front());
  // What stands behind a word of the shell is no subcommand of Redis's.
  if (!is_redis && is_shell_word(parent) && parent != "help") return result;
  const std::string_view typed = line.substr(result.from);
  const std::string start = to_lower(typed);
  for (std::string& name : names_below(parent, is_redis ? Whose::kRedis : Whose::kAll)) {
    if (!name.starts_with(start)) continue;
    result.choices.push_back(is_upper(typed) ? to_upper(name) : std::move(name));
  }
  return result;
}

std::string common_start(const std::vector<std::string>& choices) {
  if (choices.empty()) return "";
  std::string_view start = choices.front();
  for (const std::string_view choice : choices) {
    const auto difference = std::mismatch(start.begin(), start.end(), choice.begin(), choice.end());
    start = start.substr(0, static_cast<std::size_t>(difference.first - start.begin()));
  }
  return std::string(start);
}

}  // namespace borg::borgctl
