// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace borg::borgctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
/// What was ordered stands and goes on by itself, but waits for something now.
inline constexpr int kExitWaiting = 3;
inline constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as shells have it

/// What ends a command: what() is the one line that the user sees on stderr.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& line, int exit_code = kExitFailure)
      : std::runtime_error(line), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

}  // namespace borg::borgctl
