// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/growth.h"

namespace borg::sim {

struct RunnerOptions {
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  bool trace = false;
  bool keep_going = false;
  bool prints_probes = true;
  bool orders = false;            ///< every row of three orders, instead of seeds
  bool planted_bugs = false;      ///< run with each planted bug until it is found
  std::string only;               ///< of the planted bugs those whose names contain it
  std::uint64_t seconds_max = 0;  ///< of processor time; 0: no limit
  std::uint64_t* seed_under_way = nullptr;  ///< if set: where the latest seed is left
  GrowthOptions growth;
};

/// False, with a message on stderr, if the arguments make no sense.
[[nodiscard]] bool parse_arguments(const std::vector<std::string>& arguments,
                                   RunnerOptions& options);
/// Runs the seeds, prints what failed and a summary. Returns the exit code.
[[nodiscard]] int run_seeds(const RunnerOptions& options);

}  // namespace borg::sim
