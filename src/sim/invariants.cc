// SPDX-License-Identifier: Apache-2.0
#include "sim/invariants.h"

#include <algorithm>
#include <charconv>

#include "base/slot.h"
#include "coordination/schema.h"
#include "sim/fillers.h"
#include "storage/value_kinds.h"

namespace borg::sim {

using replication::Replica;

std::string describe(const PartitionConfig& config) {
  std::string text = "epoch " + std::to_string(config.epoch.value()) + " term " +
                     std::to_string(config.term.value()) + " in sync";
  for (const NodeId n : config.in_sync) text += " " + std::to_string(n.value() % 1000);
  text += " syncing";
  for (const NodeId n : config.syncing) text += " " + std::to_string(n.value() % 1000);
  return text;
}

void Invariants::fail(const std::string& check, std::uint16_t p, const std::string& detail) const {
  throw Violation(check,
                  "partition " + std::to_string(p) + ", " + describe(configs_[p]) + ": " + detail);
}

Process* Invariants::process(NodeId node) const {
  for (Process* each : processes_) {
    if (each->id == node && each->alive()) return each;
  }
  return nullptr;
}

bool Invariants::is_alive(NodeId node) const { return process(node) != nullptr; }

// ---- configurations ----

void Invariants::on_changes(const coordination::Changes& changes) {
  note_departures(changes);
  for (const coordination::Change& change : changes.changes) {
    constexpr std::string_view kPrefix = "partitions/";
    if (!change.key.starts_with(kPrefix)) {
      on_member(change.key, change.value);
      continue;
    }
    std::uint16_t p = 0;
    std::from_chars(change.key.data() + kPrefix.size(), change.key.data() + change.key.size(), p);
    if (!change.value) {
      on_config(p, std::nullopt);
      continue;
    }
    const auto config = coordination::partition_from_text(*change.value);
    if (!config) throw Violation("configuration", "not readable: " + *change.value);
    on_config(p, config);
  }
  note_losses();
}

/// A member that says goodbye takes nothing else with it. Its process may live on for a moment,
/// until it hears that it was heard.
void Invariants::note_departures(const coordination::Changes& changes) {
  constexpr std::string_view kMember = "members/";
  const auto ends = [](std::string_view prefix) {
    return
        [prefix](const coordination::Change& c) { return !c.value && c.key.starts_with(prefix); };
  };
  if (std::ranges::any_of(changes.changes, ends("partitions/"))) return;
  for (const coordination::Change& change : changes.changes) {
    if (ends(kMember)(change)) left_.insert(change.key.substr(kMember.size()));
  }
}

void Invariants::note_unborn(NodeId node) { left_.insert(coordination::to_text(node)); }

void Invariants::note_wipe() {
  ++wipes_;
  wiped_at_ = sim_.queue.now();
}

bool Invariants::have_left(const NodeList& nodes) const {
  return std::ranges::all_of(nodes,
                             [this](NodeId n) { return left_.contains(coordination::to_text(n)); });
}

void Invariants::on_member(const std::string& key, const std::optional<std::string>& value) {
  const auto id_behind = [&](std::string_view prefix) {
    return key.starts_with(prefix) ? key.substr(prefix.size()) : std::string();
  };
  if (const std::string id = id_behind("members/"); !id.empty()) {
    const auto node = coordination::node_id_from_text(id);
    if (!value || !node) {
      members_.erase(id);
      return;
    }
    const auto member = coordination::member_from_text(*node, *value);
    members_[id] = member && member->state == coordination::MemberState::kDown;
  } else if (const std::string session = id_behind("sessions/"); !session.empty()) {
    if (value)
      sessions_.insert(session);
    else
      sessions_.erase(session);
  }
}

bool Invariants::is_given_up(NodeId node) const {
  const std::string id = coordination::to_text(node);
  const auto at = members_.find(id);
  return at == members_.end() || (at->second && !sessions_.contains(id));
}

namespace {

std::int64_t clock_ms(const Process& process, const Replica& replica) {
  return replica.clock().read(process.control->local_now().instant).now_ms;
}

}  // namespace

/// It goes on under this configuration without those that were in sync.
void Invariants::on_loss(std::uint16_t p, const PartitionConfig& old,
                         const PartitionConfig& config) {
  if (have_left(old.in_sync)) {
    note_wipe();
    return;
  }
  if (!sim_.options.accepts_loss && !sim_.options.node.settings.on_loss_empty) {
    fail("nobody accepted a loss", p, "");
  }
  const Process* heir = process(config.primary());
  const Replica* replica = heir == nullptr ? nullptr : heir->replica(PartitionId(p));
  if (replica == nullptr) return losses_.add(p, config.term, {}, 0);
  losses_.add(p, config.term, content_of(replica->store()), clock_ms(*heir, *replica));
}

void Invariants::on_config(std::uint16_t p, const std::optional<PartitionConfig>& config) {
  const PartitionConfig old = configs_[p];
  if (!config) {
    for (const Process* each : processes_) {
      const bool has_left = left_.contains(coordination::to_text(each->id));
      if (each->alive() && !has_left && old.in_sync.contains(each->id)) {
        fail("wiped with a living member", p, each->name);
      }
    }
    note_wipe();
    configs_[p] = {};
    digests_[p].clear();
    return;
  }
  const std::string both = "from " + describe(old);
  configs_[p] = *config;
  if (old.epoch == Epoch() && config->epoch <= highest_[p]) fail("epochs never go back", p, both);
  if (old.epoch != Epoch() && config->epoch != old.epoch.next()) {
    fail("epochs follow each other", p, both);
  }
  highest_[p] = config->epoch;
  if (config->in_sync.empty()) fail("somebody is in sync", p, both);
  for (const NodeId node : config->in_sync) {
    const bool is_new = !old.in_sync.contains(node);
    if (is_new && !members_.contains(coordination::to_text(node))) {
      fail("who comes to be in sync has not left", p, both);
    }
  }
  if (old.epoch == Epoch()) return;
  if (config->term != old.term && config->term != config->epoch) fail("term", p, both);
  if (config->term == old.term && config->primary() != old.primary()) {
    fail("a new primary begins a new term", p, both);
  }
  const bool lost =
      std::all_of(old.in_sync.begin(), old.in_sync.end(), [&](NodeId n) { return is_given_up(n); });
  if (!old.in_sync.contains(config->primary())) {
    if (!lost) fail("only who is in sync becomes primary", p, both);
    on_loss(p, old, *config);
  }
  for (const NodeId node : config->in_sync) {
    if (!old.is_replica(node) && !lost) fail("who is in sync was synced", p, both);
    copies_made_ += old.in_sync.contains(node) ? 0 : 1;
  }
  const Process* primary = process(config->primary());
  const Replica* replica = primary == nullptr ? nullptr : primary->replica(PartitionId(p));
  if (replica != nullptr && replica->role() == Replica::Role::kPrimary) {
    check_holders(*primary, *replica);
  }
}

// ---- losses ----

void Invariants::note_losses() {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const PartitionConfig& c = configs_[p];
    if (c.epoch == Epoch()) continue;
    const bool alive =
        std::any_of(c.in_sync.begin(), c.in_sync.end(), [&](NodeId n) { return is_alive(n); });
    // What a dead node had submitted may still be committed, and save the partition.
    if (alive) lost_since_.erase(p);
    if (alive || !lost_since_.try_emplace(p, sim_.queue.now()).second) continue;
    if (sim_.options.one_faulty_node) fail("one faulty node loses nothing", p, "nobody lives");
    if (sim_.options.one_at_a_time) fail("one death loses nothing", p, "nobody in sync lives");
    if (sim_.options.only_operators && somebody_stays()) {
      fail("orders lose nothing that a member could hold", p, "nobody in sync lives");
    }
  }
}

