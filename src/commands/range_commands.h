// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void append(Context& context, Args args);
void strlen(Context& context, Args args);
void getrange(Context& context, Args args);
void setrange(Context& context, Args args);

}  // namespace run

inline constexpr auto kRangeRows = std::to_array<CommandSpec>({
    {.name = "append",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyInsert,
     .handler = run::append,
     .group = "string",
     .since = "2.0.0",
     .complexity = "O(N) for N bytes added, amortized",
     .syntax = "key value",
     .summary = "Adds bytes at the end of a value"},
    {.name = "strlen",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo,
     .handler = run::strlen,
     .group = "string",
     .since = "2.2.0",
     .syntax = "key",
     .summary = "Returns the length of a value"},
    {.name = "getrange",
     .arity = 4,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::getrange,
     .group = "string",
     .since = "2.4.0",
     .complexity = "O(N) for N bytes returned",
     .syntax = "key start end",
     .summary = "Returns a part of a value"},
    {.name = "substr",
     .arity = 4,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::getrange,
     .group = "string",
     .since = "1.0.0",
     .deprecated = "2.0.0 `GETRANGE`",
     .complexity = "O(N) for N bytes returned",
     .syntax = "key start end",
     .summary = "Returns a part of a value; the older name of GETRANGE"},
    {.name = "setrange",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::setrange,
     .group = "string",
     .since = "2.2.0",
     .complexity = "O(N) for N bytes written or added",
     .syntax = "key offset value",
     .summary = "Overwrites a part of a value, which grows with zero bytes where needed"},
});

}  // namespace borg::commands
