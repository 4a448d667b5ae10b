// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace borg::server {

/// What this machine knows of networks. Addresses are text, without brackets.
///
/// Runs: on any thread; calls may block for as long as a name server takes.
class Machine {
 public:
  struct Lookup {
    std::vector<std::string> addresses;
    std::string error;  ///< why there are none
  };

  virtual ~Machine() = default;
  /// The addresses of a host, best first; of an address itself.
  [[nodiscard]] virtual Lookup look_up(const std::string& host) const = 0;
  /// Whether one of the machine's interfaces has this address.
  [[nodiscard]] virtual bool has(const std::string& address) const = 0;
  /// The address of this machine from which it would send to that one. Nothing is sent.
  [[nodiscard]] virtual std::optional<std::string> source_towards(const std::string& address,
                                                                  std::uint16_t port) const = 0;
};

/// The one that this process runs on.
[[nodiscard]] const Machine& this_machine();

}  // namespace borg::server