/// A member that lives and was not told to go by a signal, which nobody can refuse.
bool Invariants::somebody_stays() const {
  return std::any_of(processes_.begin(), processes_.end(), [this](const Process* each) {
    const auto at = members_.find(coordination::to_text(each->id));
    return each->alive() && !each->is_leaving && at != members_.end() && !at->second;
  });
}

std::optional<Duration> Invariants::lost_since(const std::string& key) const {
  const auto at = lost_since_.find(partition_of(slot_of_key(key)).value());
  if (at == lost_since_.end()) return std::nullopt;
  return at->second;
}

bool Invariants::is_lost(const std::string& key) const { return lost_since(key).has_value(); }

// ---- what holds now ----

void Invariants::check_turn(Process& process, std::size_t worker) {
  if (sim_.trace.prints()) print_changes(process);
  const auto& broken = process.workers[worker]->core.broken_invariant();
  if (broken) throw Violation("replica invariants", *broken + ": " + process.name);
  std::unique_ptr<SeenByPartition>& seen = seen_[&process];
  if (seen == nullptr) seen = std::make_unique<SeenByPartition>();
  for (std::size_t p = worker; p < kPartitionCount; p += process.workers.size()) {
    const Replica* replica = process.replica(PartitionId(static_cast<std::uint16_t>(p)));
    if (replica != nullptr) check_replica(process, *replica, (*seen)[p]);
  }
  if (process.options.memory_bytes_max > 0) check_memory(process);
}

