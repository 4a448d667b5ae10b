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
     .history = "2.8.12 The field id; 5.0.0 TYPE; 6.0.0 The field user; 6.2.0 The fields "
                "argv-mem, tot-mem, laddr and redir, and ID; 7.0.0 The fields resp, multi-mem, "
                "rbs and rbp; 7.0.3 The field ssub",
     .complexity = "O(N) for N connections",
     .syntax = "[{@5.0.0} TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [{:block id @6.2.0} ID "
               "client-id [client-id ...]]",
     .summary = "Lists the connections to this node"},
    {.name = "client|kill",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "2.4.0",
     .history = "2.8.12 Filters by name; 2.8.12 ID; 3.2.0 TYPE master; 5.0.0 TYPE replica, which "
                "slave still stands for; 6.2.0 LADDR",
     .complexity = "O(N) for N connections",
     .syntax = "<{filter} {-2.8.12} ip:port | <{new-format *} [{@2.8.12} ID client-id] | "
               "[{normal_master_slave_pubsub @2.8.12} TYPE <NORMAL | {|@3.2.0} MASTER | SLAVE | "
               "{|@5.0.0} REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [{@6.2.0} LADDR "
               "ip:port] | [SKIPME yes/no]>>",
     .summary = "Closes connections to this node"},
    {.name = "client|pause",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "2.9.50",
     .history = "6.2.0 The mode, and WRITE",
     .syntax = "timeout [{mode @6.2.0} WRITE | ALL]",
     .summary = "Holds back the commands of this node's clients for so many milliseconds"},
    {.name = "client|unpause",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.2.0",
     .complexity = "O(N) for N paused connections",
     .summary = "Ends CLIENT PAUSE"},
    {.name = "client|unblock",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "5.0.0",
     .complexity = "O(log N) for N connections",
     .syntax = "client-id [TIMEOUT | ERROR]",
     .summary = "Ends the blocking command of another connection"},
    {.name = "client|tracking",
     .arity = -3,
     .flags = kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "6.0.0",
     .syntax = "<{status} ON | OFF> [REDIRECT client-id] [{* ^} PREFIX prefix] [BCAST] [OPTIN] "
               "[OPTOUT] [NOLOOP]",
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
     .syntax = "<{mode} YES | NO>",
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
