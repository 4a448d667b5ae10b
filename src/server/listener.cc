// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <string_view>
#include <utility>

namespace borg::server {
namespace {

constexpr std::uint16_t kFirstPort = 7001;
constexpr std::uint16_t kPortsTried = 500;
constexpr int kBusOffset = 10000;
constexpr int kHttpOffset = 1000;

bool is_missing(const ErrorCode& ec) {
  return ec == asio::error::address_family_not_supported ||
         ec == boost::system::errc::address_not_available;
}

ErrorCode open_and_listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  ErrorCode ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  // As in Redis: "::" is of IPv6 alone, and IPv4 clients are shown by their own addresses.
  if (!ec && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(1024, ec);
  return ec;
}

/// One of the three ports on all addresses; the error is empty if all is well.
std::string bind_port(asio::io_context& context, const std::vector<BindAddress>& addresses,
                      int port, std::string_view what, std::vector<tcp::acceptor>& out) {
  if (port < 1 || port > 65535) {
    return std::string(what) + " port " + std::to_string(port) + " is not between 1 and 65535";
  }
  const auto number = static_cast<std::uint16_t>(port);
  std::string error;
  for (const BindAddress& each : addresses) {
    ErrorCode ec;
    const auto address = asio::ip::make_address(each.address, ec);
    tcp::acceptor acceptor(context);
    if (!ec) ec = open_and_listen(acceptor, {address, number});
    if (!ec) {
      out.push_back(std::move(acceptor));
      continue;
    }
    error = "cannot listen on " + host_port_text(each.address, number) + " (" + std::string(what) +
            " port): " + ec.message();
    if (!each.is_optional || !is_missing(ec)) return error;
  }
  return out.empty() ? error : "";
}

std::optional<Listeners> bind_all(asio::io_context& context, int port, const PortOptions& options,
                                  std::string& error) {
  Listeners found;
  const auto bind = [&](int number, std::string_view what, std::vector<tcp::acceptor>& out) {
    error = bind_port(context, options.addresses, number, what, out);
    return error.empty();
  };
  const bool is_bound = bind(port, "client", found.clients) &&
                        bind(options.bus_port.value_or(port + kBusOffset), "bus", found.bus) &&
                        bind(options.http_port.value_or(port + kHttpOffset), "http", found.http);
  if (!is_bound) return std::nullopt;
  return found;
}

}  // namespace

ListenOutcome listen(asio::io_context& context, const PortOptions& options) {
  ListenOutcome outcome;
  if (options.port) {
    outcome.listeners = bind_all(context, *options.port, options, outcome.error);
    return outcome;
  }
  for (int port = kFirstPort; port < kFirstPort + kPortsTried && !outcome.listeners; ++port) {
    outcome.listeners = bind_all(context, port, options, outcome.error);
  }
  return outcome;
}

}  // namespace borg::server
