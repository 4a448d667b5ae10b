// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/borgctl/globals.h"

namespace borg::borgctl {

// Each connects, does what its name says and prints; the exit code, or a Failure.

struct PutOptions {
  std::string key;
  std::string value;  ///< "-": all of stdin
  std::optional<double> ttl_seconds;
};
int run_put(const Globals& globals, const PutOptions& options);
int run_get(const Globals& globals, const std::string& key);
int run_delete(const Globals& globals, const std::vector<std::string>& keys);
int run_whereis(const Globals& globals, const std::string& key);
int run_local(const Globals& globals, const std::string& node);

}  // namespace borg::borgctl
