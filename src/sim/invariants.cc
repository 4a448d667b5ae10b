// SPDX-License-Identifier: Apache-2.0
#include "sim/invariants.h"

#include <algorithm>
#include <charconv>

#include "base/slot.h"
#include "coordination/schema.h"

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
  for (const coordination::Change& change : changes.changes) {
    constexpr std::string_view kPrefix = "partitions/";
    if (!change.key.starts_with(kPrefix)) continue;
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

void Invariants::on_config(std::uint16_t p, const std::optional<PartitionConfig>& config) {
  const PartitionConfig old = configs_[p];
  if (!config) {
    for (const Process* each : processes_) {
      if (each->alive() && old.in_sync.contains(each->id)) {
        fail("wiped with a living member", p, each->name);
      }
    }
    ++wipes_;
    configs_[p] = {};
    return;
  }
  const std::string both = "from " + describe(old);
  configs_[p] = *config;
  if (config->epoch != old.epoch.next()) fail("epochs follow each other", p, both);
  if (config->in_sync.empty()) fail("somebody is in sync", p, both);
  if (old.epoch == Epoch()) return;
  if (config->term != old.term && config->term != config->epoch) fail("term", p, both);
  if (config->term == old.term && config->primary() != old.primary()) {
    fail("a new primary begins a new term", p, both);
  }
  const bool lost =
      std::none_of(old.in_sync.begin(), old.in_sync.end(), [&](NodeId n) { return is_alive(n); });
  if (!old.in_sync.contains(config->primary()) && !lost) {
    fail("only who is in sync becomes primary", p, both);
  }
  for (const NodeId node : config->in_sync) {
    if (!old.is_replica(node) && !lost) fail("who is in sync was synced", p, both);
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
    if (sim_.options.one_at_a_time) fail("one death loses nothing", p, "nobody in sync lives");
  }
}

std::optional<Duration> Invariants::lost_since(const std::string& key) const {
  const auto at = lost_since_.find(partition_of(slot_of_key(key)).value());
  if (at == lost_since_.end()) return std::nullopt;
  return at->second;
}

bool Invariants::is_lost(const std::string& key) const { return lost_since(key).has_value(); }

// ---- what holds now ----

void Invariants::check_turn(Process& process) {
  if (sim_.trace.prints()) print_changes(process);
  // One partition a turn: what it forbids would last for many turns.
  next_ = static_cast<std::uint16_t>((next_ + 1) % kPartitionCount);
  check_partition(next_);
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

void Invariants::check_partition(std::uint16_t p) {
  const PartitionConfig& c = configs_[p];
  const Process* serving = nullptr;
  for (const Process* each : processes_) {
    if (!each->alive()) continue;
    const Replica* replica = each->replica(PartitionId(p));
    if (replica == nullptr) continue;
    if (replica->config().epoch > c.epoch) {
      fail("nobody is ahead of the coordinator", p, each->name);
    }
    if (replica->role() != Replica::Role::kPrimary) continue;
    if (each->may_serve(PartitionId(p))) {
      if (serving != nullptr) {
        fail("one node at most may serve", p,
             serving->name + " and " + each->name + " with " + describe(replica->config()));
      }
      serving = each;
    }
    if (replica->config().epoch != c.epoch) continue;
    const Seq committed = replica->committed_seq();
    for (const NodeId node : c.in_sync) {
      const Process* holder = process(node);
      if (node == each->id || holder == nullptr) continue;
      const Replica* copy = holder->replica(PartitionId(p));
      if (copy == nullptr ? committed > Seq() : copy->last_seq() < committed) {
        fail("in sync holds what is acknowledged", p,
             holder->name + " has " +
                 std::to_string(copy == nullptr ? 0 : copy->last_seq().value()) + ", " +
                 each->name + " acknowledged " + std::to_string(committed.value()));
      }
    }
  }
}

void Invariants::check_copies() {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const Process* first = nullptr;
    std::map<std::string, std::pair<std::string, storage::ExpiryMs>> expected;
    for (const NodeId node : configs_[p].in_sync) {
      const Process* holder = process(node);
      if (holder == nullptr) continue;
      const Replica* copy = holder->replica(PartitionId(p));
      std::map<std::string, std::pair<std::string, storage::ExpiryMs>> found;
      if (copy != nullptr) {
        auto cursor = std::optional(copy->store().begin());
        while (cursor) {
          cursor = copy->store().scan(*cursor, 1000, 1 << 20, [&](const storage::EntryView& e) {
            found[std::string(e.key)] = {std::string(e.value), e.expiry};
          });
        }
      }
      if (first == nullptr) {
        first = holder;
        expected = std::move(found);
      } else if (found != expected) {
        fail("copies are equal", p, first->name + " and " + holder->name);
      }
    }
  }
}

}  // namespace borg::sim
