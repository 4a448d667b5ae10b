// SPDX-License-Identifier: Apache-2.0
#include "sim/actor.h"

#include <utility>

namespace borg::sim {

void Actor::post(Event event) {
  if (!life_.alive) return;
  inbox_.push_back(std::move(event));
  schedule();
}

void Actor::wake() {
  if (next_ != nullptr && !is_scheduled_)
    (this->*std::exchange(next_, nullptr))();
  else
    schedule();
}

void Actor::schedule() {
  if (is_scheduled_ || in_turn_since_ || life_.paused || !life_.alive || inbox_.empty()) return;
  is_scheduled_ = true;
  const bool slow = !sim_.calm && sim_.permille(sim_.options.slow_turn_permille);
  const Duration delay = slow ? sim_.draw(Duration::micros(100), sim_.options.slow_turn_max)
                              : sim_.draw(Duration::micros(1), Duration::micros(40));
  sim_.queue.after(delay, [this] {
    is_scheduled_ = false;
    if (life_.alive && !life_.paused) run_turn();
  });
}

/// Within a turn: nothing else happens here until then.
void Actor::go_on_after(Duration span, void (Actor::*next)()) {
  next_ = next;
  is_scheduled_ = true;
  sim_.queue.after(span, [this] {
    is_scheduled_ = false;
    if (life_.alive && !life_.paused) (this->*std::exchange(next_, nullptr))();
  });
}

/// One that is busy is so before it executes these events, or behind them.
void Actor::run_turn() {
  const Now now = local_now();
  begin_turn(now);
  in_turn_since_ = now.instant;
  events_.swap(inbox_);
  if (busy_for_ && sim_.random.chance(1, 2)) {
    say("is busy");
    return go_on_after(*std::exchange(busy_for_, std::nullopt), &Actor::run_events);
  }
  run_events();
}

void Actor::run_events() {
  go_on(local_now());
  std::deque<Event> events;
  events.swap(events_);
  for (const Event& event : events) {
    event();
    if (!life_.alive) return;
  }
  end_turn();
  if (busy_for_) {
    say("is busy");
    go_on_after(*std::exchange(busy_for_, std::nullopt), &Actor::flush);
  } else if (!sim_.calm && sim_.permille(sim_.options.slow_flush_permille)) {
    go_on_after(sim_.draw(Duration(), sim_.options.slow_flush_max), &Actor::flush);
  } else {
    flush();
  }
}

void Actor::flush() {
  take_effects(local_now());
  in_turn_since_.reset();
  if (life_.alive) schedule();
}

void Actor::say(const std::string& what) const {
  if (sim_.trace.prints()) sim_.trace.print(sim_.queue.now(), name_, what);
}

}  // namespace borg::sim
