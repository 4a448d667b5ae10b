// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borg::commands {

/// docs/redis-compatibility.md: each command of Redis 7.0 in Borg, made from the table.
[[nodiscard]] std::string compatibility_page();

/// What is wrong with the remarks the page is made with: commands that Borg does not have without
/// a reason, and remarks on commands that nobody has.
[[nodiscard]] std::vector<std::string> compatibility_gaps();

}  // namespace borg::commands
