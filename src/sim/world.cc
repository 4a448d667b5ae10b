// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>

#include "base/slot.h"
#include "coordination/schema.h"
#include "sim/ballast.h"
#include "sim/exactly_once.h"
#include "sim/expiries.h"
#include "sim/faults.h"
#include "sim/queue_check.h"

namespace borg::sim {

namespace {

constexpr Duration kLagMax = Duration::seconds(2);

}  // namespace

World::World(std::uint64_t seed, bool prints) : World(Sim(seed, prints)) {}

World::World(std::uint64_t seed, bool prints, const SimOptions& options)
    : World(Sim(seed, prints, options)) {}

World::World(Sim sim)
    : sim_(std::move(sim)),
      network_(
          sim_, [this](const wire::Endpoint& to) { return find(to); },
          [this](const LinkActor& from, const wire::Endpoint& to) {
            const auto at = by_id_.find(from.endpoint.node);
            return at != by_id_.end() && at->second->wants(to);
          }),
      invariants_(sim_),
      coordinator_(sim_,
                   [this](const auto& changes) {
                     invariants_.on_changes(changes);
                     if (on_changes) on_changes(changes);
                   }),
      workload_(sim_),
      answer_times_(sim_.options) {
  if (sim_.trace.prints()) sim_.trace.print({}, "options", describe(sim_.options));
}

World::~World() = default;

LinkActor* World::find(const wire::Endpoint& endpoint) {
  const auto at = by_id_.find(endpoint.node);
  return at == by_id_.end() || !at->second->alive() ? nullptr : at->second->actor(endpoint.lane);
}

// ---- nodes ----

Process* World::add_host() {
  if (hosts_.size() >= sim_.options.hosts_max) return nullptr;
  const auto n = hosts_.size();
  const std::string name =
      n < 26 ? std::string(1, static_cast<char>('a' + n)) : "n" + std::to_string(n);
  const std::int64_t workers = sim_.random.between(1, sim_.options.workers_max);
  hosts_.push_back({name, static_cast<std::uint16_t>(workers), nullptr});
  start_process(n);
  return hosts_[n].process;
}

void World::start_process(std::size_t n) {
  Host& host = hosts_[n];
  const Process::Setting setting{
      .network = &network_,
      .coordinator = &coordinator_,
      .on_exit = [this](Process& process) { on_exit(process); },
      .on_kill = [this](const Process& process) { prove_death(process); },
      .after_turn =
          [this](Process& process, std::size_t worker) {
            invariants_.check_turn(process, worker);
            if (faults_ != nullptr) faults_->on_turn(process, worker);
          }};
  const NodeId id(sim_.random.next() | 1);
  processes_.push_back(std::make_unique<Process>(sim_, setting, n, host.name, id, host.workers));
  host.process = processes_.back().get();
  by_id_[id] = host.process;
  invariants_.add(*host.process);
  host.process->start();
}

void World::restart_later(std::size_t host, Duration delay) {
  sim_.queue.after(delay, [this, host] {
    Process* process = hosts_[host].process;
    if (process == nullptr || !process->alive()) start_process(host);
  });
}

/// A node that left stays away for a while; one that gave up is started again by its operator.
void World::on_exit(Process& process) {
  const auto view = process.control->core.view();
  if (view == nullptr || view->cluster->member(process.id) == nullptr) {
    invariants_.note_unborn(process.id);
  }
  invariants_.note_losses();
  if (!sim_.options.restarts) return;
  const bool is_soon = sim_.options.only_operators && sim_.random.chance(1, 2);
  restart_later(process.host, is_soon ? sim_.draw(Duration(), Duration::millis(30))
                                      : sim_.draw(Duration::millis(100), Duration::seconds(3)));
}

/// On one machine the others see that its port refuses connections.
void World::prove_death(const Process& process) {
  if (!sim_.options.one_machine) return;
  for (Process* witness : live()) {
    sim_.queue.after(
        sim_.draw(Duration::micros(50), Duration::millis(40)), [witness, dead = process.id] {
          if (!witness->alive()) return;
          witness->control->post(
              [control = witness->control.get(), dead] { control->core.on_death_proven(dead); });
        });
  }
}

void World::note_death() { invariants_.note_losses(); }

Process* World::process(NodeId node) const {
  const auto at = by_id_.find(node);
  return at == by_id_.end() ? nullptr : at->second;
}

std::size_t World::host_of(NodeId node) const {
  const Process* at = process(node);
  return at == nullptr ? 0 : at->host;
}

std::vector<Process*> World::live() {
  std::vector<Process*> live;
  for (const Host& host : hosts_) {
    if (host.process != nullptr && host.process->alive()) live.push_back(host.process);
  }
  return live;
}

std::size_t World::staying() {
  const auto all = live();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Process* p) {
    return p->is_ready && !p->is_leaving && !p->is_drained;
  }));
}

