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
  /// Called once, when the node serves.
  std::function<void(const coordination::Member& self, NodeId id)> on_ready;
  bool leave_on_signals = true;  ///< SIGTERM, SIGINT: leave; again: exit at once
};

/// How a node ended: an exit code, and a line for the operator if it could not go on.
using ServerExit = node::ControlCore::Exit;

/// One node of a process: its threads and its sockets.
///
/// Life: listen(), then run() once, which returns when the node has left or cannot go on.
class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();

  /// Binds the ports. The error is a line for the operator, empty if all is well.
  [[nodiscard]] std::string listen();
  /// Runs the node on the calling thread and as many others as it has workers.
  /// REQUIRES: listen() succeeded.
  ServerExit run();
  /// Hands everything over and ends run(). From any thread, after listen().
  void leave();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace borg::server
