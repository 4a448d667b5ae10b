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

enum class ClientField : std::uint8_t {
  kId,
  kType,
  kAddress,       ///< "ip:port"
  kLocalAddress,  ///< "ip:port"
  kUser,
  kFlags,  ///< all of these letters
  kName,
  kLibraryName,
  kLibraryVersion,
  kDatabase,
  kCapabilities,  ///< all of these letters
  kIp,
  kAge,   ///< at least so many seconds
  kIdle,  ///< at least so many seconds
};

/// What a client must be, or must not be, to pass.
struct ClientCondition {
  ClientField field = ClientField::kId;
  bool is_negated = false;
  std::string text = {};
  std::int64_t number = 0;
  std::vector<std::uint64_t> ids = {};  ///< any of these

  /// Negation aside.
  [[nodiscard]] bool holds_for(const Client& client, Instant now) const;
};

/// Which clients CLIENT LIST shows, and CLIENT KILL closes: those for which all conditions hold.
class ClientFilter {
 public:
  bool skip_me = false;

  /// Ids come on top of those that were named before; of other fields the last word counts.
  void add(ClientCondition condition);
  [[nodiscard]] bool matches(const Client& client, ConnectionId asker, Instant now) const;

 private:
  std::vector<ClientCondition> conditions_;
};

/// The arguments of CLIENT LIST behind its name. Returns Redis's error, empty if there is none.
[[nodiscard]] std::string parse_list_filter(commands::Args args, ClientFilter& filter);
/// The same for CLIENT KILL.
[[nodiscard]] std::string parse_kill_filter(commands::Args args, ClientFilter& filter);

}  // namespace borg::node
