// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "server/machine.h"

namespace borg::server {

/// What the operator says of a node's addresses. Hosts are without brackets.
struct AddressWishes {
  /// To listen on: addresses, names, or "*" for every address of the machine. Empty: chosen.
  std::vector<std::string> bind;
  std::string announce_host;  ///< told to nodes and clients; empty: chosen
  bool maps_ports = false;    ///< others are told other ports than those listened on
  /// Where the coordinator is; empty: all nodes are on this machine.
  std::vector<HostPort> coordinator;
};

struct BindAddress {
  std::string address;
  bool is_optional = false;  ///< no error if the machine does not have it
  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

/// Where a node listens, and what it tells others.
struct AddressPlan {
  std::vector<BindAddress> bind;
  std::string announce_host;
  bool is_mapped = false;  ///< see coordination::Member
};

/// Why there is none: a line for the operator.
struct AddressProblem {
  std::string message;
  bool may_pass = false;  ///< a name server or a route may be there a moment later
};

/// Chooses what the operator has not said.
///
/// - Announced is, where all nodes are on this machine, 127.0.0.1; elsewhere the address from which
///   the machine reaches the coordinator. With `bind` it is one of those that are listened on.
/// - Listened on are the announced address and loopback; if it is not one of this machine's (a
///   router maps it), all addresses.
///
/// Refuses to announce what cannot work: a wildcard, a link-local address, loopback although the
/// coordinator is on another machine, an address of this machine that is not listened on.
[[nodiscard]] Result<AddressPlan, AddressProblem> plan_addresses(const AddressWishes& wishes,
                                                                 const Machine& machine);

}  // namespace borg::server