/// Counted anew, without what the node itself has counted. On top of the limit there may be what
/// the others had sent before they heard that it is reached: a value of each filler, what few
/// bytes the clients write, and of each snapshot under way what a link carries at a time.
void Invariants::check_memory(const Process& process) const {
  std::size_t held = 0;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const Replica* const replica = process.replica(PartitionId(p));
    if (replica != nullptr) held += replica->store().memory_bytes();
  }
  const SimOptions& o = sim_.options;
  const std::size_t links = (o.hosts_max - 1) * o.workers_max * process.workers.size();
  const std::size_t chunk_bytes = 2 * o.node.sync.chunk_bytes + Fillers::kEntryBytesMax;
  const std::size_t overshoot =
      o.fillers * Fillers::kEntryBytesMax + links * chunk_bytes + 32 * 1024;
  if (held > process.options.memory_bytes_max + overshoot) {
    throw Violation("a node keeps to its memory limit",
                    process.name + " holds " + std::to_string(held) + " bytes, may hold " +
                        std::to_string(process.options.memory_bytes_max) + " and " +
                        std::to_string(overshoot) + " that were on their way");
  }
}

void Invariants::check_replica(Process& process, const Replica& replica, Seen& seen) {
  const std::uint16_t p = replica.partition().value();
  const PartitionConfig& own = replica.config();
  const bool is_primary = replica.role() == Replica::Role::kPrimary;
  const Revision view = process.view_of(p).cluster->revision;
  const bool is_steady = seen.view == view && seen.epoch == own.epoch;
  seen.view = view;
  if (own.epoch != seen.epoch) {
    if (own.epoch > highest_[p]) fail("nobody is ahead of the coordinator", p, process.name);
    if (own.epoch < seen.epoch || own.term < seen.term) fail("epochs go on", p, process.name);
    seen.epoch = own.epoch;
    seen.term = own.term;
  }
  check_primaries(p, process, is_primary);
  if (is_steady) check_repeats(process, replica);
  if (is_primary && losses_.has(p, own.term) && seen.committed_in != own.term) {
    losses_.add_content(p, own.term, content_of(replica.store()), clock_ms(process, replica));
    const Replica::Levels levels = replica.levels();
    if (levels.last > levels.base) losses_.add_unseen(p);  // in this very turn
  }
  if (is_primary && (seen.committed != replica.committed_seq() || seen.committed_in != own.term)) {
    if (seen.committed_in == own.term && replica.committed_seq() < seen.committed) {
      fail("what is acknowledged stays", p, process.name);
    }
    seen.committed_in = own.term;
    seen.committed = replica.committed_seq();
    check_holders(process, replica);
    if (is_steady) check_number_of_holders(process, replica);
  }
  if (seen.last != replica.last_seq() || seen.last_term != replica.last_term()) {
    seen.last = replica.last_seq();
    seen.last_term = replica.last_term();
    check_content(process, replica);
  }
}

void Invariants::check_primaries(std::uint16_t p, Process& process, bool is_primary) {
  std::vector<Process*>& all = primaries_[p];
  const auto at = std::find(all.begin(), all.end(), &process);
  if (is_primary && at == all.end()) all.push_back(&process);
  if (!is_primary && at != all.end()) all.erase(at);
  if (all.size() < 2) return;
  std::erase_if(all, [](const Process* each) { return !each->alive(); });
  const Process* serving = nullptr;
  for (const Process* each : all) {
    if (!each->may_serve(PartitionId(p))) continue;
    if (serving != nullptr) {
      fail("one node at most may serve", p,
           serving->name + " and " + each->name + " with " +
               describe(each->replica(PartitionId(p))->config()));
    }
    serving = each;
  }
}

