// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "base/time.h"
#include "sim/local_clock.h"
#include "sim/sim.h"

namespace borg::sim {

/// What the threads of one process have in common: they stop and end together.
struct Life {
  Life(Random& random, Duration wall_skew_max) : clock(random, wall_skew_max) {}
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
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool alive() const { return life_.alive; }
  [[nodiscard]] Now local_now() const { return life_.clock.read(sim_.queue.now()); }
  [[nodiscard]] const Life& life() const { return life_; }
  void say(const std::string& what) const;

 protected:
  virtual void begin_turn(Now now) = 0;
  virtual void end_turn() = 0;
  /// `now` is read after the turn.
  virtual void take_effects(Now now) = 0;

  Sim& sim_;
  Life& life_;

 private:
  void schedule();
  void run_turn();
  void flush();

  const std::string name_;
  std::deque<Event> inbox_;
  bool is_scheduled_ = false;
  bool is_flushing_ = false;
};

}  // namespace borg::sim
