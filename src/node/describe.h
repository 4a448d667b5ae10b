// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "membership/cluster_view.h"
#include "node/clock_watch.h"
#include "node/command_counts.h"
#include "node/movement.h"
#include "node/options.h"
#include "node/settings.h"
#include "node/stats.h"
#include "resp/writer.h"

namespace borg::node {

/// What BORG INFO is made of.
struct ClusterReport {
  std::string name;
  const membership::ClusterView* view = nullptr;
  NodeId self;
  std::int64_t uptime_seconds = 0;
  std::map<NodeId, Stats> stats;  ///< of the nodes that answered
  std::set<NodeId> silent;
  NodeClocks clocks;
  std::optional<Rebalance> rebalance;  ///< the running one, else the last that this node saw
  std::optional<Repair> repair;        ///< the running one
  std::optional<Repair> last_repair;
};
/// One object: "cluster" with the totals, "nodes" with one object a node.
[[nodiscard]] std::string describe_as_json(const ClusterReport& report);

/// What INFO is made of: this node alone.
struct InfoReport {
  Stats stats;
  std::uint64_t clients_refused = 0;      ///< more than Settings::clients_max
  const Stats* forgotten = nullptr;       ///< what CONFIG RESETSTAT takes off the counts
  const CommandCounts* counts = nullptr;  ///< of all workers
  const Settings* settings = nullptr;
  std::int64_t wall_ms = 0;  ///< as it is believed to be
  NodeClocks clocks;
  ProcessFacts process;
  const membership::ClusterView* view = nullptr;
  NodeId self;
  const NodeOptions* options = nullptr;
  std::int64_t uptime_seconds = 0;
  std::optional<Rebalance> rebalance;
  std::optional<Repair> last_repair;
};
/// Redis's sections and fields where they apply; with no section named the default ones.
[[nodiscard]] std::string describe_as_info(const InfoReport& report,
                                           const std::vector<std::string>& sections);

/// MEMORY STATS: a map with Redis's names, of those that apply.
void write_memory_stats(const InfoReport& report, resp::Writer& reply);

/// LATENCY HISTOGRAM: of the commands named behind the first two arguments, or of all.
void write_latency_histogram(const CommandCounts& counts, const std::vector<std::string>& args,
                             resp::Writer& reply);

/// The same for Prometheus, in its text format.
[[nodiscard]] std::string describe_as_metrics(const InfoReport& report);

}  // namespace borg::node
