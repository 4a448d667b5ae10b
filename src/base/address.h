// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg {

// Hosts and ports as text. Nothing here asks the system: names are looked up in server/.

enum class HostKind : std::uint8_t {
  kInvalid,
  kName,  ///< as RFC 1123 has them, and underscores; the last label is not a number
  kIpv4,
  kIpv6,  ///< with a zone ("fe80::1%eth0") or without
};

/// What a host is, written without brackets.
[[nodiscard]] HostKind kind_of_host(std::string_view host);

/// The host that an operator wrote: an IPv6 address may stand in brackets, and any address comes
/// back as it is usually written ("::1", not "0:0::1"). Nullopt: it is no host.
[[nodiscard]] std::optional<std::string> host_from_text(std::string_view text);

/// The address of every interface at once: "0.0.0.0" or "::".
[[nodiscard]] bool is_wildcard(std::string_view host);
/// Leads each machine to itself: 127.0.0.0/8, ::1, or a name that always means them.
[[nodiscard]] bool is_loopback(std::string_view host);
/// fe80::/10: means nothing without the interface of the machine that uses it.
[[nodiscard]] bool is_ipv6_link_local(std::string_view host);

/// Where somebody listens.
struct HostPort {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// "host:port", or "[address]:port" of IPv6.
[[nodiscard]] std::string host_port_text(std::string_view host, std::uint16_t port);
/// Reads what host_port_text() writes. Nullopt also if the port is 0.
[[nodiscard]] std::optional<HostPort> host_port_from_text(std::string_view text);

}  // namespace borg
