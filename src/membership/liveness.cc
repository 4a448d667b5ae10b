// SPDX-License-Identifier: Apache-2.0
#include "membership/liveness.h"

#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"
#include "base/probe.h"

namespace borg::membership {

const Liveness::Peer* Liveness::peer(NodeId node) const {
  const auto at = peers_.find(node);
  return at == peers_.end() ? nullptr : &at->second;
}

bool Liveness::set_members(const std::vector<NodeId>& others, Instant now) {
  std::erase_if(peers_, [&](const auto& entry) {
    // A promise outlives the membership of the one who got it.
    return std::find(others.begin(), others.end(), entry.first) == others.end() &&
           entry.second.promised_until < now && entry.second.withheld == 0;
  });
  bool any_new = false;
  for (const NodeId node : others) {
    const auto [at, is_new] = peers_.try_emplace(node);
    Peer& peer = at->second;
    if (is_new || peer.proven == Instant()) peer.heard = peer.proven = peer.agreed = now;
    any_new = any_new || is_new;
  }
  return any_new;
}

bool Liveness::heartbeat_due(Instant now, Duration early) {
  if (now < next_heartbeat_ - early) return false;
  next_heartbeat_ = now + options_.heartbeat;
  return true;
}

wire::Heartbeat Liveness::heartbeat(Revision revision, Instant now) const {
  wire::Heartbeat m{.sent_at = now.as_nanos(), .revision = revision};
  for (const auto& [node, peer] : peers_) {
    if (is_silent(node, now)) m.silent.push_back(node);
    if (!is_steady(node, now)) m.unheard.push_back(node);
  }
  return m;
}

wire::HeartbeatAck Liveness::on_heartbeat(NodeId from, const wire::Heartbeat& m, Revision revision,
                                          Instant now) {
  Peer& peer = peers_[from];
  hear(peer, now);
  peer.reports_silent = m.silent;
  peer.reports_unheard = m.unheard;
  // By its answers alone. If it mattered what they say two nodes might wait for each other's word.
  const bool reaches = !peer.stalled_since && now - peer.proven <= options_.silence;
  if (!reaches) reached<"a peer that can be heard and not be reached gets no promise">();
  const bool grants = peer.withheld == 0 && reaches;
  if (grants) {
    peer.promised_until = std::max(peer.promised_until, now + options_.lease + options_.lease / 40);
  }
  return {.sent_at = m.sent_at,
          .revision = revision,
          .grants = grants,
          .reaches = reaches,
          .needed = peer.needed,
          .lease_ns = options_.lease.as_nanos()};
}

bool Liveness::on_heartbeat_ack(NodeId from, const wire::HeartbeatAck& m, Revision revision,
                                Instant now) {
  Peer& peer = peers_[from];
  hear(peer, now);
  // The echo of our own clock: never in the future, whatever a peer may send.
  const Instant sent = std::min(Instant::at_nanos(m.sent_at), now);
  if (now - peer.proven > gap_max()) peer.late_until = now + memory();
  peer.proven = std::max(peer.proven, sent);
  if (m.reaches) peer.agreed = std::max(peer.agreed, sent);
  if ((!m.grants || m.needed > revision) && !is_planted(PlantedBug::kPromiseAfterTakeOver)) {
    reached<"a promise is not given, or misses a take-over">();
    return false;
  }
  // Workers whose view misses the take-over keep the old lease, which nobody renews any more.
  const bool is_new =
      m.needed > peer.lease_needed && !is_planted(PlantedBug::kPromiseAfterTakeOver);
  if (is_new) {
    peer.lease_needed = m.needed;
    peer.lease = std::make_shared<PeerLease>();
  }
  const Instant from_when = is_planted(PlantedBug::kLeaseFromAnswer) ? now : sent;
  // The two may have been started with different leases: the promise is of the promiser's.
  const Duration promised =
      is_planted(PlantedBug::kLeaseOfAsker) ? options_.lease : Duration::nanos(m.lease_ns);
  const Instant until = from_when + std::min(options_.lease, promised);
  if (until > peer.lease->until()) peer.lease->set(until);
  return is_new;
}

void Liveness::withhold(NodeId node) { ++peers_[node].withheld; }

void Liveness::release(NodeId node, Revision needed) {
  Peer& peer = peers_[node];
  BORG_CHECK(peer.withheld > 0);
  --peer.withheld;
  peer.needed = std::max(peer.needed, needed);
}

void Liveness::stood_still(Instant now) {
  for (auto& [node, peer] : peers_) peer.heard = peer.proven = peer.agreed = now;
}

void Liveness::hear(Peer& peer, Instant now) {
  const bool is_first = peer.heard == Instant();
  if (!is_first && now - peer.heard > gap_max()) peer.unsteady_until = now + memory();
  peer.heard = now;
}

void Liveness::set_stalled(NodeId node, bool stalled, Instant now) {
  const auto at = peers_.find(node);
  if (at == peers_.end()) return;
  std::optional<Instant>& since = at->second.stalled_since;
  since = stalled ? since.value_or(now) : std::optional<Instant>();
}

bool Liveness::is_silent(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  if (p == nullptr) return false;
  return p->stalled_since || now - p->agreed > options_.silence;
}

/// A link that has stalled has been still for as long as silence takes.
bool Liveness::is_long_silent(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  if (p == nullptr) return false;
  const bool is_long_stalled = p->stalled_since && now - *p->stalled_since > options_.silence;
  return is_long_stalled || now - p->agreed > options_.silence * 2;
}

bool Liveness::is_reached(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  return p != nullptr && !p->stalled_since && now - p->agreed <= proof_age_max();
}

bool Liveness::is_steadily_reached(NodeId node, Instant now) const {
  return is_reached(node, now) && is_steady(node, now) && now >= peer(node)->late_until;
}

bool Liveness::is_steady(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  return p != nullptr && now - p->heard <= gap_max() && now >= p->unsteady_until;
}

/// Null if what it said last is old.
const Liveness::Peer* Liveness::heard_peer(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  return p != nullptr && now - p->heard <= gap_max() ? p : nullptr;
}

bool Liveness::reports_unheard(NodeId reporter, NodeId node, Instant now) const {
  const Peer* p = heard_peer(reporter, now);
  return p != nullptr && std::find(p->reports_unheard.begin(), p->reports_unheard.end(), node) !=
                             p->reports_unheard.end();
}

bool Liveness::reports_trouble(NodeId reporter, NodeId node, Instant now) const {
  const Peer* p = heard_peer(reporter, now);
  return p != nullptr && (reports_unheard(reporter, node, now) ||
                          std::find(p->reports_silent.begin(), p->reports_silent.end(), node) !=
                              p->reports_silent.end());
}

bool Liveness::is_promised(NodeId node, Instant now) const {
  const Peer* p = peer(node);
  return p != nullptr && now <= p->promised_until;
}

std::size_t Liveness::silence_reports(NodeId suspect, Instant now) const {
  std::size_t n = is_silent(suspect, now) ? 1 : 0;
  for (const auto& [node, peer] : peers_) {
    if (node == suspect || is_silent(node, now)) continue;
    const auto& silent = peer.reports_silent;
    if (std::find(silent.begin(), silent.end(), suspect) != silent.end()) ++n;
  }
  return n;
}

Instant Liveness::earliest_lease_of_all() const {
  Instant earliest = Instant::never();
  for (const auto& [node, peer] : peers_) earliest = std::min(earliest, peer.lease->until());
  return earliest;
}

std::shared_ptr<const PeerLease> Liveness::lease(NodeId node) const {
  const Peer* p = peer(node);
  return p == nullptr ? nullptr : p->lease;
}

}  // namespace borg::membership
