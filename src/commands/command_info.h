// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "commands/command.h"

namespace borg::commands {

/// "version text", which is how a row writes of a change.
struct Change {
  explicit Change(std::string_view line)
      : version(line.substr(0, line.find(' '))), text(line.substr(version.size() + 1)) {}
  std::string_view version;
  std::string_view text;  ///< ends in kOfValkey if Redis does not have what came
};
inline constexpr std::string_view kOfValkey = " (Valkey)";

/// Of CommandSpec::history.
[[nodiscard]] std::vector<Change> changes_of(std::string_view history);

/// The element of COMMAND INFO's reply for a row: name, arity, flags, first key, last key,
/// step, ACL categories, tips, key specifications, subcommands.
void write_info(const CommandSpec& spec, resp::Writer& reply);
/// The pair of COMMAND DOCS's reply for a row: its name, and a map of what it is for.
void write_docs(const CommandSpec& spec, resp::Writer& reply);

/// Names of ACL categories with their '@', in Redis's order.
[[nodiscard]] std::vector<std::string_view> acl_categories(const CommandSpec& spec);
/// The names of bits of KeyUse: "RO", "access", …
[[nodiscard]] std::vector<std::string_view> key_use_names(std::uint16_t key_use);
/// The rows of a container's subcommands, in the table's order.
[[nodiscard]] std::vector<const CommandSpec*> subcommands(const CommandSpec& container);

/// True for a row that is not a subcommand's and that clients may call.
[[nodiscard]] bool has_keys(const CommandSpec& spec);
[[nodiscard]] bool is_top_level(const CommandSpec& spec);

/// Of a row's list, with blanks between.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text);
void write_status_set(const std::vector<std::string_view>& names, resp::Writer& reply);

}  // namespace borg::commands
