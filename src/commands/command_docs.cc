// SPDX-License-Identifier: Apache-2.0
#include <string>

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
  const bool is_key = argument.type == "key";
  const bool has_flags = argument.optional || argument.multiple;
  reply.map(2 + std::size_t{is_key} + std::size_t{!argument.token.empty()} +
            std::size_t{has_flags} + std::size_t{!argument.children.empty()});
  write_field("name", argument.name, reply);
  write_field("type", argument.type, reply);
  if (is_key) {
    reply.bulk("key_spec_index");
    reply.integer(keys++);
  }
  if (!argument.token.empty()) write_field("token", argument.token, reply);
  if (has_flags) {
    std::vector<std::string_view> flags;
    if (argument.optional) flags.push_back("optional");
    if (argument.multiple) flags.push_back("multiple");
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

}  // namespace

bool has_keys(const CommandSpec& spec) {
  return (spec.first_key > 0 && (spec.key_use & kNotKey) == 0) || spec.numkeys_at > 0;
}

void write_docs(const CommandSpec& spec, resp::Writer& reply) {
  const auto arguments = parse_syntax(spec.syntax, has_keys(spec));
  const auto rows = subcommands(spec);
  reply.bulk(spec.name);
  reply.map(4 + std::size_t{!arguments.empty()} + std::size_t{!rows.empty()});
  write_field("summary", spec.summary, reply);
  write_field("since", spec.since, reply);
  write_field("group", spec.group, reply);
  write_field("complexity", spec.complexity, reply);
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
