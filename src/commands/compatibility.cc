// SPDX-License-Identifier: Apache-2.0
#include "commands/compatibility.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "commands/command_info.h"
#include "commands/redis_commands.h"
#include "commands/remarks.h"

namespace borg::commands {

namespace {

const CommandSpec* find_row(std::string_view name) {
  const CommandSpec* const row = find_command(name);
  return row != nullptr && !row->is(kInternal) ? row : nullptr;
}

std::string_view remark_on(std::string_view name) {
  const auto at = std::ranges::find(kRemarks, name, &Remark::command);
  return at == kRemarks.end() ? std::string_view() : at->text;
}

/// Of a command that Borg does not have: its own remark, its container's, or its group's.
std::string_view reason_against(std::string_view name, std::string_view group) {
  if (const auto own = remark_on(name); !own.empty()) return own;
  const std::string_view container = name.substr(0, name.find('|'));
  if (find_row(container) == nullptr) {
    if (const auto whole = remark_on(container); !whole.empty()) return whole;
  }
  const auto at = std::ranges::find(kMissingGroups, group, &Remark::command);
  return at == kMissingGroups.end() ? std::string_view() : at->text;
}

/// "client|no-evict" as people write it: "CLIENT NO-EVICT".
std::string shown(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c == '|') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string row_text(std::string_view name, std::string_view group) {
  const bool is_there = find_row(name) != nullptr;
  const std::string_view remark = is_there ? remark_on(name) : reason_against(name, group);
  const std::string_view state = !is_there ? "not" : remark.empty() ? "supported" : "differs";
  return "| " + shown(name) + " | " + std::string(state) + " | " + std::string(remark) + " |\n";
}

std::set<std::string_view> names_of_redis() {
  std::set<std::string_view> names;
  for (const RedisGroup& group : kRedisGroups) {
    for (const std::string_view name : words_of(group.commands)) names.insert(name);
  }
  return names;
}

std::string counts() {
  std::size_t there = 0;
  std::size_t differ = 0;
  const auto names = names_of_redis();
  for (const std::string_view name : names) {
    if (find_row(name) == nullptr) continue;
    ++there;
    if (!remark_on(name).empty()) ++differ;
  }
  return "Of " + std::to_string(names.size()) + " commands and subcommands " +
         std::to_string(there - differ) + " are supported, " + std::to_string(differ) +
         " differ, " + std::to_string(names.size() - there) + " are not there.\n";
}

bool is_after_7_0(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const char* const dot = std::from_chars(version.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  return major > 7 || (major == 7 && minor > 0);
}

/// What the rows of Redis 7.0's commands say of later versions.
std::string later_options() {
  std::string text =
      "\n## Options beyond Redis 7.0\n\n| command | since | what came then |\n|---|---|---|\n";
  for (const CommandSpec& spec : all_commands()) {
    for (const Change& change : changes_of(spec.history)) {
      if (spec.group == "borg" || !is_after_7_0(change.version)) continue;
      const bool is_valkeys = change.text.ends_with(kOfValkey);
      const auto what =
          change.text.substr(0, change.text.size() - (is_valkeys ? kOfValkey.size() : 0));
      text += "| " + shown(spec.name) + " | " + (is_valkeys ? "Valkey " : "Redis ") +
              std::string(change.version) + " | " + std::string(what) + " |\n";
    }
  }
  return text;
}

std::string_view server_of(const CommandSpec& spec) {
  if (spec.group == "borg") return "Borg ";
  const std::string_view container = spec.name.substr(0, spec.name.find('|'));
  const bool is_valkeys =
      std::ranges::find(kCommandsOfValkey, spec.name) != kCommandsOfValkey.end() ||
      std::ranges::find(kCommandsOfValkey, container) != kCommandsOfValkey.end();
  return is_valkeys ? "Valkey " : "Redis ";
}

/// Rows that Redis 7.0 does not have.
std::string own_commands() {
  const auto names = names_of_redis();
  std::string text = "\n## Beyond Redis 7.0\n\n| command | since | what it does |\n|---|---|---|\n";
  for (const CommandSpec& spec : all_commands()) {
    if (spec.is(kInternal) || names.contains(spec.name) || spec.name.ends_with("|help")) continue;
    text += "| " + shown(spec.name) + " | " + std::string(server_of(spec)) +
            std::string(spec.since) + " | " + std::string(spec.summary) + " |\n";
  }
  return text;
}

}  // namespace

std::string compatibility_page() {
  std::string page =
      "# Redis commands in Borg\n\n"
      "<!-- Made from the command table by ./dev docs: change src/commands/remarks.h instead. "
      "-->\n\n"
      "Every command of Redis 7.0 and how Borg takes it: *supported* with the same arguments, "
      "replies and errors; *differs*, and how; or *not*, and why. ";
  page += counts();
  page += kPageHead;
  for (const RedisGroup& group : kRedisGroups) {
    page += "\n## " + std::string(group.name) + "\n\n| command | in Borg | |\n|---|---|---|\n";
    for (const std::string_view name : words_of(group.commands)) {
      page += row_text(name, group.name);
    }
  }
  return page + later_options() + own_commands();
}

std::vector<std::string> compatibility_gaps() {
  std::vector<std::string> gaps;
  for (const RedisGroup& group : kRedisGroups) {
    for (const std::string_view name : words_of(group.commands)) {
      if (find_row(name) == nullptr && reason_against(name, group.name).empty()) {
        gaps.push_back("no reason why there is no " + shown(name));
      }
    }
  }
  const auto names = names_of_redis();
  for (const Remark& remark : kRemarks) {
    if (!names.contains(remark.command) && find_row(remark.command) == nullptr) {
      gaps.push_back("a remark on " + shown(remark.command) + ", which is no command");
    }
  }
  return gaps;
}

}  // namespace borg::commands
