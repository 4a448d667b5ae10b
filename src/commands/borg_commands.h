// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void borg_cas(Context& context, Args args);
void digest(Context& context, Args args);

}  // namespace run

// What Borg has beyond Redis's commands, and partitions execute.
inline constexpr auto kBorgRows = std::to_array<CommandSpec>({
    {.name = "borg|cas",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 2,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::borg_cas,
     .group = "borg",
     .since = "0.1.0",
     .syntax = "key expected new [EX seconds | PX milliseconds]",
     .summary = "Replaces a value if it is the expected one: 1, or 0 if it is another, or -1 if "
                "there is none"},
    {.name = "_digest",
     .arity = 1,
     .flags = kReadOnly | kInternal,
     .handler = run::digest,
     .group = "internal",
     .since = "0.1.0",
     .complexity = "O(N) for N bytes in the partition",
     .summary = "Returns what BORG DIGEST says of the partition"},
});

}  // namespace borg::commands
