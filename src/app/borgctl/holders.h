// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resp/parser.h"

namespace borg::borgctl {

/// A node that holds a key, as BORG WHEREIS names it.
struct Holder {
  std::string name;
  std::string id;
  std::string address;
  std::string role;  ///< "primary", "backup" or "syncing"
};

/// Reads the reply to BORG WHEREIS: an array of [name, id, address, role]. Nothing if it is not.
[[nodiscard]] std::optional<std::vector<Holder>> parse_holders(const resp::Value& reply);
/// "a (primary), b (backup)".
[[nodiscard]] std::string holders_line(const std::vector<Holder>& holders);
[[nodiscard]] std::string holders_table(const std::vector<Holder>& holders);
[[nodiscard]] std::string holders_json(const std::vector<Holder>& holders);

}  // namespace borg::borgctl
