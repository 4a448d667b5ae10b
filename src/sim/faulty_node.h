// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "sim/sim.h"

namespace borg::sim {

class World;
class Process;

/// One node is at fault and all others are healthy, and so nothing may be lost and the others must
/// answer.
///
/// What the node sends, or what it is sent, or both, is lost or late, between it and all others or
/// one of them; perhaps the coordinator is out of its reach, too; and perhaps it dies in the middle
/// of it, whatever it holds by then: that it is never the only one to hold something is what is to
/// be shown. Nothing else goes wrong, and the next fault comes when all is at rest again.
class FaultyNode {
 public:
  FaultyNode(Sim& sim, World& world) : sim_(sim), world_(world) {}
  void start() { next(); }
  /// True if the host was at fault at any moment since then.
  [[nodiscard]] bool was_faulty(std::size_t host, Duration since) const;
  /// When the fault under way, or the latest one, began, became a death, or ended.
  [[nodiscard]] Duration last_turn() const { return last_turn_; }
  /// How long a command may take at a healthy node from there on, or from when it was sent.
  [[nodiscard]] Duration patience() const;

 private:
  enum class Way : std::uint8_t { kOut, kIn, kBoth };
  void next();
  void begin();
  /// The same to and from all: a node that is slow to one alone has a slow link, not a fault.
  struct Disturbance {
    enum class Kind : std::uint8_t { kLost, kLate, kLostInPart };
    Kind kind = Kind::kLost;
    Duration delay;  ///< all of it, or what is lost in part at most
  };
  [[nodiscard]] Disturbance draw_disturbance();
  void disturb(std::size_t from, std::size_t to, const Disturbance& how);
  void end();
  void die(Process& process);

  Sim& sim_;
  World& world_;
  std::set<std::size_t> hosts_;  // at fault now, or the two of whom one is
  struct Past {
    std::size_t host;
    Duration until;
  };
  std::vector<Past> past_;
  Duration last_turn_;
  Duration lateness_;  // of a message, of the fault under way or the latest one
  std::size_t host_ = 0;
  std::vector<std::size_t> others_;  // that it is disturbed with
};

}  // namespace borg::sim
