// SPDX-License-Identifier: Apache-2.0
#include "sim/faults.h"

#include <algorithm>
#include <iterator>

#include "sim/world.h"

namespace borg::sim {

Faults::Faults(Sim& sim, World& world) : sim_(sim), world_(world), operators_(sim, world) {
  const SimOptions& o = sim.options;
  kinds_ = {{o.crashes, &Faults::crash},
            {o.pauses, &Faults::pause},
            {o.long_commands, &Faults::keep_busy},
            {o.leaves, &Faults::leave},
            {o.joins, &Faults::join},
            {o.broken_links, &Faults::break_links},
            {o.cuts, &Faults::cut},
            {o.coordinator_outages, &Faults::outage},
            {o.clock_jumps, &Faults::jump_clock},
            {o.drains, &Faults::drain},
            {o.forgets, &Faults::forget},
            {o.rollings, &Faults::roll},
            {o.operators, &Faults::err},
            {o.snipes, &Faults::snipe},
            {o.losses, &Faults::lose}};
}

void Faults::start() {
  next();
  if (sim_.options.accepts_loss) accept_losses();
}

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
  // Nor has an operator emptied so many nodes that one less is too few for writes.
  const std::size_t spare =
      std::min<std::size_t>(sim_.options.nodes, sim_.options.node.settings.min_copies + 1);
  if (sim_.options.one_at_a_time && world_.staying() < spare) return;
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
  if (sim_.options.dies_under_way) {
    awaited_ = Moment::kUnstable;
    return;
  }
  Process* process = victim();
  if (process != nullptr) kill(*process);
}

void Faults::kill(Process& process) {
  if (sim_.calm || !process.alive() || world_.live().size() < 2) return;
  if (!world_.can_spare(process) && !sim_.options.exceeds_promise) return;
  const std::size_t host = process.host;
  process.kill(sim_.random.chance(1, 4));
  world_.note_death();
  if (!sim_.random.chance(1, 4)) {
    world_.restart_later(host, sim_.draw(Duration::millis(1), Duration::seconds(3)));
  }
}

void Faults::pause() {
  Process* process = victim();
  if (process == nullptr || process->life.paused) return;
  const bool is_long = sim_.random.chance(1, 3);
  pause(*process,
        sim_.draw(Duration::millis(5), is_long ? Duration::seconds(4) : Duration::millis(900)));
}

void Faults::pause(Process& process, Duration span) {
  process.pause();
  sim_.queue.after(span, [&process] { process.resume(); });
}

/// One worker takes long, now and then for longer than that is patiently borne.
void Faults::keep_busy() {
  Process* process = victim();
  if (process == nullptr) return;
  auto& worker = *process->workers[sim_.random.below(process->workers.size())];
  const Duration patience = process->options.liveness.busy_max;
  const bool hangs = !sim_.options.one_at_a_time && sim_.random.chance(1, 4);
  worker.be_busy(sim_.draw(Duration::millis(20), hangs ? patience * 2 : patience * 3 / 4));
}

void Faults::leave() {
  Process* process = victim();
  if (process == nullptr || process->is_leaving || world_.staying() < 2) return;
  process->leave();
}

void Faults::drain() {
  Process* process = victim();
  Process* asked = victim();
  if (process == nullptr || process->is_leaving || process->is_drained) return;
  if (world_.staying() < 2) return;
  process->is_drained = true;
  asked->ask({"BORG", "DRAIN", process->name});
}

void Faults::err() { operators_.err(); }

/// Of whoever the one that is asked finds silent, rightly or not: it refuses the others.
void Faults::forget() {
  Process* asked = victim();
  Process* process = victim();
  if (process != nullptr && process != asked) asked->ask({"BORG", "FORGET", process->name});
}

void Faults::roll() {
  if (is_rolling_) return;
  is_rolling_ = true;
  roll_on(0, world_.hosts());
}

