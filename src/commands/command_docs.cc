// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "commands/command_info.h"
#include "commands/syntax.h"

namespace borg::commands {

namespace {

void write_field(std::string_view name, std::string_view value, resp::Writer& reply) {
  reply.bulk(name);
  reply.bulk(value);
}

/// `keys` counts those that were written: each is described by a key specification of its own.
void write_arguments(const std::vector<Argument>& arguments, int& keys, resp::Writer& reply);

void write_argument(const Argument& argument, int& keys, resp::Writer& reply) {
  const bool is_key = argument.type == "key" || argument.key_spec >= 0;
  const bool has_flags = argument.optional || argument.multiple;
  reply.map(2 + std::size_t{is_key} + std::size_t{!argument.token.empty()} +
            std::size_t{!argument.since.empty()} + std::size_t{has_flags} +
            std::size_t{!argument.deprecated_since.empty()} +
            std::size_t{!argument.children.empty()});
  write_field("name", argument.name, reply);
  write_field("type", argument.type, reply);
  if (is_key) {
    reply.bulk("key_spec_index");
    reply.integer(argument.key_spec >= 0 ? argument.key_spec : keys++);
  }
  if (!argument.token.empty()) write_field("token", argument.token, reply);
  if (!argument.since.empty()) write_field("since", argument.since, reply);
  if (!argument.deprecated_since.empty()) {
    write_field("deprecated_since", argument.deprecated_since, reply);
  }
  if (has_flags) {
    std::vector<std::string_view> flags;
    if (argument.optional) flags.push_back("optional");
    if (argument.multiple) flags.push_back("multiple");
    if (argument.multiple_token) flags.push_back("multiple_token");
    reply.bulk("flags");
    write_status_set(flags, reply);
  }
  if (!argument.children.empty()) {
    reply.bulk("arguments");
    write_arguments(argument.children, keys, reply);
  }
}

void write_arguments(const std::vector<Argument>& arguments, int& keys, resp::Writer& reply) {
  reply.array(arguments.size());
  for (const Argument& argument : arguments) write_argument(argument, keys, reply);
}

void write_history(std::string_view history, resp::Writer& reply) {
  const std::vector<Change> changes = changes_of(history);
  reply.bulk("history");
  reply.set(changes.size());
  for (const Change& change : changes) {
    reply.array(2);
    reply.bulk(change.version);
    reply.bulk(change.text);
  }
}

void write_deprecation(std::string_view deprecated, resp::Writer& reply) {
  const Change change(deprecated);
  write_field("deprecated_since", change.version, reply);
  write_field("replaced_by", change.text, reply);
}

}  // namespace

std::vector<Change> changes_of(std::string_view history) {
  std::vector<Change> changes;
  while (!history.empty()) {
    const std::string_view line = history.substr(0, history.find("; "));
    changes.emplace_back(line);
    history.remove_prefix(std::min(line.size() + 2, history.size()));
  }
  return changes;
}

bool has_keys(const CommandSpec& spec) {
  return (spec.first_key > 0 && (spec.key_use & kNotKey) == 0) || spec.numkeys_at > 0;
}

void write_docs(const CommandSpec& spec, resp::Writer& reply) {
  const auto arguments = parse_syntax(spec.syntax, has_keys(spec));
  const auto rows = subcommands(spec);
  reply.bulk(spec.name);
  std::vector<std::string_view> flags;
  if (!spec.deprecated.empty()) flags.push_back("deprecated");
  if (spec.is(kForDevelopers)) flags.push_back("syscmd");
  reply.map(4 + std::size_t{!flags.empty()} + 2 * std::size_t{!spec.deprecated.empty()} +
            std::size_t{!spec.history.empty()} + std::size_t{!arguments.empty()} +
            std::size_t{!rows.empty()});
  write_field("summary", spec.summary, reply);
  write_field("since", spec.since, reply);
  write_field("group", spec.group, reply);
  write_field("complexity", spec.complexity, reply);
  if (!flags.empty()) {
    reply.bulk("doc_flags");
    write_status_set(flags, reply);
  }
  if (!spec.deprecated.empty()) write_deprecation(spec.deprecated, reply);
  if (!spec.history.empty()) write_history(spec.history, reply);
  if (!arguments.empty()) {
    reply.bulk("arguments");
    int keys = 0;
    write_arguments(arguments, keys, reply);
  }
  if (!rows.empty()) {
    reply.bulk("subcommands");
    reply.map(rows.size());
    for (const CommandSpec* row : rows) write_docs(*row, reply);
  }
}

}  // namespace borg::commands
