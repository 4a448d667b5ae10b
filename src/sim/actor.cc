// SPDX-License-Identifier: Apache-2.0
#include "sim/actor.h"

namespace borg::sim {

void Actor::post(Event event) {
  if (!life_.alive) return;
  inbox_.push_back(std::move(event));
  schedule();
}

void Actor::wake() {
  if (is_flushing_ && !is_scheduled_)
    flush();
  else
    schedule();
}

void Actor::schedule() {
  if (is_scheduled_ || is_flushing_ || life_.paused || !life_.alive || inbox_.empty()) return;
  is_scheduled_ = true;
  const bool slow = !sim_.calm && sim_.permille(sim_.options.slow_turn_permille);
  const Duration delay = slow ? sim_.draw(Duration::micros(100), sim_.options.slow_turn_max)
                              : sim_.draw(Duration::micros(1), Duration::micros(40));
  sim_.queue.after(delay, [this] {
    is_scheduled_ = false;
    if (life_.alive && !life_.paused) run_turn();
  });
}

void Actor::run_turn() {
  begin_turn(local_now());
  std::deque<Event> events;
  events.swap(inbox_);
  for (const Event& event : events) {
    event();
    if (!life_.alive) return;
  }
  end_turn();
  is_flushing_ = true;
  if (sim_.calm || !sim_.permille(sim_.options.slow_flush_permille)) {
    flush();
    return;
  }
  is_scheduled_ = true;
  sim_.queue.after(sim_.draw(Duration(), sim_.options.slow_flush_max), [this] {
    is_scheduled_ = false;
    if (life_.alive && !life_.paused) flush();
  });
}

void Actor::flush() {
  take_effects(local_now());
  is_flushing_ = false;
  if (life_.alive) schedule();
}

void Actor::say(const std::string& what) const {
  if (sim_.trace.prints()) sim_.trace.print(sim_.queue.now(), name_, what);
}

}  // namespace borg::sim
