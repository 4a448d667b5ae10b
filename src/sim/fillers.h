// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/messengers.h"
#include "sim/sim.h"

namespace borg::sim {

/// Programs that fill the nodes up to their memory limits with values that nobody asks for again,
/// and in the end delete them all. What they write is in no history; copies of it are compared
/// like everything else.
class Fillers {
 public:
  Fillers(Sim& sim, const std::function<Process*()>& choose_process);
  void start();
  /// From now on they delete what they may have written.
  void empty();
  /// All of it is deleted, but for what is lost: that is tried again and again, as those who hold
  /// it may come back.
  [[nodiscard]] bool are_done() const;
  /// Values on their way at a time, and the size of the largest, with its key and what is kept
  /// beside it.
  static constexpr std::size_t kValueBytesMax = 4096;
  static constexpr std::size_t kEntryBytesMax = kValueBytesMax + kValueBytesMax / 4;

 private:
  struct Filler {
    std::unique_ptr<MessengerLine> line;
    bool awaits_answer = false;
    Duration asked_at;
    std::deque<std::uint64_t> left;  ///< keys that are to be deleted
    std::size_t lost = 0;            ///< so many of the last that it tried were lost
  };
  void think(Filler& filler);
  void act(Filler& filler);
  void on_answer(Filler& filler, const resp::Value& value);
  [[nodiscard]] bool is_done(const Filler& filler) const;

  Sim& sim_;
  std::vector<Filler> fillers_;
  bool is_emptying_ = false;
};

}  // namespace borg::sim
