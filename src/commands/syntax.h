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
  bool multiple_token = false;  ///< the token is written each time
  int key_spec = -1;            ///< the key specification that finds it; negative: the next one
  std::string since;            ///< of Redis, where the command itself is older
  std::string deprecated_since;
  std::vector<Argument> children;  ///< of oneof and block
};

/// Reads a CommandSpec's syntax: words in upper case are written as they are, others are
/// arguments, [ ] may be left out, < > may not, | separates choices, and "x [x ...]" is once or
/// more often.
///
/// Braces hold what only programs want to know of the argument behind them; of all that [ ] or < >
/// hold if they stand first there; of a whole choice if they begin with |:
///
///   name      its name, where that is not made of its parts' names
///   :type     its type, where the name does not tell; `:block` makes a block of it
///   @version  the version of Redis that first had it
///   -version  the version since which it should not be used
///   #number   its key specification
///   *  ^      it may stand more than once; each time behind its token
[[nodiscard]] std::vector<Argument> parse_syntax(std::string_view syntax, bool has_keys);
/// A CommandSpec's syntax for people: without what stands in braces.
[[nodiscard]] std::string shown_syntax(std::string_view syntax);

}  // namespace borg::commands
