// SPDX-License-Identifier: Apache-2.0
#include "server/machine.h"

#include <linux/in6.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/address.h"
#include "server/asio.h"

namespace borg::server {
namespace {

class ThisMachine final : public Machine {
 public:
  [[nodiscard]] Lookup look_up(const std::string& host) const override {
    ErrorCode ec;
    asio::io_context context;
    tcp::resolver resolver(context);
    Lookup found;
    for (const auto& entry : resolver.resolve(host, "", ec)) {
      const std::string text = entry.endpoint().address().to_string();
      const std::string address = host_from_text(text).value_or(text);
      const auto known = std::find(found.addresses.begin(), found.addresses.end(), address);
      if (known == found.addresses.end()) found.addresses.push_back(address);
    }
    if (found.addresses.empty()) found.error = ec ? ec.message() : "it has no address";
    return found;
  }

  [[nodiscard]] bool has(const std::string& address) const override {
    ErrorCode ec;
    const auto ip = asio::ip::make_address(address, ec);
    if (ec || ip.is_unspecified()) return false;
    asio::io_context context;
    tcp::socket probe(context);
    const tcp::endpoint endpoint(ip, 0);
    probe.open(endpoint.protocol(), ec);
    if (!ec) probe.bind(endpoint, ec);
    return !ec;
  }

  [[nodiscard]] std::optional<std::string> source_towards(const std::string& address,
                                                          std::uint16_t port) const override {
    ErrorCode ec;
    const auto ip = asio::ip::make_address(address, ec);
    if (ec) return std::nullopt;
    asio::io_context context;
    asio::ip::udp::socket probe(context);
    const asio::ip::udp::endpoint endpoint(ip, port);
    probe.open(endpoint.protocol(), ec);
    // An address for privacy (RFC 8981) would be gone tomorrow.
    if (!ec && ip.is_v6()) {
      const int lasting = IPV6_PREFER_SRC_PUBLIC;
      ::setsockopt(probe.native_handle(), IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, &lasting,
                   sizeof lasting);
    }
    if (!ec) probe.connect(endpoint, ec);  // chooses a route, and sends nothing
    if (ec) return std::nullopt;
    const auto local = probe.local_endpoint(ec);
    if (ec || local.address().is_unspecified()) return std::nullopt;
    return host_from_text(local.address().to_string());
  }
};

}  // namespace

const Machine& this_machine() {
  static const ThisMachine machine;
  return machine;
}

}  // namespace borg::server
