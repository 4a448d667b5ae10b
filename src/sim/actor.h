// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "sim/local_clock.h"
#include "sim/sim.h"

namespace borg::sim {

/// What the threads of one process have in common: they stop and end together.
struct Life {
  Life(Random& random, const LocalClock::Limits& limits) : clock(random, limits) {}
  LocalClock clock;
  bool alive = true;
  bool paused = false;
};

/// One thread of a process, driving one core: turns of events, then the effects, as server/
/// does it.
///
/// The events of a turn are those that came before it; between the end of a turn and its
/// effects time may pass, in which nothing else happens here.
class Actor {
 public:
  using Event = std::function<void()>;

  Actor(Sim& sim, Life& life, std::string name) : sim_(sim), life_(life), name_(std::move(name)) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Behind everything that waits already.
  void post(Event event);
  /// The process goes on after a pause.
  void wake();
  /// What it executes next takes so long, while the rest of its process goes on.
  void be_busy(Duration span) { busy_for_ = span; }
  /// When the turn began that it is in; nothing: it waits for something to do.
  [[nodiscard]] std::optional<Instant> in_turn_since() const { return in_turn_since_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool alive() const { return life_.alive; }
  [[nodiscard]] Now local_now() const { return life_.clock.read(sim_.queue.now()); }
  [[nodiscard]] const Life& life() const { return life_; }
  void say(const std::string& what) const;

 protected:
  virtual void begin_turn(Now now) = 0;
  /// Within a turn, which has taken time.
  virtual void go_on(Now now) = 0;
  virtual void end_turn() = 0;
  /// `now` is read after the turn.
  virtual void take_effects(Now now) = 0;

  Sim& sim_;
  Life& life_;

 private:
  void schedule();
  void run_turn();
  void run_events();
  void flush();
  void go_on_after(Duration span, void (Actor::*next)());

  const std::string name_;
  std::deque<Event> inbox_;
  std::deque<Event> events_;  // of the turn
  std::optional<Instant> in_turn_since_;
  std::optional<Duration> busy_for_;
  bool is_scheduled_ = false;
  void (Actor::*next_)() = nullptr;  // of a turn that takes time: what comes then
};

}  // namespace borg::sim
