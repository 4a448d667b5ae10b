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
                "rbs and rbp; 7.0.3 The field ssub; 8.0.0 TYPE primary (Valkey); 8.1.0 USER, "
                "ADDR, LADDR, SKIPME and MAXAGE, several filters at once, and the field capa "
                "(Valkey); 9.0.0 NAME, IDLE, FLAGS, LIB-NAME, LIB-VER, DB, CAPA and IP, and NOT- "
                "before filters (Valkey)",
     .complexity = "O(N) for N connections",
     .syntax = "[{normal_master_replica_pubsub @5.0.0} TYPE <NORMAL | MASTER | {|@8.0.0} PRIMARY "
               "| REPLICA | PUBSUB>] [{:block id @6.2.0} ID client-id [client-id ...]] [{@8.1.0} "
               "USER username] [{@8.1.0} ADDR ip:port] [{@8.1.0} LADDR ip:port] [{@8.1.0} SKIPME "
               "yes/no] [{:integer @8.1.0} MAXAGE maxage] [{@9.0.0} NAME name] [{:integer @9.0.0} "
               "IDLE idle] [{@9.0.0} FLAGS flags] [{@9.0.0} LIB-NAME lib-name] [{@9.0.0} LIB-VER "
               "lib-ver] [{:integer @9.0.0} DB db] [{@9.0.0} CAPA capa] [{@9.0.0} IP ip] [{:block "
               "@9.0.0} NOT-ID client-id [client-id ...]] [{@9.0.0} NOT-TYPE type] [{@9.0.0} "
               "NOT-ADDR ip:port] [{@9.0.0} NOT-LADDR ip:port] [{@9.0.0} NOT-USER username] "
               "[{@9.0.0} NOT-FLAGS flags] [{@9.0.0} NOT-NAME name] [{@9.0.0} NOT-LIB-NAME "
               "lib-name] [{@9.0.0} NOT-LIB-VER lib-ver] [{:integer @9.0.0} NOT-DB db] [{@9.0.0} "
               "NOT-CAPA capa] [{@9.0.0} NOT-IP ip]",
     .summary = "Lists the connections to this node"},
    {.name = "client|kill",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAboutConnection,
     .place = Place::kGateway,
     .group = "connection",
     .since = "2.4.0",
     .history = "2.8.12 Filters by name; 2.8.12 ID; 3.2.0 TYPE master; 5.0.0 TYPE replica, which "
                "slave still stands for; 6.2.0 LADDR; 7.4.0 MAXAGE; 8.0.0 TYPE primary (Valkey); "
                "8.1.0 Several ids (Valkey); 9.0.0 NAME, IDLE, FLAGS, LIB-NAME, LIB-VER, DB, CAPA "
                "and IP, and NOT- before filters (Valkey)",
     .complexity = "O(N) for N connections",
     .syntax = "<{filter} {-2.8.12} ip:port | <{new-format *} [{@2.8.12} ID client-id [client-id "
               "...]] | [{normal_master_slave_pubsub @2.8.12} TYPE <NORMAL | {|@3.2.0} MASTER | "
               "{|@8.0.0} PRIMARY | SLAVE | {|@5.0.0} REPLICA | PUBSUB>] | [USER username] | "
               "[ADDR ip:port] | [{@6.2.0} LADDR ip:port] | [SKIPME yes/no] | [{:integer @7.4.0} "
               "MAXAGE maxage] | [{@9.0.0} NAME name] | [{:integer @9.0.0} IDLE idle] | [{@9.0.0} "
               "FLAGS flags] | [{@9.0.0} LIB-NAME lib-name] | [{@9.0.0} LIB-VER lib-ver] | "
               "[{:integer @9.0.0} DB db] | [{@9.0.0} CAPA capa] | [{@9.0.0} IP ip] | [{:block "
               "@9.0.0} NOT-ID client-id [client-id ...]] | [{@9.0.0} NOT-TYPE type] | [{@9.0.0} "
               "NOT-ADDR ip:port] | [{@9.0.0} NOT-LADDR ip:port] | [{@9.0.0} NOT-USER username] | "
               "[{@9.0.0} NOT-FLAGS flags] | [{@9.0.0} NOT-NAME name] | [{@9.0.0} NOT-LIB-NAME "
               "lib-name] | [{@9.0.0} NOT-LIB-VER lib-ver] | [{:integer @9.0.0} NOT-DB db] | "
               "[{@9.0.0} NOT-CAPA capa] | [{@9.0.0} NOT-IP ip]>>",
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
