// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_options.h"

#include <algorithm>

namespace borg::sim {
namespace {

constexpr Duration kYear = Duration::seconds(365LL * 24 * 3600);

void draw_node(node::NodeOptions& o, std::size_t nodes, Random& random) {
  const bool usual = random.chance(1, 2);
  coordination::Settings& s = o.settings;
  s.copies = usual ? 2 : static_cast<std::uint32_t>(random.between(1, 4));
  if (s.copies > nodes && random.chance(4, 5)) s.copies = static_cast<std::uint32_t>(nodes);
  s.min_copies = s.copies;
  if (random.chance(1, 3)) s.min_copies = static_cast<std::uint32_t>(random.between(1, s.copies));
  s.scatter_width = random.chance(1, 4) ? 2 : 0;
  if (!usual) {
    o.liveness.heartbeat = Duration::millis(random.between(50, 150));
    o.liveness.silence = o.liveness.heartbeat * random.between(4, 8);
    o.liveness.lease = o.liveness.silence * random.between(12, 30) / 10;
  }
  o.liveness.busy_max = Duration::millis(random.between(1000, 4000));
  if (random.chance(1, 4)) o.request_deadline = Duration::millis(random.between(500, 5000));
  if (random.chance(1, 6)) o.client_output_bytes_max = 64;
  if (random.chance(1, 6)) o.client_pending_max = 1;
  if (random.chance(1, 2)) o.sync_window_bytes = 1;
  if (random.chance(1, 2)) o.sync.chunk_keys = static_cast<std::size_t>(random.between(1, 4));
  if (random.chance(1, 4)) o.sync.state_bytes_max = static_cast<std::size_t>(random.between(0, 20));
  if (random.chance(1, 6)) o.sync.keys_ahead_max = static_cast<std::size_t>(random.between(0, 3));
  if (random.chance(1, 4)) {
    o.pace.foreground_percent = static_cast<std::uint32_t>(random.between(1, 99));
    o.pace.turn_bytes_max = static_cast<std::size_t>(random.between(1, 1000));
    o.pace.floor_bytes_per_s = static_cast<std::size_t>(random.between(1000, 100'000));
  }
  if (random.chance(1, 4))
    o.syncing_partitions_max = static_cast<std::size_t>(random.between(1, 4));
  if (random.chance(1, 4)) o.handovers_max = 1;
  o.death_is_proven = random.chance(1, 2);
}

void draw_losses(SimOptions& o, Random& random) {
  o.losses = static_cast<std::uint32_t>(random.between(1, 8));
  const auto how = random.below(3);  // 0: what is lost stays so
  o.accepts_loss = how == 1;
  o.node.settings.on_loss_empty = how == 2;
}

/// Two copies, a third node at least, and nothing else that may go wrong.
void draw_one_faulty_node(SimOptions& o, Random& random) {
  o.one_faulty_node = true;
  o.nodes = static_cast<std::size_t>(random.between(3, 5));
  o.hosts_max = o.nodes;
  o.node.settings.copies = random.chance(1, 4) ? 3 : 2;
  o.node.settings.min_copies = 2;
  o.node.death_is_proven = false;
  o.one_machine = false;
  o.node.request_deadline = Duration::seconds(30);
  o.fault_time = Duration::seconds(random.between(10, 30));
  o.crashes = 0;
}

/// Where the walls are right for most nodes one is wrong at most: always the same, and two others
/// live at any time.
void draw_clocks(SimOptions& o, Random& random) {
  const auto kind = random.below(8);
  if (kind < 2) o.clocks.wall_skew = Duration();
  if (kind == 2) o.clocks.wall_skew = kYear * 10;
  if (kind > 3) o.clock_jumps = static_cast<std::uint32_t>(random.between(1, 6));
  const bool spares_two = o.one_at_a_time && o.nodes > 2 && o.node.settings.min_copies > 1;
  o.walls_are_right = kind == 0 || (spares_two && random.chance(1, 2));
  if (o.walls_are_right) o.clocks = {.wall_skew = Duration(), .drift_ppm = 0};
}

void draw_faults(SimOptions& o, Random& random) {
  if (!o.dies_under_way && random.chance(1, 6)) return draw_one_faulty_node(o, random);
  const auto weight = [&](std::uint64_t in) {
    return random.chance(1, in) ? static_cast<std::uint32_t>(random.between(1, 4)) : 0u;
  };
  o.crashes = weight(2);
  o.leaves = weight(4);
  o.joins = weight(4);
  o.drains = weight(6);
  o.rollings = weight(8);
  o.long_commands = weight(3);
  o.one_at_a_time = o.dies_under_way || random.chance(1, 4);
  draw_clocks(o, random);
  if (o.one_at_a_time) return;
  // A thread that stands still is taken for dead: a failure like the others.
  if (random.chance(1, 3)) o.slow_turn_max = Duration::millis(random.between(20, 1000));
  o.pauses = weight(3);
  o.broken_links = weight(2);
  o.cuts = weight(3);
  o.coordinator_outages = weight(4);
  o.forgets = weight(6);
  o.operators = weight(6);
  if (random.chance(3, 4)) o.snipes = static_cast<std::uint32_t>(random.between(1, 10));
  o.exceeds_promise = random.chance(1, 10);
  if (o.exceeds_promise) draw_losses(o, random);
  if (random.chance(1, 4))
    o.answer_lost_permille = static_cast<std::uint32_t>(random.between(10, 300));
  if (random.chance(1, 4)) o.slow_flush_permille = 5;
  if (random.chance(1, 4)) o.slow_flush_max = o.node.liveness.lease * 3 / 2;
}

/// Little is on its way at a time, as it is beside real limits.
void draw_memory(SimOptions& o, Random& random) {
  o.fillers = static_cast<std::size_t>(random.between(1, 4));
  o.workers_max = 2;
  o.hosts_max = std::min<std::size_t>(o.hosts_max, 5);
  o.nodes = std::min(o.nodes, o.hosts_max);
  o.node.sync_window_bytes = 1;
  o.node.sync.chunk_bytes = 1024;
  // In the end the fillers go, and then all else must fit: values that stay may not become long.
  o.append_permille = 0;
}

/// Small clusters, in which one order too many is one too many.
void draw_operators(SimOptions& o, Random& random) {
  o.only_operators = true;
  o.crashes = 0;
  o.operators = 8;
  if (random.chance(1, 2)) o.node.settings.min_copies = 1;
  o.joins = random.chance(1, 4) ? 1 : 0;
  o.coordinator_outages = o.node.death_is_proven && random.chance(1, 4) ? 1 : 0;
  o.long_commands = random.chance(1, 4) ? 1 : 0;
  if (random.chance(1, 4)) {
    o.answer_lost_permille = static_cast<std::uint32_t>(random.between(10, 300));
  }
}

/// A snapshot of each partition with keys takes seconds, and nodes die with writes under way.
void draw_long_snapshots(SimOptions& o, Random& random) {
  o.key_tags = static_cast<std::size_t>(random.between(1, 3));
  o.ballast_keys = static_cast<std::size_t>(random.between(200, 500));
  o.latency_max = Duration::millis(random.between(20, 60));
  o.node.sync.chunk_keys = 1;
  o.node.sync_window_bytes = 1;
  o.fault_time = Duration::millis(random.between(8000, 16'000));
  if (!o.dies_under_way) return;
  o.crashes = 4;
  o.long_commands = 0;
  o.node.request_deadline = Duration::seconds(8);
}

}  // namespace

SimOptions draw_options(Random& random) {
  SimOptions o;
  const bool only_operators = random.chance(1, 8);
  o.nodes = static_cast<std::size_t>(random.between(2, random.chance(1, 4) ? 7 : 4));
  if (only_operators) o.nodes = static_cast<std::size_t>(random.between(1, 3));
  o.hosts_max = o.nodes + static_cast<std::size_t>(random.between(0, 2));
  draw_node(o.node, o.nodes, random);
  o.zones = random.chance(1, 4);
  o.unequal_weights = random.chance(1, 4);
  o.unequal_leases = random.chance(1, 4);
  o.unequal_silences = random.chance(1, 4);
  o.one_machine = random.chance(1, 3);
  if (random.chance(1, 4)) o.latency_max = Duration::millis(random.between(1, 20));
  if (random.chance(1, 8)) o.split_permille = 500;
  if (random.chance(1, 8)) o.slow_turn_permille = 100;
  o.session_ttl = Duration::millis(random.between(1500, 4000));
  if (random.chance(1, 4)) o.coordinator_delay_max = Duration::millis(random.between(10, 200));
  if (random.chance(1, 4)) o.watch_delay_max = Duration::millis(random.between(20, 500));
  o.fault_time = Duration::millis(random.between(2000, 8000));
  const bool has_long_snapshots = !only_operators && random.chance(1, 8);
  o.dies_under_way = has_long_snapshots && random.chance(2, 3);
  if (only_operators)
    draw_operators(o, random);
  else
    draw_faults(o, random);
  o.fault_gap_max = Duration::millis(random.between(200, only_operators ? 1000 : 3000));
  o.clients = static_cast<std::size_t>(random.between(2, 10));
  o.hot_keys = static_cast<std::size_t>(random.between(2, 6));
  o.cool_keys = static_cast<std::size_t>(random.between(0, 40));
  if (random.chance(1, 2)) o.key_tags = static_cast<std::size_t>(random.between(1, 4));
  if (has_long_snapshots && !o.one_faulty_node) draw_long_snapshots(o, random);
  o.ops_max = static_cast<std::size_t>(random.between(100, 800));
  o.think_max = o.fault_time * static_cast<std::int64_t>(o.clients * 2) /
                static_cast<std::int64_t>(o.ops_max);
  if (random.chance(1, 3)) o.multi_key_permille = 0;
  if (random.chance(1, 4)) o.append_permille = static_cast<std::uint32_t>(random.between(300, 900));
  if (random.chance(1, 2)) {
    o.transaction_permille = static_cast<std::uint32_t>(random.between(50, 500));
  }
  if (random.chance(1, 2)) o.expiry_permille = static_cast<std::uint32_t>(random.between(50, 500));
  if (random.chance(1, 2))
    o.container_permille = static_cast<std::uint32_t>(random.between(50, 700));
  if (random.chance(1, 2)) o.queue_permille = static_cast<std::uint32_t>(random.between(50, 700));
  if (random.chance(1, 2)) o.pipeline_max = static_cast<std::size_t>(random.between(2, 16));
  if (random.chance(1, 3)) {
    o.publishers = static_cast<std::size_t>(random.between(1, 3));
    o.subscribers = static_cast<std::size_t>(random.between(1, 4));
  }
  // Without memory for a copy some answers come late, whoever is at fault.
  if (!o.one_faulty_node && !only_operators && !has_long_snapshots && random.chance(1, 8))
    draw_memory(o, random);
  return o;
}

std::string describe(const SimOptions& o) {
  const auto& s = o.node.settings;
  const auto number = [](const char* name, auto value) {
    return " " + std::string(name) + "=" + std::to_string(value);
  };
  return "nodes=" + std::to_string(o.nodes) + number("copies", s.copies) +
         number("min_copies", s.min_copies) + number("proven", o.node.death_is_proven) +
         number("silence_ms", o.node.liveness.silence.as_millis()) +
         number("lease_ms", o.node.liveness.lease.as_millis()) +
         number("deadline_ms", o.node.request_deadline.as_millis()) +
         number("one_at_a_time", o.one_at_a_time) + number("one_faulty_node", o.one_faulty_node) +
         number("ballast_keys", o.ballast_keys) + number("exceeds", o.exceeds_promise) +
         number("accepts_loss", o.accepts_loss) + number("on_loss_empty", s.on_loss_empty) +
         number("crashes", o.crashes) + number("pauses", o.pauses) +
         number("long_commands", o.long_commands) + number("leaves", o.leaves) +
         number("joins", o.joins) + number("broken_links", o.broken_links) +
         number("cuts", o.cuts) + number("outages", o.coordinator_outages) +
         number("clock_jumps", o.clock_jumps) + number("walls_right", o.walls_are_right) +
         number("snipes", o.snipes) + number("drains", o.drains) + number("forgets", o.forgets) +
         number("operators", o.operators) + number("only_operators", o.only_operators) +
         number("rollings", o.rollings) + number("lost_answers", o.answer_lost_permille) +
         number("clients", o.clients) + number("pipeline", o.pipeline_max) +
         number("append", o.append_permille) + number("expiry", o.expiry_permille) +
         number("containers", o.container_permille) +
         number("transactions", o.transaction_permille) + number("queues", o.queue_permille) +
         number("fillers", o.fillers) + number("publishers", o.publishers) +
         number("subscribers", o.subscribers);
}

}  // namespace borg::sim