bool World::can_spare(const Process& victim) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = invariants_.config(p);
    if (!c.in_sync.contains(victim.id)) continue;
    bool spare = false;
    for (const NodeId node : c.in_sync) {
      const auto at = by_id_.find(node);
      spare = spare || (node != victim.id && at != by_id_.end() && at->second->alive());
    }
    if (!spare) return false;
  }
  return true;
}

Process* World::choose_process() {
  std::vector<Process*> ready;
  for (Process* process : live()) {
    if (process->is_ready) ready.push_back(process);
  }
  return ready.empty() ? nullptr : ready[sim_.random.below(ready.size())];
}

// ---- the course of a run ----

void World::run_for(Duration span) {
  const Duration end = sim_.queue.now() + span;
  while (sim_.queue.run_one(end)) {
  }
}

void World::run() {
  begin();
  sim_.calm = false;
  if (sim_.options.one_faulty_node) {
    faulty_node_ = std::make_unique<FaultyNode>(sim_, *this);
    faulty_node_->start();
  } else {
    faults_ = std::make_unique<Faults>(sim_, *this);
    faults_->start();
  }
  run_for(sim_.options.fault_time);
  heal();
  finish();
}

void World::begin() {
  for (std::size_t n = 0; n < sim_.options.nodes; ++n) add_host();
  settle(Duration::seconds(30));
  if (sim_.options.ballast_keys > 0) fill();
  start_clients();
}

void World::fill() {
  Ballast ballast(sim_, *choose_process()->workers.front());
  ballast.start();
  const Duration end = sim_.queue.now() + Duration::seconds(10);
  while (!ballast.is_done()) {
    if (sim_.queue.now() >= end) throw Violation("every command ends", "the ballast waits");
    run_for(Duration::millis(10));
  }
}

void World::finish() {
  finish_fillers();
  finish_clients();
  come_to_rest();
  // What was given a time to live is gone by now, as the last reads see.
  if (sim_.options.expiry_permille > 0) run_for(Workload::kLongestLife * 102 / 100 + kLagMax);
  check_links();
  const ClientCounts before = counts_;
  finish_clients();  // once more, with nothing else under way
  check_last_answers(before);
  finish_messengers();
  // Keys go on to expire, first at the primary.
  for (int tries = 0; !invariants_.unequal_copies().empty(); ++tries) {
    if (tries == 20) throw Violation("copies are equal", invariants_.unequal_copies());
    run_for(Duration::millis(20));
  }
  check_histories();
}

void World::start_clients() {
  for (std::uint64_t id = 1; id <= sim_.options.clients; ++id) {
    const ClientSetting setting{
        .choose_process = [this] { return choose_process(); },
        .on_data_loss =
            [this](const std::vector<Command::Part>& parts) {
              // A session that ended may have been that of a node that comes back.
              const bool certain = sim_.options.node.death_is_proven;
              // Whose view is old may not have heard yet that a loss was accepted.
              const Duration lately = sim_.queue.now() - Duration::seconds(2);
              const bool is_lost =
                  invariants_.was_wiped_since(lately) ||
                  std::any_of(parts.begin(), parts.end(), [this](const Command::Part& part) {
                    const PartitionId p = partition_of(slot_of_key(part.key));
                    return invariants_.is_lost(part.key) || invariants_.losses().has(p.value()) ||
                           invariants_.has_ended(p.value());
                  });
              if (certain && !is_lost) {
                throw Violation("data loss without a reason", parts.front().key);
              }
            },
        .on_result =
            [this](const std::string& key, Duration invoked) {
              if (invariants_.was_wiped()) return;
              const auto since = invariants_.lost_since(key);
              if (since && invoked > *since) {
                throw Violation("what is lost is never shown as empty", key);
              }
            },
        .on_sum =
            [this](const std::string& key, std::int64_t sum) {
              const std::uint16_t p = partition_of(slot_of_key(key)).value();
              const Losses& losses = invariants_.losses();
              const bool had_loss = losses.has(p) || losses.is_unseen(p) ||
                                    invariants_.is_lost(key) || invariants_.was_wiped();
              if (sum != 0 && !had_loss) {
                throw Violation("transactions are seen as a whole",
                                key + " and its other half add up to " + std::to_string(sum));
              }
            },
        .on_end = [this](
                      std::size_t host, Duration invoked, Duration may_take,
                      const std::string& error) { check_answer(host, invoked, may_take, error); },
        .history = &history_,
        .workload = &workload_,
        .counts = &counts_};
    clients_.push_back(std::make_unique<SimClient>(sim_, setting, id));
    clients_.back()->start();
  }
  messengers_ = std::make_unique<Messengers>(sim_, [this] { return choose_process(); });
  messengers_->start();
  fillers_ = std::make_unique<Fillers>(sim_, [this] { return choose_process(); });
  fillers_->start();
}

