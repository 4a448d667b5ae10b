// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace borg::node {

/// Decides how much of a turn a worker may spend on moving data, so that the clients' commands
/// keep their share of the processor while the cluster rebalances.
///
/// A command costs an estimated time, and so does a byte of a snapshot (on both sides together):
/// for the time that commands take, data may take its share in proportion. Beside that there is
/// a floor by the clock, low where threads wait for a processor and high where they do not. If
/// there are no commands, nothing but the length of a turn limits the data. The estimates need
/// not be exact: that half is kept means within a factor.
///
/// Runs:  on its worker; sans-I/O.
/// Units: bytes of snapshot; destroying an entry counts as kDestroyBytes of them.
class SyncPacer {
 public:
  struct Options {
    /// Percent of the processor's time that commands keep if they need it: [1, 99].
    std::uint32_t foreground_percent = 50;
    std::size_t turn_bytes_max = 256 * 1024;  ///< never more in one turn: about 1 ms
    /// However many commands there are, at 50 percent: where processors are short, and where
    /// they are not.
    std::size_t floor_bytes_per_s = 6'000'000;
    std::size_t free_bytes_per_s = 150'000'000;
  };
  static constexpr std::size_t kDestroyBytes = 64;

  explicit SyncPacer(const Options& options);

  /// REQUIRES: not before the turn before.
  void begin_turn(Instant now);
  /// So many percent of the time this thread lately was ready to run and waited for a processor.
  void waited(std::uint32_t percent);
  /// Commands of clients that this turn worked on, as gateway, primary or backup.
  void worked(std::size_t commands);
  /// Bytes that this turn may still move; 0 if it is the commands' turn.
  [[nodiscard]] std::size_t budget() const;
  void spent(std::size_t bytes);
  /// The next turn may come at once; else commands or time have to pass first.
  [[nodiscard]] bool may_go_on() const { return is_idle() || credit_ > 0; }

 private:
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::uint64_t floor_bytes_per_s() const;

  const Options options_;
  const std::uint64_t bytes_per_command_;
  std::uint32_t waited_percent_ = 100;  // until it is known
  Instant now_;
  Instant last_command_;
  bool saw_command_ = false;
  std::int64_t credit_ = 0;  // below 0: a chunk was larger than what there was
  std::size_t turn_left_ = 0;
};

}  // namespace borg::node
