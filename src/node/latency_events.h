// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "commands/command.h"
#include "resp/writer.h"

namespace borg::node {

/// LATENCY: what took longer than latency-monitor-threshold on any worker of a node, by kind of
/// event; kept by the first. Of each second the longest counts, of each kind the last 160.
class LatencyEvents {
 public:
  void add(std::string_view event, std::int64_t time_s, std::int64_t took_ms);
  void write_latest(resp::Writer& reply) const;
  void write_history(std::string_view event, resp::Writer& reply) const;
  void write_graph(std::string_view event, std::int64_t now_s, resp::Writer& reply) const;
  /// For people. `threshold_ms` 0: nothing is recorded.
  [[nodiscard]] std::string diagnosis(std::int64_t threshold_ms) const;
  /// Forgets these events, or all if there are none; returns how many it knew.
  std::int64_t reset(commands::Args events);

 private:
  struct Sample {
    std::int64_t time_s = 0;
    std::int64_t took_ms = 0;
  };
  struct Series {
    std::int64_t longest_ms = 0;
    std::deque<Sample> samples;
  };
  std::map<std::string, Series, std::less<>> events_;
};

}  // namespace borg::node
