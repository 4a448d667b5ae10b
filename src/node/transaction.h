// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "commands/command.h"

namespace borg::node {

/// What a client watches, and has queued between MULTI and EXEC.
///
/// Runs:      on the worker of its client; a client has one from its first WATCH or MULTI on.
/// Slot:      all keys of it, watched and queued, are of one.
/// Bounded:   to kBytesMax and kArgumentsMax, so that it fits one request.
class Transaction {
 public:
  static constexpr std::size_t kBytesMax = 512u * 1024 * 1024;
  static constexpr std::size_t kArgumentsMax = 1'000'000;

  /// MULTI.
  void open() { is_open_ = true; }
  [[nodiscard]] bool is_open() const { return is_open_; }
  /// A command could not be queued: EXEC will refuse, and nothing need be kept.
  void abort();
  [[nodiscard]] bool is_aborted() const { return is_aborted_; }

  enum class Added : std::uint8_t { kYes, kOtherSlot, kTooLarge };
  /// Keeps a command for EXEC, unless it is aborted already.
  Added queue(const commands::CommandSpec& spec, commands::Args args);

  /// Whether all these keys are of one slot, and of that of the others.
  [[nodiscard]] bool has_slot_of(commands::Args keys) const;
  /// Begins to watch a key, if it is not watched already. REQUIRES: has_slot_of() it.
  Added watch(std::string_view key, std::string_view token);

  struct Step {
    const commands::CommandSpec* spec;
    std::vector<std::string> args;
    [[nodiscard]] bool is_for_primary() const { return spec->place == commands::Place::kPartition; }
  };
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  /// Or what Redis counts among them when it pauses writes: PUBLISH, PFCOUNT.
  [[nodiscard]] bool has_writes() const;
  /// What it keeps here, in bytes.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// The request that executes those of its commands that are for a primary, if there are any or
  /// something is watched. Views into it.
  struct Request {
    PartitionId partition;
    bool is_write = false;
    std::vector<std::string> counts;
    std::vector<std::string_view> args;
  };
  [[nodiscard]] std::unique_ptr<Request> request() const;

 private:
  struct Watched {
    std::string key;
    std::string token;
  };
  [[nodiscard]] bool has_room_for(std::size_t bytes, std::size_t arguments) const;
  void add(std::size_t bytes, std::size_t arguments);

  bool is_open_ = false;
  bool is_aborted_ = false;
  std::optional<SlotId> slot_;  // of what is watched or queued
  std::vector<Watched> watched_;
  std::vector<Step> steps_;
  std::size_t bytes_ = 0;
  std::size_t arguments_ = 0;
};

}  // namespace borg::node
