// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "node/latency_histogram.h"

namespace borg::node {

/// How often replies were errors, by the error's first word.
class ErrorCounts {
 public:
  /// REQUIRES: the reply begins with '-'.
  void add(std::string_view reply);
  void merge(const ErrorCounts& other);
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& by_code() const { return by_code_; }

 private:
  std::uint64_t total_ = 0;
  std::map<std::string, std::uint64_t> by_code_;
};

/// What INFO says of one command.
struct CommandCount {
  std::uint64_t calls = 0;     ///< by clients of this node, with those that were refused later
  std::uint64_t executed = 0;  ///< by this node's workers, for clients of other nodes too
  std::uint64_t nanos = 0;     ///< that these took
  std::uint64_t rejected = 0;  ///< no calls: refused before they were sent anywhere
  std::uint64_t refused = 0;   ///< of the calls: refused by whom they were sent to
  std::uint64_t failed = 0;    ///< of the calls: executed, and answered with an error
  std::unique_ptr<LatencyHistogram> latencies;  ///< of what was executed here; null: nothing

  void merge(const CommandCount& other);
};

/// Whether this reply says that the command was not executed at all, for want of memory, say.
/// REQUIRES: it begins with '-'.
[[nodiscard]] bool is_refusal_to_execute(std::string_view reply);

/// How it is with a worker, and in sum with a node, right now.
struct PresentFacts {
  std::uint64_t input_bytes_max = 0;   ///< of one client: has come and is not executed
  std::uint64_t output_bytes_max = 0;  ///< of one client
  std::uint64_t clients_bytes = 0;     ///< memory of all clients' connections
  std::uint64_t garbage = 0;           ///< partitions with values that are being freed
  std::uint64_t compacting = 0;        ///< workers that fill up holes in their memory
  // Only of the worker that is asked for them.
  std::uint64_t channels = 0;  ///< with subscribers at this node
  std::uint64_t patterns = 0;
  std::uint64_t shard_channels = 0;

  void merge(const PresentFacts& other);
};

/// What a worker, and in sum a node, has counted since it started or CONFIG RESETSTAT.
struct CommandCounts {
  CommandCounts() : commands(commands::all_commands().size()) {}

  [[nodiscard]] CommandCount& of(const commands::CommandSpec& spec) {
    return commands[static_cast<std::size_t>(&spec - commands::all_commands().data())];
  }
  /// An error is the reply to a call of this command.
  void note_error(const commands::CommandSpec& spec, std::string_view reply) {
    CommandCount& count = of(spec);
    ++(is_refusal_to_execute(reply) ? count.refused : count.failed);
  }
  void merge(const CommandCounts& other);

  std::vector<CommandCount> commands;  ///< in the table's order
  ErrorCounts errors;
  std::uint64_t output_bytes = 0;  ///< sent to clients
  std::uint64_t reads = 0;         ///< of clients' sockets
  std::uint64_t writes = 0;        ///< to them
  std::uint64_t expiry_nanos = 0;  ///< that looking for expired keys took
  // Of the last second or two.
  std::uint64_t commands_per_s = 0;
  std::uint64_t input_bytes_per_s = 0;
  std::uint64_t output_bytes_per_s = 0;
  PresentFacts present;
};

}  // namespace borg::node