/// With one node at fault the others answer all keys, and soon.
void World::check_answer(std::size_t host, Duration invoked, Duration may_take,
                         const std::string& error) const {
  if (may_take == Duration() && error != "no answer") {
    answer_times_.check(sim_.queue.now() - invoked);
  }
  if (faulty_node_ == nullptr || faulty_node_->was_faulty(host, invoked)) return;
  // Who waits for an element may do so for ever, and those behind it with it.
  const bool may_wait = may_take > Duration();
  const bool is_out_of_reach = error.starts_with("CLUSTERDOWN") || error.starts_with("INDOUBT") ||
                               error.starts_with("NOREPLICAS") ||
                               (error == "no answer" && !may_wait);
  const Duration took = sim_.queue.now() - std::max(invoked, faulty_node_->last_turn());
  if (is_out_of_reach) {
    throw Violation("the healthy rest answers",
                    error + " after " + std::to_string(took.as_millis()) + " ms");
  }
  if (took > faulty_node_->patience() && !may_wait) {
    throw Violation("the healthy rest answers soon", std::to_string(took.as_millis()) + " ms");
  }
}

void World::heal() {
  sim_.calm = true;
  if (sim_.trace.prints()) sim_.trace.print(sim_.queue.now(), "world", "faults end");
  network_.heal_all();
  for (std::size_t n = 0; n < hosts_.size(); ++n) {
    Process* process = hosts_[n].process;
    if (process == nullptr || !process->alive()) {
      restart_later(n, Duration::millis(10));
      continue;
    }
    process->resume();
    process->port->set_reachable(true);
  }
  if (faults_ != nullptr) faults_->end();
}

bool World::is_settled(std::string* why) {
  const auto no = [&](const std::string& reason) {
    if (why != nullptr) *why = reason;
    return false;
  };
  const auto live_now = live();
  for (const Host& host : hosts_) {
    if (host.process == nullptr || !host.process->alive()) return no(host.name + " is not up");
    // Who is told to go before it is ready never says that it is.
    if (!host.process->is_ready && !host.process->is_leaving && !host.process->is_drained) {
      return no(host.name + " is not ready");
    }
    // It stays while it has a part of what is lost.
    if (host.process->is_leaving && invariants_.lost() == 0) return no(host.name + " is leaving");
  }
  const bool ends_losses = sim_.options.accepts_loss || sim_.options.node.settings.on_loss_empty;
  if (ends_losses && invariants_.lost() > 0) return no("a loss is not dealt with");
  const auto view = live_now.front()->control->core.view();
  if (view == nullptr) return no(live_now.front()->name + " is no member yet");
  if (view->cluster->revision != coordinator_.space().revision()) return no("old view");
  std::size_t members = 0;
  for (const auto& record : view->cluster->members) {
    const auto at = by_id_.find(record.member.id);
    const bool is_dead = at == by_id_.end() || !at->second->alive();
    // While something is lost those who had it are remembered.
    if (is_dead && invariants_.lost() > 0 && !record.has_session) continue;
    ++members;
    if (is_dead || !record.has_session ||
        (record.member.state != coordination::MemberState::kActive && !at->second->is_leaving &&
         !at->second->is_drained)) {
      return no("member " + record.member.name + " is not active");
    }
  }
  if (members != live_now.size()) return no("members are missing");
  const std::size_t copies = std::min<std::size_t>(view->cluster->settings->copies,
                                                   membership::takers(*view->cluster).size());
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    if (view->cluster->is_lost(PartitionId(p))) continue;
    const PartitionConfig& c = invariants_.config(p);
    const NodeList& target = view->cluster->target.replicas.at(p);
    const bool there = c.primary() == target.front() && c.in_sync.size() == target.size() &&
                       c.syncing.empty() &&
                       std::all_of(c.in_sync.begin(), c.in_sync.end(),
                                   [&](NodeId n) { return target.contains(n); });
    if (!there || c.in_sync.size() != copies) {
      std::string wanted;
      for (const NodeId n : target) wanted += " " + std::to_string(n.value() % 1000);
      return no("partition " + std::to_string(p) + " " + describe(c) + " target" + wanted);
    }
  }
  return true;
}

