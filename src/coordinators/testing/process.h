// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace borg::coordinators::testing {

/// A child process, killed at the latest by the destructor.
class Process {
 public:
  /// Starts arguments[0] with its stdout readable here; stderr goes to `log`, if given.
  explicit Process(const std::vector<std::string>& arguments, const std::string& log = {});
  ~Process() { kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The next line of its stdout; empty at the end, or if none comes for 30 s.
  std::string read_line();
  /// After SIGSTOP it stands still when this returns.
  void signal(int number) const;
  /// SIGKILL, and waits for its end.
  void kill();
  /// Waits for its end. Returns the exit code, or -1.
  int wait();

 private:
  pid_t pid_ = -1;
  int stdout_ = -1;
};

/// An empty directory that goes with the object.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A TCP port of 127.0.0.1 that nobody uses at the moment.
int free_port();

}  // namespace borg::coordinators::testing
