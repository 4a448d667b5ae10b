// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/event_flags.h"
#include "node/options.h"

namespace borg::node {

/// What CONFIG SET can change on a running node, and what CONFIG GET shows beside it.
///
/// The control thread has the present ones; workers get each change as a new, immutable copy.
struct Settings {
  std::int64_t memory_bytes_max = 0;            ///< of the whole node; 0: no limit
  std::int64_t client_timeout_s = 0;            ///< an idle client is closed; 0: never
  std::int64_t clients_max = 10000;             ///< of the whole node; more are turned away
  std::int64_t slowlog_slower_than_us = 10000;  ///< negative: nothing is logged
  std::int64_t slowlog_entries_max = 128;
  std::int64_t latency_threshold_ms = 0;  ///< 0: no latency events
  std::int64_t latency_tracking = 1;      ///< a yes or no
  std::vector<double> latency_percentiles{50, 99, 99.9};
  commands::EventFlags keyspace_events;  ///< of the whole cluster: the coordinator has them
  // Fixed when the node starts.
  std::string bind;  ///< the addresses that it listens on, spaces between them
  std::string port;
  std::string announced_host;
  std::string announced_port;
  std::string announced_bus_port;
  std::string debug_enabled = "no";
  std::string log_level;  ///< in Redis's words
};

[[nodiscard]] Settings initial_settings(const NodeOptions& options);

using NamesAndValues = std::vector<std::pair<std::string, std::string>>;
/// CONFIG GET: the parameters that match one of the glob patterns (in any case), once each.
[[nodiscard]] NamesAndValues matching_settings(const Settings& settings,
                                               const std::vector<std::string_view>& patterns);
/// CONFIG SET: all of the names and values, in turn, or none. Returns Redis's error, empty if all
/// is well.
[[nodiscard]] std::string change_settings(Settings& settings, const std::vector<std::string>& args);

/// Whether CONFIG SET of these names and values is about more than this node.
[[nodiscard]] bool concerns_cluster(const std::vector<std::string>& args);

}  // namespace borg::node