void World::settle(Duration limit) {
  const Duration end = sim_.queue.now() + limit;
  std::string why;
  while (!is_settled(&why)) {
    if (sim_.queue.now() >= end) throw Violation("it heals itself", why);
    run_for(Duration::millis(100));
  }
}

/// Late news of broken links may move things once more, but not for ever.
void World::come_to_rest() {
  for (int tries = 0; tries < 20; ++tries) {
    settle(Duration::seconds(60));
    const Revision revision = coordinator_.space().revision();
    run_for(Duration::millis(1500));
    if (coordinator_.space().revision() == revision) return;
  }
  throw Violation("a cluster comes to rest", "its configuration changes all the time");
}

/// The first link between two nodes that does not stand; empty if all do.
std::string World::missing_link() {
  for (Process* one : live()) {
    for (Process* other : live()) {
      if (one->id >= other->id) continue;
      if (!Network::is_linked(*one->control, *other->control)) {
        return one->control->name() + " to " + other->control->name();
      }
      for (const auto& near : one->workers) {
        for (const auto& far : other->workers) {
          if (!Network::is_linked(*near, *far)) return near->name() + " to " + far->name();
        }
      }
    }
  }
  return {};
}

/// A link that one end alone takes for standing must not stay so: its keys would be out of reach
/// for clients of that node while all looks well. One on which what was sent before a cut has been
/// late until now may be given up yet: so all stand for longer than that takes.
void World::check_links() {
  const Duration silence =
      sim_.options.node.liveness.silence * (sim_.options.unequal_silences ? 2 : 1);
  const Duration end = sim_.queue.now() + Duration::seconds(10) + silence * 3;
  Duration missed = sim_.queue.now();
  while (sim_.queue.now() - missed < silence * 3) {
    run_for(Duration::millis(50));
    const std::string missing = missing_link();
    if (missing.empty()) continue;
    missed = sim_.queue.now();
    if (missed >= end) throw Violation("every link stands at rest", missing);
  }
}

/// At rest nobody is told that a key is out of reach. (Of several keys one may be lost.)
void World::check_last_answers(const ClientCounts& before) const {
  if (invariants_.lost() > 0) return;
  const auto errors = [](const ClientCounts& counts) {
    return counts.in_doubt + counts.cluster_down + counts.given_up + counts.disconnected;
  };
  if (errors(counts_) > errors(before)) {
    throw Violation("at rest every command is answered",
                    std::to_string(errors(counts_) - errors(before)) + " were not");
  }
}

/// What is under way, then a read of each key.
void World::finish_clients() {
  const std::vector<Command> reads = workload_.read_all();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    std::vector<Command> last;
    for (std::size_t k = i; k < reads.size(); k += clients_.size()) last.push_back(reads[k]);
    clients_[i]->finish_with(std::move(last));
  }
  const Duration end = sim_.queue.now() + Duration::seconds(60);
  const auto idle = [](const auto& client) { return client->is_idle(); };
  while (!std::all_of(clients_.begin(), clients_.end(), idle)) {
    if (sim_.queue.now() >= end) throw Violation("every command ends", "clients still wait");
    run_for(Duration::millis(50));
  }
}

void World::lift_memory_limits() {
  for (Process* const process : live()) {
    if (process->options.memory_bytes_max == 0) continue;
    process->options.memory_bytes_max = 0;
    process->ask({"CONFIG", "SET", "maxmemory", "0"});
  }
}

