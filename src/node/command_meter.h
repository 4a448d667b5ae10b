// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "base/time.h"
#include "node/command_counts.h"
#include "node/options.h"
#include "node/settings.h"

namespace borg::node {

/// Counts what a worker executes, and finds what took long: one reading of a counter a command.
///
/// Runs: on its worker. Time is the host's counter (NodeOptions::read_ticks), not a clock.
class CommandMeter {
 public:
  explicit CommandMeter(const NodeOptions& options);
  static constexpr Duration kLate = Duration::millis(5);

  void begin_turn() { began_ = told_ = turn_began_ = read_ticks_(); }
  /// What is executed next begins now.
  void begin() { began_ = read_ticks_(); }
  /// What is executed next would see a time that is over by kLate.
  [[nodiscard]] bool is_late() const { return began_ - told_ >= late_ticks_; }
  /// How long the turn has lasted; is_late() counts from here.
  Duration catch_up() {
    told_ = began_;
    return Duration::nanos(
        static_cast<std::int64_t>(static_cast<double>(began_ - turn_began_) * nanos_per_tick_));
  }
  /// The nanoseconds since begin() or the last lap().
  std::uint64_t lap() {
    const std::uint64_t now = read_ticks_();
    const std::uint64_t ticks = now - began_;
    began_ = now;
    return static_cast<std::uint64_t>(static_cast<double>(ticks) * nanos_per_tick_);
  }
  /// The nanoseconds since begin(), the last lap() or the last step(): of a part of what lap() will
  /// tell.
  std::uint64_t step() {
    const std::uint64_t now = read_ticks_();
    const std::uint64_t ticks = now - std::max(began_, stepped_);
    stepped_ = now;
    return static_cast<std::uint64_t>(static_cast<double>(ticks) * nanos_per_tick_);
  }
  [[nodiscard]] bool is_slow(std::uint64_t nanos) const { return nanos >= slow_nanos_; }

  /// The command was executed on this worker, not only sent to another one.
  void executed(const commands::CommandSpec& spec, std::uint64_t nanos) {
    CommandCount& count = counts_.of(spec);
    count.nanos += nanos;
    ++count.executed;
    if (!tracks_latencies_) return;
    if (count.latencies == nullptr) [[unlikely]]
      count.latencies = std::make_unique<LatencyHistogram>();
    count.latencies->add(nanos);
  }

  void follow(const Settings& settings);
  [[nodiscard]] CommandCounts& counts() { return counts_; }
  void forget();
  /// What was done so far; to be told every tick.
  struct Done {
    std::uint64_t commands = 0;
    std::uint64_t input_bytes = 0;
    std::uint64_t output_bytes = 0;
  };
  void sample(Instant now, Done done);
  /// A copy of the counts, with the rates at which they grow.
  [[nodiscard]] std::shared_ptr<const CommandCounts> snapshot(Instant now,
                                                              const PresentFacts& present) const;

 private:
  std::uint64_t (*const read_ticks_)();
  const double nanos_per_tick_;
  const std::uint64_t late_ticks_;
  std::uint64_t turn_began_ = 0;
  std::uint64_t told_ = 0;
  std::uint64_t began_ = 0;
  std::uint64_t stepped_ = 0;
  std::uint64_t slow_nanos_ = UINT64_MAX;  // of the slow log or of latency events
  bool tracks_latencies_ = true;
  CommandCounts counts_;
  std::deque<std::pair<Instant, Done>> samples_;
};

}  // namespace borg::node
