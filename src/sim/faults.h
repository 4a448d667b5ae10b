// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "replication/replica.h"
#include "sim/operators.h"
#include "sim/sim.h"

namespace borg::sim {

class World;
class Process;

/// Does to a cluster what the world does to one: draws what goes wrong, and when.
class Faults {
 public:
  Faults(Sim& sim, World& world);
  void start();
  /// A worker has had a turn: the moment for which a stroke waits may be here.
  void on_turn(Process& process, std::size_t worker);
  /// All is well again: what operators have ordered is taken back, too.
  void end() { operators_.take_back(); }

 private:
  /// States in which a node is seldom and briefly, and in which a fault is worst.
  enum class Moment : std::uint8_t { kNone, kUnstable, kFeeding, kReceiving, kParked };
  void next();
  void one();
  void crash();
  void pause();
  void keep_busy();
  void leave();
  void join();
  void break_links();
  void cut();
  void outage();
  void jump_clock();
  void snipe();
  void drain();
  void err();
  void forget();
  void roll();
  void roll_on(std::size_t host, std::size_t left);
  void lose();
  void accept_losses();
  void strike(Process& process, std::size_t other_host);
  void strike_one(std::size_t host);
  void kill(Process& process);
  void pause(Process& process, Duration span);
  void cut_for(std::vector<std::pair<std::size_t, std::size_t>> pairs, Duration span);
  [[nodiscard]] bool is_at_moment(const replication::Replica& replica) const;
  Process* victim();
  std::vector<Process*> jumpers();

  Sim& sim_;
  World& world_;
  Operators operators_;
  std::vector<std::pair<std::uint32_t, void (Faults::*)()>> kinds_;
  Moment awaited_ = Moment::kNone;
  bool is_rolling_ = false;
};

}  // namespace borg::sim