/// Then there is memory for everything else: copies that waited for some are made. Where operators
/// have left too few nodes for any write, one of them lifts the limits instead.
void World::finish_fillers() {
  fillers_->empty();
  const Duration later = sim_.queue.now() + Duration::seconds(30);
  const Duration end = later + Duration::seconds(90);
  while (!fillers_->are_done()) {
    const bool is_too_few = staying() < sim_.options.node.settings.min_copies;
    if (is_too_few && sim_.queue.now() >= later) return lift_memory_limits();
    if (sim_.queue.now() >= end) throw Violation("what frees memory is done", "fillers still wait");
    run_for(Duration::millis(50));
  }
}

/// At rest every message reaches everyone.
void World::finish_messengers() {
  const Duration end = sim_.queue.now() + Duration::seconds(30);
  while (!messengers_->is_ready_for_last()) {
    if (sim_.queue.now() >= end)
      throw Violation("every subscription is confirmed", messengers_->describe());
    run_for(Duration::millis(50));
  }
  messengers_->publish_last();
  while (!messengers_->has_heard_last()) {
    if (sim_.queue.now() >= end) throw Violation("every message arrives", messengers_->describe());
    run_for(Duration::millis(10));
  }
}

/// A clock that is 1 % off, and is corrected by a thousandth; what rounding to milliseconds may
/// take away, twice; and how far the clock of a new primary may lag: by what the last operation
/// that it took had been on its way.
LifeBounds World::bounds_of_lives() const {
  const std::int64_t drift = sim_.options.clocks.drift_ppm;
  return {.drift_ppm = drift + drift / 50 + 1000,
          .rounding_ns = Duration::millis(2).as_nanos(),
          .late_ns = kLagMax.as_nanos(),
          .early_ns = sim_.queue.now().as_nanos() / 1'000'000 * (drift * 21 / 10),
          .wall_ns = Duration::millis(100).as_nanos()};
}

void World::check_histories() {
  const StringModel string_model;
  const SequenceModel sequence_model;
  const LifeBounds lives = bounds_of_lives();
  const Losses& losses = invariants_.losses();
  for (auto [key, operations] : history_.by_key()) {
    if (invariants_.is_lost(key) || invariants_.was_wiped()) continue;
    const std::uint16_t p = partition_of(slot_of_key(key)).value();
    if (losses.is_unseen(p)) continue;
    const bool had_loss = losses.has(p);
    if (is_of_queue(operations.front())) {
      if (!had_loss) check_queue(operations);
      continue;
    }
    if (!had_loss && !Workload::is_sequence(key)) check_exactly_once(operations);
    losses.add_to(operations, key, lives);
    operations = with_expiries(std::move(operations), lives);
    const Model& model =
        Workload::is_sequence(key) ? static_cast<const Model&>(sequence_model) : string_model;
    const CheckResult result = check_key(operations, model, {.steps_max = 300'000});
    undecided_ += result.verdict == Verdict::kUndecided ? 1 : 0;
    if (result.verdict == Verdict::kViolation) {
      throw Violation("linearizable", result.explanation);
    }
  }
  // Without memory for a copy what was under way at the death is not answered.
  const bool gentle = sim_.options.one_at_a_time && sim_.options.fillers == 0 &&
                      sim_.options.nodes > sim_.options.node.settings.min_copies;
  const auto errors = counts_.in_doubt + counts_.cluster_down;
  const Duration longest_lease =
      sim_.options.node.liveness.lease * (sim_.options.unequal_leases ? 3 : 1);
  if (gentle && errors > 0 && sim_.options.node.request_deadline > longest_lease * 3) {
    throw Violation("one death is only a short wait", std::to_string(errors) + " errors");
  }
}

World::Traffic World::traffic() const {
  Traffic t{.messages = network_.messages(),
            .bytes = network_.bytes(),
            .transactions = coordinator_.transactions(),
            .commits = coordinator_.commits(),
            .copies_made = invariants_.copies_made()};
  for (const auto& entry : coordinator_.space().snapshot().entries) {
    ++t.view_keys;
    t.view_bytes += entry.key.size() + entry.value.size();
  }
  return t;
}

World::Result World::result() const {
  return {.trace = sim_.trace.hash(),
          .events = sim_.queue.events(),
          .virtual_time = sim_.queue.now(),
          .clients = counts_,
          .undecided = undecided_,
          .lost_partitions = invariants_.lost(),
          .accepted_losses = invariants_.losses().count()};
}

}  // namespace borg::sim
