// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/asio.h"

namespace borg::server {

/// What the HTTP side may ask of the node. Runs: on the control thread.
class NodeQuestions {
 public:
  virtual ~NodeQuestions() = default;
  [[nodiscard]] virtual bool is_ready() const = 0;
  /// Asks as an admin command does ("BORG" "INFO", "METRICS"); `done` gets the text later.
  virtual void ask(std::vector<std::string> args, std::function<void(std::string)> done) = 0;
};

/// Serves the HTTP port for as long as it lives.
class HttpService {
 public:
  virtual ~HttpService() = default;
};
using StartHttp = std::function<std::unique_ptr<HttpService>(
    asio::io_context& context, tcp::acceptor acceptor, NodeQuestions& node)>;

}  // namespace borg::server
