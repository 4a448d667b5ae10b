// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.h"
#include "node/client.h"

namespace borg::node {

/// A client as a line of CLIENT LIST, without the newline.
[[nodiscard]] std::string describe(const Client& client, Instant now);

/// Which clients CLIENT LIST shows, and CLIENT KILL closes.
struct ClientFilter {
  bool none = false;               ///< of a type that Borg does not have
  std::optional<bool> subscribed;  ///< of the type pubsub, or normal
  std::vector<std::uint64_t> ids;  ///< empty: all
  std::string address;             ///< "ip:port"; empty: all
  std::string local_address;
  bool skip_me = false;

  [[nodiscard]] bool matches(const Client& client) const;
};

/// The arguments of CLIENT LIST behind its name. Returns Redis's error, empty if there is none.
[[nodiscard]] std::string parse_list_filter(commands::Args args, ClientFilter& filter);
/// The same for CLIENT KILL.
[[nodiscard]] std::string parse_kill_filter(commands::Args args, ClientFilter& filter);

}  // namespace borg::node
