// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void pfadd(Context& context, Args args);
void pfcount(Context& context, Args args);
void pfmerge(Context& context, Args args);
void pfdebug(Context& context, Args args);
void keep_estimate(Context& context, Args args);

}  // namespace run

inline constexpr auto kHyperLogLogRows = std::to_array<CommandSpec>({
    {.name = "pfadd",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyInsert,
     .handler = run::pfadd,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(1) for each element",
     .syntax = "key [element [element ...]]",
     .summary = "Counts elements approximately, each once; 1 if the count may have changed"},
    {.name = "pfcount",
     .arity = -2,
     .flags = kReadOnly | kMayReplicate,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess,
     .handler = run::pfcount,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(N) for N keys",
     .syntax = "key [key ...]",
     .summary = "Returns about how many different elements were added to any of the keys"},
    {.name = "pfmerge",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyInsert,
     .other_key_use = kKeyRo | kKeyAccess,
     .handler = run::pfmerge,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(N) for N keys",
     .syntax = "destkey sourcekey [sourcekey ...]",
     .summary = "Adds to the first key what was added to the others"},
    {.name = "pfdebug",
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin | kForDevelopers,
     .first_key = 2,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess,
     .handler = run::pfdebug,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(N) for N registers",
     .syntax = "subcommand key",
     .summary = "Shows how a HyperLogLog is kept, or makes it dense"},
    {.name = "_pfestimate",
     .arity = 3,
     .flags = kWrite | kInternal,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::keep_estimate,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key estimate",
     .summary = "Keeps in a HyperLogLog what PFCOUNT has computed"},
});

}  // namespace borg::commands
