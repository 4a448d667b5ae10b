// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace borg::sim {

struct GrowthOptions {
  std::size_t nodes = 0;  ///< 0: no growth is asked for
  bool at_once = false;   ///< else one by one, each when the cluster is at rest again
  std::uint64_t seed = 1;
  bool trace = false;
};

/// Lets a cluster grow from one node to so many, without faults and under some load, with all
/// the checks of other runs and two more: as little moves as can, and the end is even. Prints
/// what it cost. Returns the exit code.
[[nodiscard]] int run_growth(const GrowthOptions& options);

}  // namespace borg::sim
