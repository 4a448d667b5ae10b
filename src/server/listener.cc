// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <utility>

namespace borg::server {
namespace {

constexpr std::uint16_t kFirstPort = 7001;
constexpr std::uint16_t kPortsTried = 500;
constexpr int kBusOffset = 10000;
constexpr int kHttpOffset = 1000;

std::optional<tcp::acceptor> bind_one(asio::io_context& context, const asio::ip::address& host,
                                      int port, std::string_view what, std::string& error) {
  tcp::acceptor acceptor(context);
  ErrorCode ec;
  if (port < 1 || port > 65535) {
    error = std::string(what) + " port " + std::to_string(port) + " is not between 1 and 65535";
    return std::nullopt;
  }
  const tcp::endpoint endpoint(host, static_cast<std::uint16_t>(port));
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(1024, ec);
  if (ec) {
    error = "cannot listen on " + host.to_string() + ":" + std::to_string(port) + " (" +
            std::string(what) + " port): " + ec.message();
    return std::nullopt;
  }
  return acceptor;
}

std::optional<Listeners> bind_all(asio::io_context& context, const asio::ip::address& host,
                                  int port, const PortOptions& options, std::string& error) {
  auto clients = bind_one(context, host, port, "client", error);
  if (!clients) return std::nullopt;
  auto bus = bind_one(context, host, options.bus_port.value_or(port + kBusOffset), "bus", error);
  if (!bus) return std::nullopt;
  auto http =
      bind_one(context, host, options.http_port.value_or(port + kHttpOffset), "http", error);
  if (!http) return std::nullopt;
  return Listeners{std::move(*clients), std::move(*bus), std::move(*http)};
}

}  // namespace

ListenOutcome listen(asio::io_context& context, const PortOptions& options) {
  ListenOutcome outcome;
  ErrorCode ec;
  const auto host = asio::ip::make_address(options.host, ec);
  if (ec) {
    outcome.error = "--host " + options.host + " is not an IP address";
    return outcome;
  }
  if (options.port) {
    outcome.listeners = bind_all(context, host, *options.port, options, outcome.error);
    return outcome;
  }
  for (int port = kFirstPort; port < kFirstPort + kPortsTried && !outcome.listeners; ++port) {
    outcome.listeners = bind_all(context, host, port, options, outcome.error);
  }
  return outcome;
}

}  // namespace borg::server
