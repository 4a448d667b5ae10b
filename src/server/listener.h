// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/address_plan.h"
#include "server/asio.h"

namespace borg::server {

/// The three ports of a node, bound and listening on each of its addresses.
struct Listeners {
  std::vector<tcp::acceptor> clients;
  std::vector<tcp::acceptor> bus;
  std::vector<tcp::acceptor> http;
};

struct PortOptions {
  std::vector<BindAddress> addresses = {{"127.0.0.1"}};
  std::optional<std::uint16_t> port;       ///< default: the first of 7001.. that is free
  std::optional<std::uint16_t> bus_port;   ///< default: port + 10000
  std::optional<std::uint16_t> http_port;  ///< default: port + 1000
};

/// Binds all three on every address, or none. The error is one line for the operator.
struct ListenOutcome {
  std::optional<Listeners> listeners;
  std::string error;
};
[[nodiscard]] ListenOutcome listen(asio::io_context& context, const PortOptions& options);

}  // namespace borg::server
