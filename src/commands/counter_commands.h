// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void incr(Context& context, Args args);
void decr(Context& context, Args args);
void incrby(Context& context, Args args);
void decrby(Context& context, Args args);
void incrbyfloat(Context& context, Args args);
void increx(Context& context, Args args);

}  // namespace run

inline constexpr auto kCounterRows = std::to_array<CommandSpec>({
    {.name = "incr",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::incr,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key",
     .summary = "Adds one to an integer; an absent key counts as 0"},
    {.name = "decr",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::decr,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key",
     .summary = "Subtracts one from an integer; an absent key counts as 0"},
    {.name = "incrby",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::incrby,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key increment",
     .summary = "Adds to an integer; an absent key counts as 0"},
    {.name = "decrby",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::decrby,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key decrement",
     .summary = "Subtracts from an integer; an absent key counts as 0"},
    {.name = "incrbyfloat",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::incrbyfloat,
     .group = "string",
     .since = "2.6.0",
     .syntax = "key {:double} increment",
     .summary = "Adds to a decimal number; an absent key counts as 0"},
    {.name = "increx",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::increx,
     .group = "string",
     .since = "8.8.0",
     .syntax = "key [{increment} BYFLOAT {:double} float | BYINT {:integer} integer] [LBOUND "
               "lowerbound] [UBOUND upperbound] [SATURATE] [{expiration} EX seconds | PX "
               "milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] "
               "[ENX]",
     .summary = "Adds to a number within bounds and sets its expiry, as a rate limit does; returns "
                "the number and what was added"},
});

}  // namespace borg::commands
