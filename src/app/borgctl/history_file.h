// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borg::borgctl {

/// The lines typed in the shell, kept from one time to the next; readable by the user alone.
///
/// Each line is appended as it is typed, so that two shells do not overwrite each other's. A
/// file that cannot be read or written is no error: then nothing is remembered.
class HistoryFile {
 public:
  static constexpr std::size_t kLinesKept = 1000;

  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// The last kLinesKept lines, oldest first. Cuts a file that has grown to twice as many.
  [[nodiscard]] std::vector<std::string> load() const;
  void append(std::string_view line) const;

 private:
  [[nodiscard]] bool write(const std::vector<std::string>& lines, int flags) const;

  std::string path_;
};

/// $XDG_STATE_HOME/borg/history, or ~/.local/state/borg/history; empty without a home.
[[nodiscard]] std::string default_history_path();

/// Whether a line may be remembered: not if it holds a password (AUTH, HELLO … AUTH, …), and
/// not if it starts with a blank.
[[nodiscard]] bool may_be_remembered(std::string_view line);

}  // namespace borg::borgctl
