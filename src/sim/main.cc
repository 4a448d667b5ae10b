// SPDX-License-Identifier: Apache-2.0
// borg_sim: runs whole clusters in virtual time, one for each seed.
#include "sim/planted_bugs.h"
#include "sim/runner.h"

int main(int argc, char** argv) {
  borg::sim::RunnerOptions options;
  if (!borg::sim::parse_arguments({argv + 1, argv + argc}, options)) return 2;
  return options.planted_bugs ? borg::sim::find_planted_bugs(options)
                              : borg::sim::run_seeds(options);
}
