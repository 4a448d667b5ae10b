// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

/// A word of the shell itself: what borgctl can also be told on the command line.
struct ShellWord {
  std::string_view name;
  std::string_view syntax;
  std::string_view summary;
};

/// What can be typed in the shell: the commands of the command table and the shell's own words.
///
/// A word of the shell wins: `dump` writes a file. Behind `redis` stands a command of Redis,
/// whatever its name; `get` and `info` are no words of the shell, and so Redis's.
[[nodiscard]] const std::vector<ShellWord>& shell_words();
inline constexpr std::string_view kRedisWord = "redis";
[[nodiscard]] bool is_shell_word(std::string_view word);

/// What the last word of a line that is being typed could become.
struct Completion {
  std::size_t from = 0;              ///< where in the line that word starts
  std::vector<std::string> choices;  ///< whole words, sorted; in the case that is being typed
};
[[nodiscard]] Completion complete(std::string_view line);
/// The longest text that all choices begin with.
[[nodiscard]] std::string common_start(const std::vector<std::string>& choices);

/// How help_text() begins for a command that nobody knows.
inline constexpr std::string_view kNoSuchCommand = "There is no command ";
/// The answer to `help WORDS…`. Ends with a newline.
[[nodiscard]] std::string help_text(const std::vector<std::string>& words);

}  // namespace borg::borgctl
