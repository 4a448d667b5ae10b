// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void rename(Context& context, Args args);
void renamenx(Context& context, Args args);
void copy(Context& context, Args args);
void move(Context& context, Args args);
void dump(Context& context, Args args);
void restore(Context& context, Args args);

}  // namespace run

inline constexpr auto kRenameRows = std::to_array<CommandSpec>({
    {.name = "rename",
     .arity = 3,
     .flags = kWrite | kAboutKeyspace,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyDelete,
     .other_key_use = kKeyOw | kKeyUpdate,
     .handler = run::rename,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1), or O(N) for a value of N bytes that is no large container",
     .syntax = "key newkey",
     .summary = "Gives a value another key of the same slot, and replaces what was there"},
    {.name = "renamenx",
     .arity = 3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyDelete,
     .other_key_use = kKeyOw | kKeyInsert,
     .handler = run::renamenx,
     .group = "generic",
     .since = "1.0.0",
     .history = "3.2.0 Both keys may be the same",
     .complexity = "O(1), or O(N) for a value of N bytes that is no large container",
     .syntax = "key newkey",
     .summary = "Gives a value another key of the same slot unless that exists"},
    {.name = "copy",
     .arity = -3,
     .flags = kWrite | kDenyOom | kAboutKeyspace,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .other_key_use = kKeyOw | kKeyUpdate,
     .handler = run::copy,
     .group = "generic",
     .since = "6.2.0",
     .complexity = "O(N) for N bytes",
     .syntax = "source destination [DB destination-db] [REPLACE]",
     .summary = "Copies a value to another key of the same slot"},
    {.name = "move",
     .arity = 3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::move,
     .group = "generic",
     .since = "1.0.0",
     .syntax = "key {:integer} db",
     .summary = "Always an error: there is one database"},
    {.name = "dump",
     .arity = 2,
     .flags = kReadOnly | kAboutKeyspace | kNondeterministic,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::dump,
     .group = "generic",
     .since = "2.6.0",
     .complexity = "O(N) for N bytes",
     .syntax = "key",
     .summary = "Returns a value in the form that RESTORE takes, also that of Redis"},
    {.name = "restore",
     .arity = -4,
     .flags = kWrite | kDenyOom | kAboutKeyspace | kDangerous,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .handler = run::restore,
     .group = "generic",
     .since = "2.6.0",
     .history = "3.0.0 REPLACE; 5.0.0 ABSTTL; 5.0.0 IDLETIME and FREQ",
     .complexity = "O(N) for N bytes",
     .syntax = "key ttl serialized-value [{@3.0.0} REPLACE] [{@5.0.0} ABSTTL] [{@5.0.0} IDLETIME "
               "seconds] [{@5.0.0} FREQ frequency]",
     .summary = "Makes a value of what DUMP has returned, here or in Redis 7.0"},
});

}  // namespace borg::commands
