// SPDX-License-Identifier: Apache-2.0
#include "sim/growth.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "sim/movement.h"
#include "sim/world.h"

namespace borg::sim {
namespace {

SimOptions options_for(const GrowthOptions& growth) {
  SimOptions o;
  o.nodes = 1;
  o.hosts_max = growth.nodes;
  o.workers_max = 1;
  o.fault_time = Duration();
  o.crashes = 0;
  o.slow_turn_permille = o.slow_flush_permille = 0;
  o.clients = 8;
  o.hot_keys = 50;
  o.cool_keys = 400;
  o.ops_max = 200 * growth.nodes;
  o.think_max = Duration::millis(10);
  o.expiry_permille = 100;
  o.pipeline_max = 8;
  o.clocks.wall_skew = Duration();
  // One node refuses no write while it is alone.
  o.node.settings.min_copies = 1;
  return o;
}

unsigned long long number(std::uint64_t n) { return n; }

class Growth {
 public:
  explicit Growth(const GrowthOptions& options)
      : options_(options), world_(options.seed, options.trace, options_for(options)) {
    world_.on_changes = [this](const coordination::Changes& c) { movement_.on_changes(c); };
  }

  void run() {
    world_.begin();
    while (world_.hosts() < options_.nodes) {
      world_.add_host();
      if (options_.at_once) continue;
      world_.settle(kPatience);
      if (world_.hosts() % 10 == 0) print_progress();
    }
    world_.finish();
    measure_slots();
    print();
    check();
  }

 private:
  /// Hundreds of partitions move, some at a time.
  static constexpr Duration kPatience = Duration::seconds(300);

  void print_progress() {
    const World::Result r = world_.result();
    std::printf("%zu nodes: %.1f s virtual, %llu events\n", world_.hosts(),
                static_cast<double>(r.virtual_time.as_millis()) / 1e3, number(r.events));
    std::fflush(stdout);
  }

  /// What a cluster-aware client is told.
  void measure_slots() {
    auto session = std::make_shared<Session>();
    session->on_reply = [this](const std::string& bytes) { slots_reply_ += bytes.size(); };
    session->on_closed = [] {};
    WorkerActor& worker = *world_.live().front()->workers.front();
    worker.accept(session);
    worker.receive(session, "*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n");
    world_.run_for(Duration::seconds(1));
  }

  void print() {
    const World::Result r = world_.result();
    const World::Traffic t = world_.traffic();
    const placement::Stats& s = movement_.last();
    std::printf("%zu nodes joined %s: %u partitions, %.1f s virtual, %llu events\n", options_.nodes,
                options_.at_once ? "at once" : "one by one", unsigned{kPartitionCount},
                static_cast<double>(r.virtual_time.as_millis()) / 1e3, number(r.events));
    std::printf("commands: %llu sent, %llu answered, %llu in doubt, %llu cluster down\n",
                number(r.clients.sent), number(r.clients.done), number(r.clients.in_doubt),
                number(r.clients.cluster_down));
    std::printf("coordinator: %llu transactions, %llu of them committed; %llu keys, %llu bytes\n",
                number(t.transactions), number(t.commits), number(t.view_keys),
                number(t.view_bytes));
    std::printf("between nodes: %llu messages, %llu bytes\n", number(t.messages), number(t.bytes));
    std::printf("targets: %llu; copies to move: %llu, at least %llu; copies made: %llu\n",
                number(movement_.targets()), number(movement_.moved()),
                number(movement_.moved_least()), number(t.copies_made));
    std::printf("a node has %u to %u copies, %u to %u of them as primary\n", s.copies_min,
                s.copies_max, s.primaries_min, s.primaries_max);
    std::printf("CLUSTER SLOTS: %zu bytes\n", slots_reply_);
  }

  void check() const {
    const placement::Stats& s = movement_.last();
    if (s.copies_max - s.copies_min > 1) throw Violation("balance", "copies differ by more than 1");
    if (s.primaries_max - s.primaries_min > 1) {
      throw Violation("balance", "primaries differ by more than 1");
    }
    if (slots_reply_ == 0) throw Violation("resp", "no answer to CLUSTER SLOTS");
    if (world_.result().clients.in_doubt + world_.result().clients.cluster_down > 0) {
      throw Violation("joining refuses nothing", "commands failed");
    }
    if (movement_.moved() > movement_.moved_least()) {
      throw Violation("the least moves", std::to_string(movement_.moved()) + " instead of " +
                                             std::to_string(movement_.moved_least()));
    }
  }

  const GrowthOptions options_;
  World world_;
  Movement movement_;
  std::size_t slots_reply_ = 0;
};

}  // namespace

int run_growth(const GrowthOptions& options) {
  const auto growth = std::make_unique<Growth>(options);
  try {
    growth->run();
    return 0;
  } catch (const std::exception& e) {
    std::printf("FAILED: %s\n", e.what());
    return 1;
  }
}

}  // namespace borg::sim
