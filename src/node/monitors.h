// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "commands/command.h"

namespace borg::node {

/// Which workers of a node have clients that MONITOR it, and the lines that wait for them.
class Monitors {
 public:
  /// Nobody watches: nothing has to be written.
  [[nodiscard]] bool none() const { return workers_.empty(); }
  void watch(std::uint16_t worker, bool on);
  void add(WallTime now, std::string_view address, commands::Args args);
  /// The lines since the last call, for all workers().
  [[nodiscard]] std::string take();
  [[nodiscard]] bool has_lines() const { return !lines_.empty(); }
  [[nodiscard]] const std::set<std::uint16_t>& workers() const { return workers_; }

 private:
  std::set<std::uint16_t> workers_;
  std::string lines_;
};

/// A command as MONITOR shows it, with CR LF: seconds, database, client, quoted arguments.
[[nodiscard]] std::string monitor_line(WallTime now, std::string_view address, commands::Args args);

}  // namespace borg::node