/// The next one leaves when all are at rest again: the world starts again who has left.
void Faults::roll_on(std::size_t host, std::size_t left) {
  if (sim_.calm || left == 0) {
    is_rolling_ = false;
    return;
  }
  const std::size_t needed = sim_.options.one_at_a_time ? sim_.options.node.settings.min_copies : 1;
  if (!world_.is_settled() || world_.staying() <= needed) {
    sim_.queue.after(Duration::millis(50), [this, host, left] { roll_on(host, left); });
    return;
  }
  for (Process* process : world_.live()) {
    if (process->host == host && !process->is_leaving) process->leave();
  }
  sim_.queue.after(Duration::millis(50), [this, host, left] { roll_on(host + 1, left - 1); });
}

/// Perhaps it leaves while the others begin to give it what it is to hold.
void Faults::join() {
  Process* const process = world_.add_host();
  const bool stays = sim_.options.one_at_a_time || sim_.options.one_faulty_node;
  if (process == nullptr || stays || !sim_.random.chance(1, 3)) return;
  sim_.queue.after(sim_.draw(Duration::millis(1), Duration::millis(60)), [this, process] {
    if (process->alive() && !process->is_leaving && world_.staying() >= 2) process->leave();
  });
}

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
  cut_for(std::move(pairs),
          sim_.draw(Duration::millis(50),
                    sim_.random.chance(1, 2) ? Duration::millis(900) : Duration::seconds(5)));
}

