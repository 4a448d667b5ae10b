// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/history.h"
#include "sim/model.h"

namespace borg::sim {

enum class Verdict : std::uint8_t {
  kLinearizable,
  kViolation,
  kUndecided,  ///< the steps were used up
};

struct CheckOptions {
  /// How many configurations to look at, for each key.
  std::uint64_t steps_max = 2'000'000;
};

struct CheckResult {
  Verdict verdict = Verdict::kLinearizable;
  /// If not linearizable: the key, how far an order can be found, and what cannot come next.
  std::string explanation;
  std::uint64_t steps = 0;
};

/// Says whether each key behaved as if operations happened to it one at a time, each at some
/// moment between its invocation and its return.
///
/// Operations of unknown outcome may happen at any moment from their invocation on, or never;
/// failed ones never. Those of one client may overlap (it did not wait for answers): they are in
/// their order in the history, but that a read may see what came behind it. Times may be equal:
/// then operations overlap. An operation that the model does not know is a violation, so that a
/// mistyped test does not pass.
///
/// Source: Wing, Gong, JPDC 1993; Lowe, "Testing for linearizability", CCPE 2017 (memory of
/// configurations); Horn, Kroening, FORTE 2015 (a key at a time).
[[nodiscard]] CheckResult check(const History& history, const Model& model,
                                const CheckOptions& options = {});

/// The same for operations that are all of one key.
[[nodiscard]] CheckResult check_key(const std::vector<Operation>& operations, const Model& model,
                                    const CheckOptions& options = {});

}  // namespace borg::sim
