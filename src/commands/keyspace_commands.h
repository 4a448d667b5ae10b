// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void dbsize(Context& context, Args args);
void keys(Context& context, Args args);
void flushall(Context& context, Args args);

}  // namespace run

inline constexpr auto kKeyspaceRows = std::to_array<CommandSpec>({
    {.name = "dbsize",
     .arity = 1,
     .flags = kReadOnly | kFast | kEveryPartition | kAboutKeyspace,
     .merge = Merge::kSum,
     .handler = run::dbsize,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(P) for P partitions",
     .summary = "Returns the number of keys of the whole cluster"},
    {.name = "keys",
     .arity = 2,
     .flags = kReadOnly | kEveryPartition | kAboutKeyspace | kDangerous | kUnordered,
     .merge = Merge::kConcat,
     .handler = run::keys,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(N) for N keys in the cluster",
     .syntax = "pattern",
     .summary = "Returns all keys that match a pattern"},
    {.name = "flushall",
     .arity = -1,
     .flags = kWrite | kEveryPartition | kAboutKeyspace | kDangerous,
     .merge = Merge::kAllOk,
     .handler = run::flushall,
     .group = "server",
     .since = "1.0.0",
     .history = "4.0.0 ASYNC; 6.2.0 SYNC",
     .complexity = "O(N) for N keys in the cluster",
     .syntax = "[{async} {@4.0.0} ASYNC | {|@6.2.0} SYNC]",
     .summary = "Deletes all keys of the cluster"},
    {.name = "flushdb",
     .arity = -1,
     .flags = kWrite | kEveryPartition | kAboutKeyspace | kDangerous,
     .merge = Merge::kAllOk,
     .handler = run::flushall,
     .group = "server",
     .since = "1.0.0",
     .history = "4.0.0 ASYNC; 6.2.0 SYNC",
     .complexity = "O(N) for N keys in the cluster",
     .syntax = "[{async} {@4.0.0} ASYNC | {|@6.2.0} SYNC]",
     .summary = "Deletes all keys of the cluster, as FLUSHALL: there is one database"},
    {.name = "randomkey",
     .arity = 1,
     .flags = kReadOnly | kAboutKeyspace | kNondeterministic | kWholeKeyspace,
     .place = Place::kGateway,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns a key drawn at random"},
    {.name = "scan",
     .arity = -2,
     .flags = kReadOnly | kAboutKeyspace | kNondeterministic | kWholeKeyspace,
     .place = Place::kGateway,
     .group = "generic",
     .since = "2.8.0",
     .history = "6.0.0 TYPE",
     .complexity = "O(1) for a step, O(N) for all N keys of the cluster",
     .syntax = "cursor [MATCH pattern] [COUNT count] [{@6.0.0} TYPE type]",
     .summary = "Visits all keys in steps"},
});

}  // namespace borg::commands
