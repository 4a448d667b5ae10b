// SPDX-License-Identifier: Apache-2.0
#include "sim/faults.h"

#include "sim/world.h"

namespace borg::sim {

Faults::Faults(Sim& sim, World& world) : sim_(sim), world_(world) {
  const SimOptions& o = sim.options;
  kinds_ = {{o.crashes, &Faults::crash},
            {o.pauses, &Faults::pause},
            {o.leaves, &Faults::leave},
            {o.joins, &Faults::join},
            {o.broken_links, &Faults::break_links},
            {o.cuts, &Faults::cut},
            {o.coordinator_outages, &Faults::outage},
            {o.clock_jumps, &Faults::jump_clock}};
}

void Faults::start() { next(); }

void Faults::next() {
  sim_.queue.after(sim_.draw(Duration::millis(20), sim_.options.fault_gap_max), [this] {
    if (sim_.calm) return;
    one();
    next();
  });
}

void Faults::one() {
  // Where each failure comes alone the cluster has got over the one before.
  if (sim_.options.one_at_a_time && !world_.is_settled()) return;
  std::uint32_t total = 0;
  for (const auto& kind : kinds_) total += kind.first;
  if (total == 0) return;
  std::uint64_t drawn = sim_.random.below(total);
  for (const auto& [weight, act] : kinds_) {
    if (drawn < weight) {
      (this->*act)();
      return;
    }
    drawn -= weight;
  }
}

Process* Faults::victim() {
  const auto live = world_.live();
  return live.empty() ? nullptr : live[sim_.random.below(live.size())];
}

void Faults::crash() {
  Process* process = victim();
  if (process == nullptr || world_.live().size() < 2) return;
  if (!world_.can_spare(*process) && !sim_.options.exceeds_promise) return;
  const std::size_t host = process->host;
  process->kill(sim_.random.chance(1, 4));
  world_.note_death();
  if (!sim_.random.chance(1, 4)) {
    world_.restart_later(host, sim_.draw(Duration::millis(1), Duration::seconds(3)));
  }
}

void Faults::pause() {
  Process* process = victim();
  if (process == nullptr || process->life.paused) return;
  process->pause();
  const bool is_long = sim_.random.chance(1, 3);
  sim_.queue.after(
      sim_.draw(Duration::millis(5), is_long ? Duration::seconds(4) : Duration::millis(900)),
      [process] { process->resume(); });
}

void Faults::leave() {
  Process* process = victim();
  if (process == nullptr || process->is_leaving || world_.staying() < 2) return;
  process->leave();
}

void Faults::join() { world_.add_host(); }

void Faults::break_links() {
  world_.network().break_random_links(1 + sim_.random.below(sim_.random.chance(1, 3) ? 20 : 2));
}

void Faults::cut() {
  const std::size_t n = world_.hosts();
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  const std::size_t a = sim_.random.below(n);
  switch (sim_.random.below(4)) {
    case 0: {  // one link, perhaps one way only
      const std::size_t b = sim_.random.below(n);
      pairs.emplace_back(a, b);
      if (sim_.random.chance(1, 2)) pairs.emplace_back(b, a);
      break;
    }
    case 1:  // one node from all others, perhaps one way only
      for (std::size_t b = 0; b < n; ++b) {
        pairs.emplace_back(a, b);
        pairs.emplace_back(b, a);
      }
      break;
    case 2:
      for (std::size_t b = 0; b < n; ++b) pairs.emplace_back(a, b);
      break;
    default:  // two sides
      for (std::size_t b = 0; b < n; ++b) {
        for (std::size_t c = 0; c < n; ++c) {
          if ((b <= a) != (c <= a)) pairs.emplace_back(b, c);
        }
      }
  }
  for (const auto& [from, to] : pairs) world_.network().cut(from, to);
  if (sim_.trace.prints()) {
    for (const auto& [from, to] : pairs) {
      sim_.trace.print(sim_.queue.now(), "network",
                       "cut " + std::to_string(from) + " -> " + std::to_string(to));
    }
  }
  const Duration span =
      sim_.draw(Duration::millis(50),
                sim_.random.chance(1, 2) ? Duration::millis(900) : Duration::seconds(5));
  sim_.queue.after(span, [this, pairs] {
    for (const auto& [from, to] : pairs) world_.network().heal(from, to);
    if (sim_.trace.prints()) sim_.trace.print(sim_.queue.now(), "network", "a cut heals");
  });
}

void Faults::outage() {
  const bool all = sim_.random.chance(1, 3);
  Process* one = victim();
  const Duration span = sim_.draw(Duration::millis(50), Duration::seconds(4));
  for (Process* process : world_.live()) {
    if (!all && process != one) continue;
    process->control->say("cannot reach the coordinator");
    process->port->set_reachable(false);
    sim_.queue.after(span, [process] { process->port->set_reachable(true); });
  }
}

void Faults::jump_clock() {
  if (Process* process = victim()) process->life.clock.jump_wall(sim_.random.between(-5000, 5000));
}

}  // namespace borg::sim
