// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "commands/arguments.h"
#include "commands/command_info.h"
#include "commands/syntax.h"

namespace borg::commands {

namespace {

using Rows = std::vector<const CommandSpec*>;

Rows top_level_rows() {
  Rows rows;
  for (const CommandSpec& spec : all_commands()) {
    if (is_top_level(spec)) rows.push_back(&spec);
  }
  return rows;
}

/// The row that a client names, "get" or "client|id"; null if there is none.
const CommandSpec* find_for_client(std::string_view name) {
  const CommandSpec* const spec = find_command(name);
  return spec != nullptr && !spec->is(kInternal) ? spec : nullptr;
}

void write_all_info(resp::Writer& reply) {
  const Rows rows = top_level_rows();
  reply.array(rows.size());
  for (const CommandSpec* row : rows) write_info(*row, reply);
}

void write_info_of(Args names, resp::Writer& reply) {
  if (names.empty()) return write_all_info(reply);
  reply.array(names.size());
  for (const std::string_view name : names) {
    const CommandSpec* const spec = find_for_client(name);
    if (spec == nullptr) {
      reply.null();
    } else {
      write_info(*spec, reply);
    }
  }
}

void write_docs_of(Args names, resp::Writer& reply) {
  Rows rows;
  for (const std::string_view name : names) {
    if (const CommandSpec* const spec = find_for_client(name)) rows.push_back(spec);
  }
  if (names.empty()) rows = top_level_rows();
  reply.map(rows.size());
  for (const CommandSpec* row : rows) write_docs(*row, reply);
}

void write_names(const Rows& rows, resp::Writer& reply) {
  reply.array(rows.size());
  for (const CommandSpec* row : rows) reply.bulk(row->name);
}

/// The rows in the table's order, subcommands too, that a filter passes.
template <class Passes>
void write_filtered(Passes passes, resp::Writer& reply) {
  Rows rows;
  for (const CommandSpec& spec : all_commands()) {
    if (!spec.is(kInternal) && passes(spec)) rows.push_back(&spec);
  }
  write_names(rows, reply);
}

void write_list(Args options, resp::Writer& reply) {
  if (options.empty()) return write_filtered([](const CommandSpec&) { return true; }, reply);
  if (options.size() != 3 || !equals_ignoring_case(options[0], "filterby")) {
    return reply.error(kSyntaxError);
  }
  const std::string argument = lower_case(options[2]);
  if (equals_ignoring_case(options[1], "module")) {
    return write_filtered([](const CommandSpec&) { return false; }, reply);
  }
  if (equals_ignoring_case(options[1], "pattern")) {
    return write_filtered([&](const CommandSpec& spec) { return glob_match(argument, spec.name); },
                          reply);
  }
  if (!equals_ignoring_case(options[1], "aclcat")) return reply.error(kSyntaxError);
  write_filtered(
      [&](const CommandSpec& spec) {
        const auto names = acl_categories(spec);
        return std::ranges::find(names, "@" + argument) != names.end();
      },
      reply);
}

enum class WithUse : std::uint8_t { kNo, kYes };

/// By the number alone: MSET may lack a value.
bool fits_arity(const CommandSpec& spec, Args args) {
  const auto count = static_cast<std::int64_t>(args.size());
  return spec.arity >= 0 ? count == spec.arity : count >= -spec.arity;
}

bool is_only_reading_fields(Args subcommands) {
  std::size_t i = 0;
  while (i < subcommands.size()) {
    const std::size_t behind = subcommands.size() - i - 1;
    if (equals_ignoring_case(subcommands[i], "get") && behind >= 2) {
      i += 3;
    } else if (equals_ignoring_case(subcommands[i], "overflow") && behind >= 1) {
      i += 2;
    } else {
      return false;
    }
  }
  return true;
}

/// What these arguments do to the key, of the two commands where that varies: SET reads it only
/// with GET, BITFIELD may do no more than that.
std::uint16_t key_use_of(const CommandSpec& spec, Args args) {
  if ((spec.key_use & kKeyVariable) == 0) return spec.key_use;
  if (spec.name == "bitfield") {
    return is_only_reading_fields(args.subspan(2)) ? kKeyRo | kKeyAccess
                                                   : kKeyRw | kKeyAccess | kKeyUpdate;
  }
  const bool reads = std::ranges::any_of(
      args.subspan(3), [](std::string_view option) { return equals_ignoring_case(option, "get"); });
  return reads ? kKeyRw | kKeyAccess | kKeyUpdate : kKeyOw | kKeyUpdate;
}

struct UsedKey {
  std::string_view key;
  std::uint16_t use;
};

/// Those behind the first of each option's keywords, as the key specifications of COMMAND INFO
/// find them; or, where these say that they cannot, the one that the command itself would take.
void find_keys_in_options(const CommandSpec& spec, Args args, const KeyRange& range,
                          std::vector<UsedKey>& keys) {
  constexpr std::uint16_t kStored = kKeyOw | kKeyUpdate;
  if (spec.key_options.ends_with('?')) {
    if (range.behind != 0) keys.push_back({args[range.behind], kStored});
    return;
  }
  for (const std::string_view option : words_of(spec.key_options)) {
    for (auto i = static_cast<std::size_t>(-spec.arity); i + 1 < args.size(); ++i) {
      if (!equals_ignoring_case(args[i], lower_case(option))) continue;
      keys.push_back({args[i + 1], kStored});
      break;
    }
  }
}

std::vector<UsedKey> keys_of(const CommandSpec& spec, Args args, KeyRange range) {
  std::vector<UsedKey> keys;
  std::uint16_t use = key_use_of(spec, args);
  const std::size_t behind = std::exchange(range.behind, 0);
  range.for_each([&](std::size_t i) {
    keys.push_back({args[i], use});
    if (spec.other_key_use != 0) use = spec.other_key_use;
  });
  range.behind = behind;
  find_keys_in_options(spec, args, range, keys);
  return keys;
}

void write_keys_of(Args args, WithUse with_use, resp::Writer& reply) {
  const CommandSpec* const spec = resolve(args);
  if (spec == nullptr || spec->is(kInternal)) return reply.error("ERR Invalid command specified");
  if (!has_keys(*spec)) return reply.error("ERR The command has no key arguments");
  if (!fits_arity(*spec, args)) {
    return reply.error("ERR Invalid number of arguments specified for command");
  }
  const KeyRange range = key_range(*spec, args);
  if (range.first == 0) return reply.error("ERR Invalid arguments specified for command");
  const std::vector<UsedKey> keys = keys_of(*spec, args, range);
  reply.array(keys.size());
  for (const UsedKey& each : keys) {
    if (with_use == WithUse::kYes) reply.array(2);
    reply.bulk(each.key);
    if (with_use == WithUse::kYes) write_status_set(key_use_names(each.use), reply);
  }
}

void write_count(resp::Writer& reply) {
  reply.integer(static_cast<std::int64_t>(top_level_rows().size()));
}

std::string shown_name(const CommandSpec& spec) {
  std::string name(spec.name.substr(spec.name.find('|') + 1));
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

}  // namespace

void write_command_command(Args args, resp::Writer& reply) {
  if (args.size() == 1) return write_all_info(reply);
  const CommandSpec* const spec = resolve(args);
  if (spec == nullptr) return write_unknown(args, reply);
  const Args rest = args.subspan(2);
  const std::string_view name = spec->name.substr(spec->name.find('|') + 1);
  if (name == "count") return write_count(reply);
  if (name == "info") return write_info_of(rest, reply);
  if (name == "docs") return write_docs_of(rest, reply);
  if (name == "list") return write_list(rest, reply);
  if (name == "getkeys") return write_keys_of(rest, WithUse::kNo, reply);
  if (name == "getkeysandflags") return write_keys_of(rest, WithUse::kYes, reply);
  write_help(*spec, reply);
}

void write_help(const CommandSpec& spec, resp::Writer& reply) {
  const CommandSpec* const container = find_command(spec.name.substr(0, spec.name.find('|')));
  const auto rows = subcommands(*container);
  reply.array(1 + 2 * rows.size());
  reply.simple(shown_name(*container) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const CommandSpec* row : rows) {
    std::string line = shown_name(*row);
    if (!row->syntax.empty()) line += " " + shown_syntax(row->syntax);
    reply.simple(line);
    reply.simple("    " + std::string(row->summary) + ".");
  }
}

}  // namespace borg::commands
