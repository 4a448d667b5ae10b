// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "commands/command.h"
#include "resp/writer.h"

namespace borg::node {

/// SLOWLOG: the last commands that took long, of all workers of a node; kept by the first.
class SlowLog {
 public:
  /// A command as it is kept: long arguments and many of them are cut, secrets are hidden.
  [[nodiscard]] static std::vector<std::string> shortened(commands::Args args);

  /// Remembers at most `entries_max`. The arguments are: seconds since the epoch, microseconds,
  /// the client's address, its name, and what shortened() made of the command.
  void add(commands::Args entry, std::int64_t entries_max);
  /// The newest `count` entries, or all if it is negative.
  void write(std::int64_t count, resp::Writer& reply) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::int64_t id = 0;
    std::int64_t time_s = 0;
    std::int64_t took_us = 0;
    std::string address;
    std::string name;
    std::vector<std::string> args;
  };
  std::deque<Entry> entries_;  // the newest first
  std::int64_t next_id_ = 0;
};

/// True if the argument at this place is not for everybody's eyes (AUTH's password).
[[nodiscard]] bool is_secret(commands::Args args, std::size_t at);

}  // namespace borg::node
