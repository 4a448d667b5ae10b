// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coordination/coordinator.h"
#include "node/control.h"
#include "node/options.h"
#include "server/http_port.h"
#include "server/listener.h"

namespace borg::server {

/// What nodes and clients are told where ports are mapped; else those that are listened on.
struct AnnouncedPorts {
  std::optional<std::uint16_t> port;
  std::optional<std::uint16_t> bus_port;
  std::optional<std::uint16_t> http_port;
};

struct ServerOptions {
  node::NodeOptions node;  ///< node.self.host is announced
  PortOptions ports;
  AnnouncedPorts announced;
  std::unique_ptr<coordination::Coordinator> coordinator;
  StartHttp start_http;
  std::string default_name_prefix;  ///< the name is this and the port, if none is given
  /// Called once, when the node serves. `ports`: those that it listens on.
  std::function<void(const coordination::Member& self, NodeId id, const PortOptions& ports)>
      on_ready;
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
