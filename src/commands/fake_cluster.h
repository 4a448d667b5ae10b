// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "commands/command.h"
#include "resp/parser.h"

namespace borg::commands::testing {

/// All partitions of a data set in one place, with a clock that stands still: what a gateway
/// and its primaries do with a command, without any node.
class FakeCluster {
 public:
  // Of each partition's clock, which is behind the wall clock.
  std::int64_t now_ms = 1'600'000'000'000;
  std::int64_t wall_offset_ms = 100'000'000'000;
  resp::Version version = resp::Version::kResp2;

  /// The reply's bytes, or nothing if the command is not for the table to answer.
  [[nodiscard]] std::string run(Args args);
  /// As run(), of one partition's part of a command; sees to it that a replica that is given
  /// the same command gives the same reply, and that only what says so changes the store.
  [[nodiscard]] std::string run_part(const CommandSpec& spec, PartitionId partition, Args args);
  [[nodiscard]] bool met_expired() const { return met_expired_; }

 private:
  struct Copies {
    storage::PartitionStore primary;
    storage::PartitionStore backup;
  };
  Copies& copies(PartitionId partition);
  void run_afterwards(const std::vector<std::string_view>& args, PartitionId partition);
  std::string run_split(const CommandSpec& spec, Args args);
  std::string run_everywhere(const CommandSpec& spec, Args args);
  std::string merge_parts(const CommandSpec& spec, const std::vector<std::string>& parts);

  std::map<PartitionId, Copies> partitions_;
  Random random_{1};
  bool met_expired_ = false;
};

}  // namespace borg::commands::testing
