// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "coordination/coordinator.h"
#include "node/control.h"
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
  std::function<void(const coordination::Member& self, NodeId id)> on_ready;
};

/// How a node ended: an exit code, and a line for the operator if it could not go on.
using ServerExit = node::ControlCore::Exit;

/// Runs one node on the calling thread and as many others as it has workers, until it has left
/// or cannot go on. Calls on_ready once, when it serves.
ServerExit run_server(ServerOptions options);

}  // namespace borg::server
