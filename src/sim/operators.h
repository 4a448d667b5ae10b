// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/sim.h"

namespace borg::sim {

class World;
class Process;

/// Operators who make mistakes: each orders anything of any node, asks any node for it, and does
/// not look at what the others are doing. In the end they take everything back.
class Operators {
 public:
  Operators(Sim& sim, World& world) : sim_(sim), world_(world) {}
  /// One to three orders, at the same moment or one shortly after the other.
  void err();
  /// From now on, again and again: undrains whoever is to go by command.
  void take_back();
  /// Once. False: there is nothing left to take back.
  bool take_back_now();

 private:
  void order();
  Process* any_process();

  Sim& sim_;
  World& world_;
};

}  // namespace borg::sim
