// SPDX-License-Identifier: Apache-2.0
#include "node/command_meter.h"

#include <algorithm>

namespace borg::node {

namespace {

/// Where nobody gives a counter (simulations, tests) nothing takes time.
std::uint64_t no_ticks() { return 0; }

}  // namespace

CommandMeter::CommandMeter(const NodeOptions& options)
    : read_ticks_(options.read_ticks == nullptr ? &no_ticks : options.read_ticks),
      nanos_per_tick_(options.nanos_per_tick),
      late_ticks_(static_cast<std::uint64_t>(static_cast<double>(kLate.as_nanos()) /
                                             options.nanos_per_tick)) {}

void CommandMeter::follow(const Settings& settings) {
  constexpr std::int64_t kMicrosMax = INT64_MAX / 1000;
  slow_nanos_ = UINT64_MAX;
  if (settings.slowlog_slower_than_us >= 0) {
    const std::int64_t micros = std::min(settings.slowlog_slower_than_us, kMicrosMax);
    slow_nanos_ = static_cast<std::uint64_t>(micros) * 1000;
  }
  if (settings.latency_threshold_ms > 0) {
    const std::int64_t millis = std::min(settings.latency_threshold_ms, kMicrosMax / 1000);
    slow_nanos_ = std::min(slow_nanos_, static_cast<std::uint64_t>(millis) * 1'000'000);
  }
  tracks_latencies_ = settings.latency_tracking != 0;
}

void CommandMeter::forget() {
  counts_ = {};
  samples_.clear();
}

void CommandMeter::sample(Instant now, Done done) {
  constexpr Duration kEvery = Duration::millis(100);
  constexpr std::size_t kSamplesMax = 16;
  if (!samples_.empty() && now - samples_.back().first < kEvery) return;
  done.output_bytes = counts_.output_bytes;
  samples_.emplace_back(now, done);
  if (samples_.size() > kSamplesMax) samples_.pop_front();
}

std::shared_ptr<const CommandCounts> CommandMeter::snapshot(Instant now,
                                                            const PresentFacts& present) const {
  auto copy = std::make_shared<CommandCounts>();
  copy->merge(counts_);
  copy->present = present;
  if (samples_.size() < 2) return copy;
  const auto& [first_at, first] = samples_.front();
  const auto& [last_at, last] = samples_.back();
  const std::int64_t millis = std::max<std::int64_t>((last_at - first_at).as_millis(), 1);
  constexpr Duration kStale = Duration::seconds(2);
  if (now - last_at > kStale) return copy;  // nobody has ticked: nothing was to be done
  const auto rate = [millis](std::uint64_t before, std::uint64_t after) {
    return (after - before) * 1000 / static_cast<std::uint64_t>(millis);
  };
  copy->commands_per_s = rate(first.commands, last.commands);
  copy->input_bytes_per_s = rate(first.input_bytes, last.input_bytes);
  copy->output_bytes_per_s = rate(first.output_bytes, last.output_bytes);
  return copy;
}

}  // namespace borg::node
