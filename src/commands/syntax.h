// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borg::commands {

/// One argument of a command as COMMAND DOCS describes it.
struct Argument {
  std::string name;
  /// "key", "string", "integer", "double", "pattern", "unix-time", "pure-token", "oneof" or
  /// "block"
  std::string_view type;
  std::string token;  ///< what is written before it, or in its place
  bool optional = false;
  bool multiple = false;
  std::vector<Argument> children;  ///< of oneof and block
};

/// Reads a CommandSpec's syntax: words in upper case are written as they are, others are
/// arguments, [ ] may be left out, < > may not, | separates choices, and "x [x ...]" is once or
/// more often.
[[nodiscard]] std::vector<Argument> parse_syntax(std::string_view syntax, bool has_keys);

}  // namespace borg::commands
