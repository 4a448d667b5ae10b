// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

/// Subcommands of CLIENT that concern other clients, or caches of clients.
inline constexpr auto kClientRows = std::to_array<CommandSpec>({
    {.name = "client|list",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection | kNondeterministic,
     .place = Place::kGateway,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "O(N) for N connections",
     .syntax = "[TYPE client-type] [ID client-id [client-id ...]]",
     .summary = "Lists the connections to this node"},
    {.name = "client|kill",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "O(N) for N connections",
     .syntax = "ip:port | [ID client-id] [TYPE client-type] [USER username] [ADDR ip:port] "
               "[LADDR ip:port] [SKIPME yes-no]",
     .summary = "Closes connections to this node"},
    {.name = "client|pause",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "3.0.0",
     .syntax = "timeout [WRITE | ALL]",
     .summary = "Holds back the commands of this node's clients for so many milliseconds"},
    {.name = "client|unpause",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.2.0",
     .complexity = "O(N) for N paused connections",
     .summary = "Ends CLIENT PAUSE"},
    {.name = "client|tracking",
     .arity = -3,
     .flags = kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.0.0",
     .syntax = "ON | OFF",
     .summary = "Refused: Borg does not invalidate caches of clients"},
    {.name = "client|trackinginfo",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Says that keys are not tracked for the connection"},
    {.name = "client|caching",
     .arity = 3,
     .flags = kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.0.0",
     .syntax = "YES | NO",
     .summary = "Refused: keys are not tracked for the connection"},
    {.name = "client|getredir",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Says that invalidations go to no other connection"},
});

}  // namespace borg::commands
