// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void expire(Context& context, Args args);
void pexpire(Context& context, Args args);
void expireat(Context& context, Args args);
void pexpireat(Context& context, Args args);
void persist(Context& context, Args args);
void ttl(Context& context, Args args);
void pttl(Context& context, Args args);
void expiretime(Context& context, Args args);
void pexpiretime(Context& context, Args args);

}  // namespace run

inline constexpr auto kExpiryRows = std::to_array<CommandSpec>({
    {.name = "expire",
     .arity = -3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::expire,
     .group = "generic",
     .since = "1.0.0",
     .syntax = "key seconds [NX | XX | GT | LT]",
     .summary = "Lets a key expire in so many seconds"},
    {.name = "pexpire",
     .arity = -3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::pexpire,
     .group = "generic",
     .since = "2.6.0",
     .syntax = "key milliseconds [NX | XX | GT | LT]",
     .summary = "Lets a key expire in so many milliseconds"},
    {.name = "expireat",
     .arity = -3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::expireat,
     .group = "generic",
     .since = "1.2.0",
     .syntax = "key unix-time-seconds [NX | XX | GT | LT]",
     .summary = "Lets a key expire at a Unix time"},
    {.name = "pexpireat",
     .arity = -3,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::pexpireat,
     .group = "generic",
     .since = "2.6.0",
     .syntax = "key unix-time-milliseconds [NX | XX | GT | LT]",
     .summary = "Lets a key expire at a Unix time in milliseconds"},
    {.name = "persist",
     .arity = 2,
     .flags = kWrite | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::persist,
     .group = "generic",
     .since = "2.2.0",
     .syntax = "key",
     .summary = "Removes the expiry of a key"},
    {.name = "ttl",
     .arity = 2,
     .flags = kReadOnly | kFast | kAboutKeyspace | kNondeterministic,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::ttl,
     .group = "generic",
     .since = "1.0.0",
     .syntax = "key",
     .summary = "Returns the seconds until a key expires"},
    {.name = "pttl",
     .arity = 2,
     .flags = kReadOnly | kFast | kAboutKeyspace | kNondeterministic,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::pttl,
     .group = "generic",
     .since = "2.6.0",
     .syntax = "key",
     .summary = "Returns the milliseconds until a key expires"},
    {.name = "expiretime",
     .arity = 2,
     .flags = kReadOnly | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::expiretime,
     .group = "generic",
     .since = "7.0.0",
     .syntax = "key",
     .summary = "Returns the Unix time at which a key expires"},
    {.name = "pexpiretime",
     .arity = 2,
     .flags = kReadOnly | kFast | kAboutKeyspace,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::pexpiretime,
     .group = "generic",
     .since = "7.0.0",
     .syntax = "key",
     .summary = "Returns the Unix time in milliseconds at which a key expires"},
});

}  // namespace borg::commands
