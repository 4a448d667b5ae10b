// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void count(Context& context, Args args);
void scan(Context& context, Args args);
void randomkey(Context& context, Args args);
void expire_keys(Context& context, Args args);
void remove_drawn(Context& context, Args args);
void debug_object(Context& context, Args args);
void slotcount(Context& context, Args args);
void slotcounts(Context& context, Args args);
void slotkeys(Context& context, Args args);
void unblock(Context& context, Args args);
void refused(Context& context, Args args);

}  // namespace run

// What nodes ask each other. Their names begin with "_" and clients cannot call them.
inline constexpr auto kInternalRows = std::to_array<CommandSpec>({
    {.name = "_count",
     .arity = 1,
     .flags = kReadOnly | kInternal,
     .handler = run::count,
     .group = "internal",
     .since = "0.1.0",
     .summary = "Returns the number of keys of the partition, expired ones too"},
    {.name = "_scan",
     .arity = -4,
     .flags = kReadOnly | kInternal,
     .handler = run::scan,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "slot position count [MATCH pattern] [TYPE type]",
     .summary = "Visits keys of the partition from a position on; returns the next slot or -1, the "
                "next position, and the keys"},
    {.name = "_randomkey",
     .arity = 1,
     .flags = kReadOnly | kInternal,
     .handler = run::randomkey,
     .group = "internal",
     .since = "0.1.0",
     .summary = "Returns a key of the partition drawn at random, or null"},
    {.name = "_expire",
     .arity = -2,
     .flags = kWrite | kInternal,
     .merge = Merge::kSum,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRm | kKeyDelete,
     .handler = run::expire_keys,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key [key ...]",
     .summary = "Erases those of the keys that are expired and returns how many"},
    {.name = "_spop",
     .arity = -4,
     .flags = kWrite | kInternal,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyDelete,
     .handler = run::remove_drawn,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key one-or-many member [member ...]",
     .summary = "What SPOP has drawn: removes these members, and replies as SPOP"},
    {.name = "_debug_object",
     .arity = 2,
     .flags = kReadOnly | kInternal,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo,
     .handler = run::debug_object,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key",
     .summary = "What DEBUG OBJECT says of a key"},
    {.name = "_slotcount",
     .arity = 2,
     .flags = kReadOnly | kInternal,
     .handler = run::slotcount,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "slot",
     .summary = "Returns the number of keys of a slot"},
    {.name = "_slotcounts",
     .arity = 1,
     .flags = kReadOnly | kInternal,
     .handler = run::slotcounts,
     .group = "internal",
     .since = "0.1.0",
     .summary = "Returns the number of keys of each slot of the partition"},
    {.name = "_slotkeys",
     .arity = 3,
     .flags = kReadOnly | kInternal,
     .handler = run::slotkeys,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "slot count",
     .summary = "Returns up to so many keys of a slot"},
    {.name = "_unblock",
     .arity = -3,
     .flags = kWrite | kInternal,
     .first_key = 1,
     .last_key = -2,
     .key_step = 1,
     .key_use = kKeyRo,
     .handler = run::unblock,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key [key ...] timeout-or-error",
     .summary = "Sent under the number of a command that blocks: the reply of one that waited in "
                "vain, which is the command's from now on unless it has one already"},
    {.name = "_refused",
     .arity = 2,
     .flags = kWrite | kInternal,
     .handler = run::refused,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "error",
     .summary = "Stands in the log for a write that was refused, so that replicas keep the refusal "
                "as its result"},
});

}  // namespace borg::commands