void Faults::cut_for(std::vector<std::pair<std::size_t, std::size_t>> pairs, Duration span) {
  for (const auto& [from, to] : pairs) world_.network().cut(from, to);
  if (sim_.trace.prints()) {
    for (const auto& [from, to] : pairs) {
      sim_.trace.print(sim_.queue.now(), "network",
                       "cut " + std::to_string(from) + " -> " + std::to_string(to));
    }
  }
  sim_.queue.after(span, [this, healed = std::move(pairs)] {
    for (const auto& [from, to] : healed) world_.network().heal(from, to);
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

// ---- beyond what is promised ----

/// But for one node, so that there is a cluster to go on.
void Faults::lose() {
  const auto p = static_cast<std::uint16_t>(sim_.random.below(kPartitionCount));
  for (const NodeId node : world_.holders(p)) {
    Process* process = world_.process(node);
    if (process != nullptr && process->alive()) kill(*process);
  }
}

/// Of what is lost, asking any node, also while all else heals.
void Faults::accept_losses() {
  sim_.queue.after(sim_.draw(Duration::millis(200), Duration::seconds(2)), [this] {
    const auto live = world_.live();
    if (world_.has_losses() && !live.empty()) {
      Process* process = live[sim_.random.below(live.size())];
      process->ask({"BORG", "ACCEPT-LOSS"});
    }
    accept_losses();
  });
}

// ---- at the worst moment ----

void Faults::snipe() {
  constexpr Moment kMoments[] = {Moment::kUnstable, Moment::kFeeding, Moment::kReceiving,
                                 Moment::kParked};
  awaited_ = kMoments[sim_.random.below(std::size(kMoments))];
}

bool Faults::is_at_moment(const replication::Replica& replica) const {
  using Role = replication::Replica::Role;
  switch (awaited_) {
    case Moment::kUnstable:
      return replica.role() == Role::kPrimary && replica.last_seq() > replica.committed_seq();
    case Moment::kFeeding:
      return replica.role() == Role::kPrimary && !replica.config().syncing.empty();
    case Moment::kReceiving:
      return replica.role() == Role::kSyncing && replica.last_seq() > Seq();
    case Moment::kParked:
      return replica.is_parked();
    case Moment::kNone:
      break;
  }
  return false;
}

void Faults::on_turn(Process& process, std::size_t worker) {
  if (awaited_ == Moment::kNone || sim_.calm) return;
  for (std::size_t p = worker; p < kPartitionCount; p += process.workers.size()) {
    const auto* replica = process.replica(PartitionId(static_cast<std::uint16_t>(p)));
    if (replica == nullptr || !is_at_moment(*replica)) continue;
    if (!sim_.random.chance(1, 4)) continue;  // not always the first
    awaited_ = Moment::kNone;
    const PartitionConfig& c = replica->config();
    NodeId peer = c.primary();
    for (const NodeList* list : {&c.in_sync, &c.syncing}) {
      for (const NodeId node : *list) {
        if (node != process.id && (peer == process.id || sim_.random.chance(1, 2))) peer = node;
      }
    }
    // Not within the turn: its effects are being taken.
    const bool at_once = sim_.random.chance(1, 2);
    const Duration later = std::max(Duration::millis(3), sim_.options.latency_max * 2);
    sim_.queue.after(at_once ? Duration() : sim_.draw(Duration(), later),
                     [this, &process, host = world_.host_of(peer)] { strike(process, host); });
    return;
  }
}

/// At a node, or at the way between it and one of those that hold the same.
void Faults::strike(Process& process, std::size_t other_host) {
  if (!process.alive() || process.life.paused || sim_.calm) return;
  const std::size_t host = process.host;
  if (sim_.options.one_at_a_time) return strike_one(sim_.random.chance(1, 2) ? host : other_host);
  const Duration span = sim_.draw(
      Duration::millis(5), sim_.random.chance(1, 2) ? Duration::seconds(3) : Duration::millis(900));
  switch (sim_.random.below(6)) {
    case 0:
    case 1:
      kill(process);
      break;
    case 2:
      pause(process, span);
      break;
    case 3:
      cut_for({{host, other_host}, {other_host, host}}, span);
      break;
    case 4:
      cut_for({{host, other_host}}, span);
      // And perhaps the node that cannot be heard dies with what it did not get out.
      if (sim_.random.chance(1, 2)) sim_.queue.after(span / 2, [this, &process] { kill(process); });
      break;
    default:
      world_.network().break_random_links(20);
  }
}

/// If the cluster has got over the failure before.
void Faults::strike_one(std::size_t host) {
  if (!world_.is_settled()) return;
  const auto live = world_.live();
  const auto at = std::ranges::find(live, host, &Process::host);
  if (at != live.end()) kill(**at);
}

/// Those whose wall clocks jump together: one, some or all.
std::vector<Process*> Faults::jumpers() {
  std::vector<Process*> processes = world_.live();
  if (sim_.options.walls_are_right) {
    constexpr std::size_t kWrongHost = 1;
    std::erase_if(processes, [](const Process* each) { return each->host != kWrongHost; });
    return processes;
  }
  const std::uint64_t kind = sim_.random.below(3);
  if (kind == 0 && !processes.empty()) return {victim()};
  if (kind == 1) std::erase_if(processes, [this](auto*) { return sim_.random.chance(1, 2); });
  return processes;
}

/// By seconds up to years, either way, for good or for a moment.
void Faults::jump_clock() {
  constexpr std::int64_t kSecond = 1000;
  constexpr std::int64_t kDay = 24 * 3600 * kSecond;
  constexpr std::int64_t kFurthest[] = {5 * kSecond, 600 * kSecond, 30 * kDay, 3 * 365 * kDay};
  const std::int64_t most = kFurthest[sim_.random.below(std::size(kFurthest))];
  const std::int64_t ms = sim_.random.between(-most, most);
  const std::vector<Process*> processes = jumpers();
  const auto jump = [processes](std::int64_t by) {
    for (Process* process : processes) {
      process->life.clock.jump_wall(by);
      process->control->say("has its wall clock moved by " + std::to_string(by) + " ms");
    }
  };
  jump(ms);
  if (sim_.random.chance(1, 2)) {
    sim_.queue.after(sim_.draw(Duration::millis(1), Duration::seconds(2)),
                     [jump, ms] { jump(-ms); });
  }
}

}  // namespace borg::sim
