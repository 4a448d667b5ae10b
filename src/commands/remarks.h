// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace borg::commands {

/// On a command that Borg has: how it differs from Redis. On one that it does not have: why.
struct Remark {
  std::string_view command;
  std::string_view text;
};

/// What docs/redis-compatibility.md says before its tables.
inline constexpr std::string_view kPageHead =
    "\nWhat holds for all commands:\n\n"
    "- A client may talk to any node; there is one database, 0; nobody needs a password.\n"
    "- A write is answered when its copies have it, or with `-NOREPLICAS`, `-CLUSTERDOWN`, "
    "`-INDOUBT` or `-DATALOSS`, which Redis does not have.\n"
    "- Commands over several keys that can be split (MGET, MSET, DEL, UNLINK, EXISTS, TOUCH) take "
    "keys of any slots, and are atomic for each slot. Those that need their keys in one place "
    "answer `-CROSSSLOT` where they are of several slots, as in Redis Cluster.\n"
    "- What a server tells of itself (INFO, SLOWLOG, LATENCY, MONITOR, CLIENT, CONFIG) it tells of "
    "the one node that is asked, with all its threads.\n";

/// By the command's name; a container's stands for its subcommands that have none.
inline constexpr std::array kRemarks = std::to_array<Remark>({
    // generic
    {"migrate", "Data moves by itself between Borg's nodes"},
    {"memory|doctor", "See INFO memory and /metrics"},
    {"memory|malloc-stats", "As Redis with libc's allocator: says that there are none"},
    {"memory|purge", "As Redis with libc's allocator: nothing is to be done"},
    {"memory|stats", "Of this node, without what only Redis has: its hash tables, its allocator"},
    {"pfselftest", "Borg's test suite does that"},
    {"copy", "There is one database: DB takes 0 alone"},
    {"move", "Always an error: there is one database"},
    {"restore", "IDLETIME and FREQ are checked and forgotten; duplicate fields are bad data"},
    {"sort",
     "Patterns of BY and GET need the key's slot, by a {hash tag} before the *. With BY and ALPHA "
     "members of sets that have equal weights are in the order of their bytes, in Redis in any"},
    {"sort_ro",
     "Patterns of BY and GET need the key's slot, by a {hash tag} before the *. With BY and ALPHA "
     "members of sets that have equal weights are in the order of their bytes, in Redis in any"},
    {"bitfield",
     "SET with OVERFLOW SAT saturates numbers near -2^63 at the lower end, Redis at "
     "the upper one"},
    {"object|idletime", "Always 0: accesses are not noted"},
    {"object|encoding",
     "SETBIT and BITFIELD that change nothing leave it as it is; Redis says raw then"},
    {"hrandfield", "A negative count goes down to -10000000"},
    {"srandmember", "A negative count goes down to -10000000"},
    {"zrandmember", "A negative count goes down to -10000000"},
    {"object|freq", "Borg evicts nothing and does not count accesses"},
    {"wait", "Never waits: each write has its copies when it is answered. Returns their number"},
    {"scan", "A cursor goes on at any node, also while data moves"},
    {"keys", "Of the whole cluster, from any node"},
    {"randomkey", "Of the whole cluster, from any node"},
    {"mget", "Atomic for each slot"},
    {"mset", "Atomic for each slot"},
    // transactions
    {"exec",
     "Keys of one slot; commands on all slots, and HELLO, are refused. May be nil without a change "
     "if the primary has changed since WATCH"},
    {"watch", "Keys of one slot"},
    // connection
    {"auth", "There is one user, default, without a password"},
    {"select", "There is one database, 0"},
    {"client|caching", "Refused, as without CLIENT TRACKING in Redis"},
    {"client|kill", "Of this node's clients"},
    {"client|list", "Of this node's clients; argv-mem and qbuf-free are 0"},
    {"client|no-evict", "Remembered and shown; Borg closes no client for want of memory"},
    {"client|pause", "Of this node's clients; keys go on expiring"},
    {"client|tracking", "ON is refused: Borg does not invalidate caches of clients"},
    // pubsub
    {"publish", "Counts the subscribers of the whole cluster"},
    {"pubsub", "Of the whole cluster, from any node"},
    {"spublish", "To subscribers at any node, of the whole cluster"},
    {"ssubscribe", "At any node, also of channels of several slots"},
    // server
    {"acl", "Users are not there: put Borg on a network that you trust"},
    {"bgrewriteaof", "Nothing is kept on disk: copies are on other nodes"},
    {"bgsave", "Nothing is kept on disk: copies are on other nodes"},
    {"save", "Nothing is kept on disk: copies are on other nodes"},
    {"restore-asking", "Data moves by itself between Borg's nodes"},
    {"config|get", "Borg's own settings are in BORG INFO and borgd --help"},
    {"config|set",
     "Of the cluster: notify-keyspace-events; of this node: maxclients, maxmemory, timeout, "
     "slowlog-*, latency-*"},
    {"config|rewrite", "Always refused: settings come from flags, a file and the environment"},
    {"command|info",
     "No request policy for commands on all keys, as any node answers for the whole cluster"},
    {"command|docs", "Texts for people are Borg's own"},
    {"dbsize", "Of the whole cluster, from any node"},
    {"failover", "A node's work is taken over by itself; BORG LEAVE and DRAIN do it in order"},
    {"flushall", "Of the whole cluster, from any node; atomic for each partition"},
    {"flushdb", "Of the whole cluster, from any node; atomic for each partition"},
    {"info",
     "Of this node, with fields of Borg's own; those that mean nothing here are left out. "
     "commandstats: calls of this node's clients, usec of what this node executed"},
    {"module", "Borg takes no modules"},
    {"psync", "Copies are made by Borg's own protocol between nodes"},
    {"replconf", "Copies are made by Borg's own protocol between nodes"},
    {"replicaof", "Nodes have no masters: each is primary of some keys and backup of others"},
    {"slaveof", "Nodes have no masters: each is primary of some keys and backup of others"},
    {"sync", "Copies are made by Borg's own protocol between nodes"},
    {"time", "To the millisecond, and what most nodes agree on"},
    {"debug", "SLEEP, ERROR, OBJECT, PROTOCOL and SET-ACTIVE-EXPIRE, if borgd has --enable-debug"},
    {"lastsave", "Nothing is kept on disk: copies are on other nodes"},
    {"latency|histogram", "Of what this node executed, for clients of other nodes too"},
    {"latency|doctor", "In words of its own"},
    {"lolwut", "Draws a cube"},
    {"monitor", "Of this node's clients; a transaction's commands as they are queued"},
    {"role", "Always master, without replicas"},
    {"shutdown",
     "Hands the node's data over to the others first, as SIGTERM; options change nothing"},
    {"slowlog|get",
     "Of what this node executed; a client of another node or thread is named by that node's "
     "address"},
    {"swapdb", "There is one database, 0"},
    // cluster
    {"asking", "Changes nothing: every node serves every key"},
    {"cluster|links", "Links are shown by no command; BORG INFO tells of silent nodes"},
    {"cluster|replicas", "Always empty: BORG WHEREIS tells of backups"},
    {"cluster|slaves", "Always empty: BORG WHEREIS tells of backups"},
    {"cluster|addslots", "Slots are placed by Borg itself"},
    {"cluster|addslotsrange", "Slots are placed by Borg itself"},
    {"cluster|bumpepoch", "Epochs belong to partitions and move by themselves"},
    {"cluster|count-failure-reports", "Failures are reported by BORG INFO"},
    {"cluster|delslots", "Slots are placed by Borg itself"},
    {"cluster|delslotsrange", "Slots are placed by Borg itself"},
    {"cluster|failover",
     "A node's work is taken over by itself; BORG LEAVE and DRAIN do it in order"},
    {"cluster|flushslots", "Slots are placed by Borg itself"},
    {"cluster|forget", "See BORG FORGET"},
    {"cluster|info", "cluster_my_epoch is that of the newest partition"},
    {"cluster|meet", "Nodes meet in the coordinator: borgd --coordinator"},
    {"cluster|nodes", "Every node is a master; BORG WHEREIS tells of backups"},
    {"cluster|replicate", "Each node is primary of some slots and backup of others"},
    {"cluster|reset", "See BORG LEAVE"},
    {"cluster|saveconfig", "The configuration is kept by the coordinator"},
    {"cluster|set-config-epoch", "Epochs belong to partitions and move by themselves"},
    {"cluster|setslot", "Slots are placed by Borg itself"},
    {"cluster|shards", "Every node is a master; BORG WHEREIS tells of backups"},
    {"cluster|slots", "Primaries only"},
    {"readonly", "Changes nothing: every node serves every key"},
    {"readwrite", "Changes nothing: every node serves every key"},
});

/// Commands and containers that Redis does not have: their versions are Valkey's.
inline constexpr std::array kCommandsOfValkey =
    std::to_array<std::string_view>({"delifeq", "client|capa", "commandlog"});

/// Why Borg does not have the commands of a group that it does not have.
inline constexpr std::array kMissingGroups = std::to_array<Remark>({
    {"scripting",
     "Borg runs no scripts: what needs Lua (the locks of some libraries) does not work"},
    {"stream",
     "Borg has no streams: queues are lists, with LMOVE and its like where none may be lost"},
});

}  // namespace borg::commands
