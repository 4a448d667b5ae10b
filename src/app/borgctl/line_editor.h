// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/borgctl/vocabulary.h"

namespace borg::borgctl {

/// Where the shell's lines come from.
class LineSource {
 public:
  virtual ~LineSource() = default;
  /// A line without its line end; nothing at the end of the input.
  virtual std::optional<std::string> read(const std::string& prompt) = 0;
  /// The line was meant to be kept for the user's next time.
  virtual void remember(const std::string& line) = 0;
};

/// Lines from stdin as they come, without a prompt: for scripts.
[[nodiscard]] std::unique_ptr<LineSource> make_script_source();

/// Lines edited in the terminal, with history and completion. Ctrl-C clears the line.
[[nodiscard]] std::unique_ptr<LineSource> make_terminal_source(
    std::function<Completion(std::string_view)> complete, const std::string& history_path);

}  // namespace borg::borgctl
