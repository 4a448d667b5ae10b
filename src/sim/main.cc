// SPDX-License-Identifier: Apache-2.0
// borg_sim: runs whole clusters in virtual time, one for each seed, or a large one.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/ids.h"
#include "sim/growth.h"
#include "sim/orders.h"
#include "sim/planted_bugs.h"
#include "sim/runner.h"

namespace {

/// How the load spreads over many nodes can be seen with all partitions only: the program beside
/// this one has them.
int run_with_all_partitions(char** argv) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string other = self.parent_path() / "borg_sim_large";
  execv(other.c_str(), argv);
  std::perror(other.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  borg::sim::RunnerOptions options;
  if (!borg::sim::parse_arguments({argv + 1, argv + argc}, options)) return 2;
  if (options.growth.nodes > 0) {
    return borg::kPartitionCount < 1024 ? run_with_all_partitions(argv)
                                        : borg::sim::run_growth(options.growth);
  }
  if (options.orders) return borg::sim::run_orders(options.from);
  return options.planted_bugs ? borg::sim::find_planted_bugs(options)
                              : borg::sim::run_seeds(options);
}
