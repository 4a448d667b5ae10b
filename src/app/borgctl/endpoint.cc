// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/endpoint.h"

#include "base/address.h"

namespace borg::borgctl {

std::string Endpoint::text() const { return host_port_text(host, port); }

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto address = host_port_from_text(text);
  if (!address) return std::nullopt;
  return Endpoint{address->host, address->port};
}

}  // namespace borg::borgctl
