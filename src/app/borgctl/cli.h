// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "app/borgctl/cluster_client.h"

namespace borg::borgctl {

/// Runs borgctl with these arguments (without the program's name) and returns its exit code.
/// Says on stderr, in one line, what went wrong. `node` is given when the shell runs one of its
/// own words: the node that it talks to; there is no shell within the shell.
int run_cli(const std::vector<std::string>& arguments, const Target* node = nullptr);

}  // namespace borg::borgctl
