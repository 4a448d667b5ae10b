// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/runner.h"

namespace borg::sim {

/// Runs the seeds with each bug of base/planted_bug.h in the cores. Returns the exit code: 0 if
/// every bug was found.
[[nodiscard]] int find_planted_bugs(const RunnerOptions& options);

}  // namespace borg::sim
