// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "sim/process.h"
#include "sim/session.h"
#include "sim/sim.h"

namespace borg::sim {

/// Writes keys that no client ever touches into the slots of those that clients do, so that a
/// snapshot of their partitions takes as long as one of gigabytes.
class Ballast {
 public:
  /// The worker must outlive it.
  Ballast(Sim& sim, WorkerActor& worker);
  ~Ballast();
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;
  void start();
  /// All were written, or refused: with too few nodes for the copies that are wanted.
  [[nodiscard]] bool is_done() const { return replies_left_ == 0; }

 private:
  void on_reply(const std::string& bytes);

  Sim& sim_;
  WorkerActor& worker_;
  std::shared_ptr<Session> session_;
  std::string received_;
  std::size_t replies_left_;
};

}  // namespace borg::sim
