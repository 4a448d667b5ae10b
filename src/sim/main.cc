// SPDX-License-Identifier: Apache-2.0
// borg_sim: runs whole clusters in virtual time, one for each seed.
#include "sim/runner.h"

int main(int argc, char** argv) {
  borg::sim::RunnerOptions options;
  if (!borg::sim::parse_arguments({argv + 1, argv + argc}, options)) return 2;
  return borg::sim::run_seeds(options);
}
