// SPDX-License-Identifier: Apache-2.0
#include "sim/faulty_node.h"

#include <algorithm>

#include "base/probe.h"
#include "sim/world.h"

namespace borg::sim {

bool FaultyNode::was_faulty(std::size_t host, Duration since) const {
  return hosts_.contains(host) || std::any_of(past_.begin(), past_.end(), [&](const Past& past) {
           return past.host == host && past.until >= since;
         });
}

/// Silence is noticed, the longest lease runs out, the coordinator is asked; and a second and a
/// half for all else. A node that is late, but never for long enough to be given up (a link alone
/// is after twice the silence), takes part: two round trips to it are allowed.
Duration FaultyNode::patience() const {
  const SimOptions& o = sim_.options;
  const Duration lease = o.node.liveness.lease * (o.unequal_leases ? 3 : 1);
  const Duration silence = o.node.liveness.silence * (o.unequal_silences ? 2 : 1);
  return silence * 2 + lease * 21 / 20 + o.coordinator_delay_max * 8 + o.watch_delay_max * 4 +
         o.latency_max * 40 + Duration::millis(900) + std::min(lateness_, silence * 2) * 4;
}

void FaultyNode::next() {
  sim_.queue.after(sim_.draw(Duration::millis(50), Duration::millis(500)), [this] {
    if (sim_.calm) return;
    if (world_.is_settled())
      begin();
    else
      next();
  });
}

void FaultyNode::begin() {
  const auto live = world_.live();
  Process& process = *live[sim_.random.below(live.size())];
  host_ = process.host;
  hosts_ = {host_};
  last_turn_ = sim_.queue.now();
  others_.clear();
  for (std::size_t host = 0; host < world_.hosts(); ++host) {
    if (host != host_) others_.push_back(host);
  }
  // With as many copies as nodes, writes wait for the link.
  const bool is_one_link =
      world_.hosts() > sim_.options.node.settings.copies && sim_.random.chance(1, 4);
  if (is_one_link) {
    // Nobody can tell which of the two is at fault.
    others_ = {others_[sim_.random.below(others_.size())]};
    hosts_.insert(others_.front());
  }
  const auto way = static_cast<Way>(sim_.random.below(3));
  const Disturbance how = draw_disturbance();
  lateness_ = how.delay;
  process.control->say("is at fault now: way " + std::to_string(static_cast<int>(way)) + " how " +
                       std::to_string(static_cast<int>(how.kind)) +
                       (is_one_link ? " on one link" : ""));
  for (const std::size_t other : others_) {
    if (way != Way::kIn) disturb(host_, other, how);
    if (way != Way::kOut) disturb(other, host_, how);
  }
  const Duration span =
      sim_.draw(Duration::millis(100), Duration::seconds(sim_.random.chance(1, 2) ? 2 : 8));
  if (!is_one_link && sim_.random.chance(1, 3)) process.port->set_reachable(false);
  if (!is_one_link && sim_.random.chance(1, 2)) {
    sim_.queue.after(sim_.draw(Duration(), span), [this, &process] { die(process); });
  }
  sim_.queue.after(span, [this] { end(); });
}

FaultyNode::Disturbance FaultyNode::draw_disturbance() {
  using Kind = Disturbance::Kind;
  switch (sim_.random.below(4)) {
    case 0:
    case 1:
      return {};
    case 2:
      return {Kind::kLate, sim_.draw(Duration::millis(50), Duration::seconds(3))};
    default:
      return {Kind::kLostInPart, sim_.draw(Duration::millis(300), Duration::seconds(2))};
  }
}

/// What is lost in part comes late now and then.
void FaultyNode::disturb(std::size_t from, std::size_t to, const Disturbance& how) {
  Network& network = world_.network();
  switch (how.kind) {
    case Disturbance::Kind::kLost:
      return network.cut(from, to);
    case Disturbance::Kind::kLate:
      return network.slow(from, to, how.delay, how.delay + Duration::millis(20));
    case Disturbance::Kind::kLostInPart:
      return network.slow(from, to, Duration(), how.delay);
  }
}

void FaultyNode::die(Process& process) {
  if (sim_.calm || !process.alive() || !hosts_.contains(process.host)) return;
  reached<"a node that is out of reach dies">();
  last_turn_ = sim_.queue.now();
  process.kill(sim_.random.chance(1, 2));
  world_.note_death();
}

void FaultyNode::end() {
  if (sim_.calm) return;
  for (const std::size_t other : others_) {
    for (const auto& [from, to] : {std::pair(host_, other), std::pair(other, host_)}) {
      world_.network().heal(from, to);
      world_.network().hasten(from, to);
    }
  }
  bool is_alive = false;
  for (Process* process : world_.live()) {
    if (process->host != host_) continue;
    is_alive = true;
    process->control->say("is not at fault any more");
    process->port->set_reachable(true);
  }
  if (!is_alive) world_.restart_later(host_, sim_.draw(Duration(), Duration::seconds(2)));
  // What its clients are told is its own matter until they had time to hear of it.
  const Duration until = sim_.queue.now() + patience();
  for (const std::size_t host : hosts_) past_.push_back({host, until});
  hosts_.clear();
  last_turn_ = sim_.queue.now();
  // What was lost is sent again later and later: the links need time to get over it.
  sim_.queue.after(Duration::seconds(4), [this] { next(); });
}

}  // namespace borg::sim
