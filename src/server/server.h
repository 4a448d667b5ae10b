// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "coordination/coordinator.h"
#include "node/options.h"
#include "server/http_port.h"
#include "server/listener.h"

namespace borg::server {

struct ServerOptions {
  node::NodeOptions node;
  PortOptions ports;
  std::unique_ptr<coordination::Coordinator> coordinator;
  StartHttp start_http;
  std::string default_name_prefix;  ///< the name is this and the port, if none is given
};

/// Runs one node on the calling thread and as many others as it has workers, until it has left
/// or cannot go on. Prints the line "ready …" on stdout when it serves, and errors on stderr.
/// Returns the exit code.
int run_server(ServerOptions options);

}  // namespace borg::server