/// What this primary has acknowledged everybody in sync has, from the moment when the
/// configuration is committed, whether the primary has heard of it or not.
void Invariants::check_holders(const Process& primary, const Replica& replica) {
  const std::uint16_t p = replica.partition().value();
  const PartitionConfig& c = configs_[p];
  const Seq committed = replica.committed_seq();
  if (replica.config().term != c.term || replica.config().epoch > c.epoch) return;
  for (const Process* each : processes_) {
    if (!each->alive() || !c.in_sync.contains(each->id)) continue;
    const Replica* copy = each->replica(PartitionId(p));
    if (copy == nullptr ? committed == Seq() : copy->last_seq() >= committed) continue;
    fail("in sync holds what is acknowledged", p,
         each->name + " has " + std::to_string(copy == nullptr ? 0 : copy->last_seq().value()) +
             ", " + primary.name + " acknowledged " + std::to_string(committed.value()));
  }
}

/// ... and so do enough nodes. REQUIRES: neither the configuration nor the view has changed in
/// this turn: who had acknowledged may have dropped it for a newer configuration, rightly.
void Invariants::check_number_of_holders(const Process& primary, const Replica& replica) {
  const std::uint16_t p = replica.partition().value();
  const Seq committed = replica.committed_seq();
  if (replica.config().epoch != configs_[p].epoch) return;
  const auto holders = static_cast<std::size_t>(
      std::count_if(processes_.begin(), processes_.end(), [&](const Process* each) {
        const Replica* copy = each->replica(PartitionId(p));
        return copy != nullptr && copy->last_seq() >= committed;
      }));
  const std::size_t required = primary.view_of(p).copies_required();
  if (holders < required) {
    fail("an acknowledged write is on enough nodes", p,
         std::to_string(holders) + " of " + std::to_string(required) + " hold " +
             std::to_string(committed.value()));
  }
}

/// What counts as held by a copy that is being made, because it was sent to it once more, is there
/// with its result.
void Invariants::check_repeats(const Process& primary, const Replica& replica) {
  if (replica.config().epoch != configs_[replica.partition().value()].epoch) return;
  for (const auto& [node, seqs] : replica.repeated()) {
    const Process* holder = process(node);
    const Replica* copy = holder == nullptr ? nullptr : holder->replica(replica.partition());
    if (copy == nullptr || copy->role() != Replica::Role::kSyncing || copy->complete()) continue;
    for (const Seq seq : seqs) {
      if (!replica.records().has(seq) || copy->records().has(seq)) continue;
      fail("what was repeated is there", replica.partition().value(),
           holder->name + " lacks " + std::to_string(seq.value()) + " of " + primary.name);
    }
  }
}

/// Replicas that have executed the same operations are equal. Of what an heir of a loss began
/// with, and of what came before a term, nobody else may have the same.
void Invariants::check_content(Process& process, const Replica& replica) {
  if (!replica.complete() || replica.last_term() != replica.config().term) return;
  if (replica.role() == Replica::Role::kNone) return;
  const std::uint16_t p = replica.partition().value();
  const std::uint64_t found = storage::digest_of_store(replica.store());
  const auto [at, is_first] =
      digests_[p].emplace(std::pair(replica.last_term(), replica.last_seq()), found);
  if (is_first || at->second == found) return;
  fail("replicas agree", p,
       process.name + " differs after operation " + std::to_string(replica.last_seq().value()) +
           " of term " + std::to_string(replica.last_term().value()));
}

void Invariants::print_changes(const Process& process) {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const Replica* replica = process.replica(PartitionId(p));
    if (replica == nullptr) continue;
    constexpr const char* kRoles[] = {"none", "primary", "backup", "syncing"};
    std::string state = kRoles[static_cast<std::size_t>(replica->role())];
    state += " of " + describe(replica->config()) + ", seq " +
             std::to_string(replica->last_seq().value()) + " committed " +
             std::to_string(replica->committed_seq().value()) +
             (replica->is_parked() ? " parked" : "") + (replica->complete() ? "" : " receiving");
    std::string& printed = printed_[{process.id, p}];
    if (printed == state) continue;
    printed = state;
    process.control->say("partition " + std::to_string(p) + ": " + state);
  }
}

std::string Invariants::unequal_copies() const {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const Process* first = nullptr;
    Content expected;
    for (const NodeId node : configs_[p].in_sync) {
      const Process* holder = process(node);
      if (holder == nullptr) continue;
      const Replica* copy = holder->replica(PartitionId(p));
      const Content found = copy == nullptr ? Content() : content_of(copy->store());
      if (first == nullptr) {
        first = holder;
        expected = found;
      } else if (found != expected) {
        return "partition " + std::to_string(p) + ", " + describe(configs_[p]) + ": " +
               first->name + " and " + holder->name;
      }
    }
  }
  return {};
}

}  // namespace borg::sim
