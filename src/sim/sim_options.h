// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "node/options.h"
#include "sim/local_clock.h"

namespace borg::sim {

/// What one seed does to its cluster. A permille is of the chances that come up.
struct SimOptions {
  // The cluster.
  std::size_t nodes = 3;
  std::size_t hosts_max = 5;  ///< nodes that join later included
  node::NodeOptions node;     ///< of all nodes, but for the name and the number of workers
  bool zones = false;
  bool unequal_weights = false;
  bool unequal_leases = false;
  bool unequal_silences = false;
  bool one_machine = false;       ///< a port that refuses connections proves a death
  std::uint16_t workers_max = 3;  ///< of a node
  // With fillers: what one node may hold.
  std::size_t memory_bytes_least = 300 * 1024;
  std::size_t memory_bytes_most = 1200 * 1024;

  // The machinery around the cores.
  Duration latency_max = Duration::micros(500);  ///< between nodes
  std::uint32_t split_permille = 20;             ///< bytes that arrive in two pieces
  std::uint32_t slow_turn_permille = 5;          ///< turns that start late: a busy processor
  Duration slow_turn_max = Duration::millis(5);
  std::uint32_t slow_flush_permille = 2;  ///< turns whose output leaves late
  Duration slow_flush_max = Duration::millis(50);

  LocalClock::Limits clocks{.wall_skew = Duration::seconds(3)};
  bool walls_are_right = false;  ///< of most nodes at any time: absolute expiries can be judged

  // The coordinator.
  Duration session_ttl = Duration::seconds(3);  ///< unless deaths are proven
  Duration coordinator_delay_max = Duration::millis(3);
  Duration watch_delay_max = Duration::millis(5);
  std::uint32_t answer_lost_permille = 0;

  // Faults.
  Duration fault_time = Duration::seconds(6);
  bool restarts = true;          ///< who has left is started again
  bool one_at_a_time = false;    ///< nodes die only, each when the last death has healed
  bool one_faulty_node = false;  ///< see faulty_node.h; no other faults
  bool exceeds_promise = false;  ///< all copies of something may die at once
  bool accepts_loss = false;     ///< an operator says again and again that losses are accepted
  std::uint32_t losses = 0;      ///< all that hold a partition die
  std::uint32_t crashes = 1;     ///< weights of the kinds
  std::uint32_t pauses = 0;
  std::uint32_t long_commands = 0;
  std::uint32_t leaves = 0;
  std::uint32_t joins = 0;
  std::uint32_t broken_links = 0;
  std::uint32_t cuts = 0;
  std::uint32_t coordinator_outages = 0;
  std::uint32_t clock_jumps = 0;  ///< of wall clocks: of one, of some, of all
  std::uint32_t drains = 0;       ///< an operator empties a node, which stays
  std::uint32_t forgets = 0;      ///< an operator gives up a node that is silent
  std::uint32_t rollings = 0;     ///< all nodes leave and come back, one after the other
  std::uint32_t operators = 0;    ///< operators order anything, without looking
  bool only_operators = false;    ///< nobody dies or is cut off, and nobody says FORCE
  std::uint32_t snipes = 0;       ///< strokes at the worst moment
  Duration fault_gap_max = Duration::seconds(1);
  bool dies_under_way = false;  ///< one at a time, and then with a write that is not on all copies

  // Clients.
  std::size_t clients = 6;
  std::size_t hot_keys = 4;
  std::size_t cool_keys = 12;
  std::size_t key_tags = 0;      ///< in so many slots are all keys; 0: each in its own
  std::size_t ballast_keys = 0;  ///< in each of these slots, for snapshots to take long
  std::size_t ops_max = 500;
  Duration think_max = Duration::millis(30);
  std::uint32_t multi_key_permille = 60;
  std::uint32_t append_permille = 0;  ///< of other commands: values become long
  std::size_t containers = 2;
  std::uint32_t container_permille = 0;  ///< commands on them
  std::size_t queues = 3;
  std::uint32_t queue_permille = 0;        ///< commands on lists that are pushed to and popped from
  std::uint32_t expiry_permille = 0;       ///< commands that set or show when a key expires
  std::uint32_t transaction_permille = 0;  ///< of all commands
  std::size_t pipeline_max = 1;            ///< commands that a client has under way
  std::size_t fillers = 0;  ///< nodes have limits of memory then, and these fill them up
  std::size_t publishers = 0;
  std::size_t subscribers = 0;
};

/// Nasty but legal values, and which faults there are.
[[nodiscard]] SimOptions draw_options(Random& random);
[[nodiscard]] std::string describe(const SimOptions& options);

}  // namespace borg::sim
