// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg::borgctl {

/// Where a node listens for clients.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  /// "host:port"; an IPv6 address stands in brackets.
  [[nodiscard]] std::string text() const;
};

/// Reads "host:port" or "[::1]:port"; nothing if it is neither.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace borg::borgctl
