// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_coordinator.h"

#include <algorithm>
#include <utility>

namespace borg::sim {

using coordination::TxnDone;
using coordination::TxnOutcome;

void SimCoordinator::committed(const coordination::Changes& changes) {
  if (changes.changes.empty()) return;
  observer_(changes);
  for (CoordinatorPort* port : std::vector<CoordinatorPort*>(ports_)) port->news(false);
}

CoordinatorPort::CoordinatorPort(SimCoordinator& coordinator, Sim& sim, const Life& life, Sink sink)
    : coordinator_(coordinator), sim_(sim), life_(life), sink_(std::move(sink)) {}

Duration CoordinatorPort::draw_delay() {
  return sim_.draw(Duration::micros(30),
                   sim_.calm ? Duration::millis(3) : sim_.options.coordinator_delay_max);
}

void CoordinatorPort::start() {
  coordinator_.add(*this);
  sim_.queue.after(draw_delay(), [this] {
    if (!life_.alive || stopped_) return;
    if (!sim_.options.node.death_is_proven) {
      keep_alive();
    } else {
      session_ = coordinator_.space().begin_session();
      sink_(coordination::SessionAlive{Instant::never()});
    }
    news(true);
  });
}

// ---- transactions ----

void CoordinatorPort::submit(coordination::TxnId id, coordination::Txn txn) {
  sim_.queue.after(draw_delay(),
                   [this, id, txn = std::move(txn)]() mutable { arrive(id, std::move(txn)); });
}

void CoordinatorPort::arrive(coordination::TxnId id, coordination::Txn txn) {
  if (sim_.options.node.death_is_proven) {
    // The process itself writes to the database.
    if (!life_.alive || stopped_) return;
    if (life_.paused) {
      sim_.queue.after(Duration::millis(20),
                       [this, id, txn = std::move(txn)]() mutable { arrive(id, std::move(txn)); });
      return;
    }
  }
  if (!reachable_) {
    unreachable(id, std::move(txn));
  } else if (!sim_.calm && sim_.permille(sim_.options.answer_lost_permille)) {
    lose_answer(id, std::move(txn));
  } else {
    apply(id, txn);
  }
}

void CoordinatorPort::apply(coordination::TxnId id, const coordination::Txn& txn) {
  const coordination::TxnResult result = coordinator_.space().apply(txn, session_);
  ++coordinator_.transactions_;
  coordinator_.commits_ += result.outcome == TxnOutcome::kCommitted ? 1 : 0;
  sim_.trace.mix(result.revision.value() * 4 + static_cast<std::uint64_t>(result.outcome));
  coordinator_.committed(result.changes);
  // The answer comes behind the news that it is about.
  held_.push_back({{id, result.outcome, result.revision}, result.revision});
  news(true);
}

void CoordinatorPort::answer(coordination::TxnId id, TxnOutcome outcome, Duration delay) {
  sim_.queue.after(delay, [this, id, outcome] {
    if (life_.alive && !stopped_) sink_(TxnDone{id, outcome, Revision()});
  });
}

void CoordinatorPort::lose_answer(coordination::TxnId id, coordination::Txn txn) {
  const Duration timeout = sim_.draw(Duration::millis(5), Duration::millis(2000));
  const auto how = sim_.random.below(4);
  if (how == 0) {
    answer(id, TxnOutcome::kUnavailable, timeout);
    return;
  }
  answer(id, TxnOutcome::kUnknown, timeout);
  const bool late = how == 2;
  if (how == 3) return;
  const Duration delay = late ? timeout + sim_.draw(Duration(), Duration::seconds(2)) : Duration();
  sim_.queue.after(delay,
                   [this, session = session_, txn = std::move(txn)] { apply_late(session, txn); });
}

void CoordinatorPort::unreachable(coordination::TxnId id, coordination::Txn txn) {
  const Duration timeout = sim_.draw(Duration::millis(100), Duration::seconds(5));
  const bool refused = sim_.random.chance(1, 2);
  answer(id, refused ? TxnOutcome::kUnavailable : TxnOutcome::kUnknown, timeout);
  if (refused || sim_.random.chance(1, 2)) return;
  when_reachable_.push_back(
      [this, session = session_, txn = std::move(txn)] { apply_late(session, txn); });
}

/// Nobody waits for the answer any more. A process of `local` cannot outlive its death so.
void CoordinatorPort::apply_late(coordination::SessionId session, const coordination::Txn& txn) {
  if (sim_.options.node.death_is_proven && (!life_.alive || stopped_)) return;
  coordinator_.committed(coordinator_.space().apply(txn, session).changes);
}

void CoordinatorPort::set_reachable(bool reachable) {
  if (reachable_ == reachable) return;
  reachable_ = reachable;
  if (!reachable) return;
  std::vector<std::function<void()>> late;
  late.swap(when_reachable_);
  for (auto& each : late) sim_.queue.after(draw_delay(), std::move(each));
  news(true);
}

// ---- the watch ----

void CoordinatorPort::hint(Revision revision) {
  if (revision > delivered_) news(true);
}

/// Delivers soon what there is: a hint makes it sooner.
void CoordinatorPort::news(bool hinted) {
  if (!life_.alive || stopped_) return;
  const bool slow = !hinted && !sim_.calm;
  const Duration at =
      sim_.queue.now() +
      sim_.draw(Duration::micros(30), slow ? sim_.options.watch_delay_max : Duration::millis(2));
  if (at >= next_delivery_) return;
  next_delivery_ = at;
  sim_.queue.after(at - sim_.queue.now(), [this, at] {
    if (next_delivery_ != at) return;
    next_delivery_ = Duration::nanos(INT64_MAX);
    deliver();
  });
}

void CoordinatorPort::deliver() {
  if (!life_.alive || stopped_ || !reachable_) return;
  const coordination::KeySpace& space = coordinator_.space();
  const auto changes =
      has_snapshot_ && !sim_.random.chance(1, 200) ? space.changes_since(delivered_) : std::nullopt;
  if (!changes) {
    sink_(space.snapshot());
  } else if (!changes->changes.empty()) {
    sink_(*changes);
  }
  has_snapshot_ = true;
  delivered_ = space.revision();
  for (const Held& held : held_) sink_(held.done);
  held_.clear();
}

// ---- sessions ----

void CoordinatorPort::suspect(const std::string& key) {
  sim_.queue.after(draw_delay(), [this, key] {
    if (!life_.alive || stopped_ || !reachable_) return;
    auto& dead = coordinator_.dead_;
    const auto session = coordinator_.space().session_of(key);
    if (!session || std::find(dead.begin(), dead.end(), *session) == dead.end()) return;
    if (!sim_.options.node.death_is_proven) return;
    coordinator_.committed(coordinator_.space().end_session(*session));
  });
}

void CoordinatorPort::stop() {
  if (stopped_) return;
  stopped_ = true;
  coordinator_.remove(*this);
  coordinator_.committed(coordinator_.space().end_session(session_));
}

void CoordinatorPort::died() {
  if (stopped_) return;
  coordinator_.remove(*this);
  coordinator_.dead_.push_back(session_);
  if (!sim_.options.node.death_is_proven) return;  // it runs out
  sim_.queue.after(sim_.draw(Duration(), Duration::millis(500)),
                   [this] { coordinator_.committed(coordinator_.space().end_session(session_)); });
}

void CoordinatorPort::keep_alive() {
  if (!life_.alive || stopped_) return;
  const Duration ttl = sim_.options.session_ttl;
  const Instant sent = life_.clock.read(sim_.queue.now()).instant;
  sim_.queue.after(draw_delay(), [this, sent] { renew(sent); });
  sim_.queue.after(ttl / 3, [this] { keep_alive_when_awake(); });
}

/// A process that stands still sends nothing; when it goes on it does so at once.
void CoordinatorPort::keep_alive_when_awake() {
  if (!life_.paused)
    keep_alive();
  else
    sim_.queue.after(Duration::millis(30), [this] { keep_alive_when_awake(); });
}

/// At the coordinator: a keep-alive has come.
void CoordinatorPort::renew(Instant sent) {
  if (!life_.alive || stopped_ || !reachable_) return;
  coordination::KeySpace& space = coordinator_.space();
  const Duration ttl = sim_.options.session_ttl;
  if (!space.is_live(session_)) session_ = space.begin_session();
  const std::uint64_t lease = ++lease_;
  sim_.queue.after(ttl, [this, lease] { expire(lease); });
  // The coordinator's clock may be a little faster than ours.
  const Instant valid_until = sent + ttl * 98 / 100;
  sim_.queue.after(draw_delay(), [this, session = session_, lease, valid_until] {
    if (!life_.alive || stopped_ || !reachable_ || lease < heard_lease_) return;
    heard_lease_ = lease;
    // It may be the first answer since: the one that said so may have been lost.
    const auto heard = std::exchange(heard_session_, session);
    if (heard != coordination::SessionId() && heard != session) sink_(coordination::SessionLost{});
    sink_(coordination::SessionAlive{valid_until});
  });
}

void CoordinatorPort::expire(std::uint64_t lease) {
  if (lease != lease_ || stopped_) return;
  coordinator_.committed(coordinator_.space().end_session(session_));
}

}  // namespace borg::sim
