// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "coordination/coordinator.h"

namespace borg::coordinators {

/// Why a coordinator's specification cannot be used: a sentence for the operator.
struct SpecProblem {
  std::string message;
};

/// What the etcd kind needs beside its addresses. Files are PEM.
struct CoordinatorSecurity {
  std::string ca_file;    ///< trust these; with it the connection is TLS
  std::string cert_file;  ///< our certificate, with key_file
  std::string key_file;
  std::string user;
  std::string password;
};

struct CoordinatorSpec {
  std::string spec;  ///< "local", "local:DIR" or "etcd://HOST:PORT[,HOST:PORT…]"; [IPv6]:PORT
  std::string cluster = "borg";
  CoordinatorSecurity security;
  Duration session_ttl = Duration::seconds(5);  ///< etcd only
};

/// Makes the coordinator that the operator named. It reads the security files, and touches
/// nothing else before start().
[[nodiscard]] Result<std::unique_ptr<coordination::Coordinator>, SpecProblem> make_coordinator(
    const CoordinatorSpec& spec);

/// Where the coordinator is; empty for one that is on this machine by its nature, and for a
/// specification that cannot be used.
[[nodiscard]] std::vector<HostPort> coordinator_addresses(std::string_view spec);

}  // namespace borg::coordinators
