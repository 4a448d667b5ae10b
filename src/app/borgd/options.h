// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "server/address_plan.h"
#include "server/server.h"

namespace borg::app {

/// What the command line, the environment and the configuration file say, checked.
struct ParsedOptions {
  std::optional<server::ServerOptions> server;  ///< absent: exit with exit_code
  server::AddressWishes addresses;              ///< not looked up: `server` has none of them
  int exit_code = 0;
};

/// Prints help, the version or one line that says what is wrong.
[[nodiscard]] ParsedOptions parse_options(int argc, char** argv);

}  // namespace borg::app
