// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void exec(Context& context, Args args);
void watch(Context& context, Args args);

}  // namespace run

inline constexpr auto kTransactionRows = std::to_array<CommandSpec>({
    {.name = "multi",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kNeverQueued,
     .place = Place::kGateway,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Begins a transaction: the commands that follow are queued"},
    {.name = "exec",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog | kNeverQueued,
     .place = Place::kGateway,
     .group = "transactions",
     .since = "1.2.0",
     .complexity = "Depends on the commands",
     .summary = "Executes what is queued, all at once and nothing in between"},
    {.name = "discard",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kNeverQueued,
     .place = Place::kGateway,
     .group = "transactions",
     .since = "2.0.0",
     .complexity = "O(N) for N queued commands",
     .summary = "Forgets what is queued"},
    {.name = "watch",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kNeverQueued,
     .place = Place::kGateway,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRo,
     .group = "transactions",
     .since = "2.2.0",
     .complexity = "O(1) for every key",
     .syntax = "key [key ...]",
     .summary = "Lets the next EXEC do nothing if one of the keys is changed before"},
    {.name = "unwatch",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .place = Place::kGateway,
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Forgets what is watched"},
    // The three differ in what is asked of the node that executes them; see TransactionArgs.
    {.name = "_exec",
     .arity = -2,
     .flags = kWrite | kDenyOom | kInternal | kTransaction,
     .handler = run::exec,
     .group = "internal",
     .since = "0.2.0",
     .syntax = "watched [argument [argument ...]]",
     .summary = "Executes commands in a row; null if a watched key was changed"},
    {.name = "_execfree",
     .arity = -2,
     .flags = kWrite | kInternal | kTransaction,
     .handler = run::exec,
     .group = "internal",
     .since = "0.2.0",
     .syntax = "watched [argument [argument ...]]",
     .summary = "As _exec, of commands that are allowed when memory is short"},
    {.name = "_execread",
     .arity = -2,
     .flags = kReadOnly | kInternal | kTransaction | kMayReplicate,
     .handler = run::exec,
     .group = "internal",
     .since = "0.2.0",
     .syntax = "watched [argument [argument ...]]",
     .summary = "As _exec, of commands that only read"},
    {.name = "_watch",
     .arity = -2,
     .flags = kReadOnly | kInternal | kWatching,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRo,
     .handler = run::watch,
     .group = "internal",
     .since = "0.2.0",
     .syntax = "key [key ...]",
     .summary = "Returns for each key a token, by which _exec sees whether it was changed since"},
});

}  // namespace borg::commands
