// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/sim_options.h"

namespace borg::sim {

/// Judges how long clients waited, where nodes die one at a time: a death is a short wait, whatever
/// has to be copied after it.
class AnswerTimes {
 public:
  explicit AnswerTimes(const SimOptions& options);

  /// False where waits are longer for other reasons: nothing is judged then.
  [[nodiscard]] bool are_judged() const { return bound_ != Duration(); }
  /// Until a death is known for certain, a successor and a substitute found, and what was under
  /// way is there, with as many delays on the way as that may take.
  [[nodiscard]] Duration bound() const { return bound_; }
  /// A command was answered after so long. Throws Violation.
  void check(Duration waited) const;

 private:
  Duration bound_;
};

}  // namespace borg::sim
