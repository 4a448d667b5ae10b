// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void delifeq(Context& context, Args args);
void delex(Context& context, Args args);
void digest_of_key(Context& context, Args args);

}  // namespace run

/// Besides SET and BORG CAS: commands that compare a value before they change it.
inline constexpr auto kConditionalRows = std::to_array<CommandSpec>({
    {.name = "delifeq",
     .arity = 3,
     .flags = kWrite | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRm | kKeyDelete,
     .handler = run::delifeq,
     .group = "string",
     .since = "9.0.0",
     .syntax = "key value",
     .summary = "Deletes a key if its value is this one, as whoever releases a lock wants it"},
    {.name = "delex",
     .arity = -2,
     .flags = kWrite | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyDelete,
     .handler = run::delex,
     .group = "string",
     .since = "8.4.0",
     .complexity = "O(1) for IFEQ and IFNE, O(N) for IFDEQ and IFDNE of N bytes",
     .syntax = "key [{condition} IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE "
               "ifdne-digest]",
     .summary = "Deletes a key, or only if its value or the digest of it is this one, or another"},
    {.name = "digest",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::digest_of_key,
     .group = "string",
     .since = "8.4.0",
     .complexity = "O(N) for N bytes",
     .syntax = "key",
     .summary = "Returns the XXH3 hash of a value, which IFDEQ and IFDNE compare"},
});

}  // namespace borg::commands
