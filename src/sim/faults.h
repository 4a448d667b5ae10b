// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "sim/sim.h"

namespace borg::sim {

class World;
class Process;

/// Does to a cluster what the world does to one: draws what goes wrong, and when.
class Faults {
 public:
  Faults(Sim& sim, World& world);
  void start();

 private:
  void next();
  void one();
  void crash();
  void pause();
  void leave();
  void join();
  void break_links();
  void cut();
  void outage();
  void jump_clock();
  Process* victim();

  Sim& sim_;
  World& world_;
  std::vector<std::pair<std::uint32_t, void (Faults::*)()>> kinds_;
};

}  // namespace borg::sim
