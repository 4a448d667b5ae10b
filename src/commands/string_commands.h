// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void get(Context& context, Args args);
void set(Context& context, Args args);
void setnx(Context& context, Args args);
void setex(Context& context, Args args);
void psetex(Context& context, Args args);
void getset(Context& context, Args args);
void getdel(Context& context, Args args);
void getex(Context& context, Args args);
void mget(Context& context, Args args);
void mset(Context& context, Args args);
void msetnx(Context& context, Args args);
void msetex(Context& context, Args args);
void lcs(Context& context, Args args);

}  // namespace run

inline constexpr auto kStringRows = std::to_array<CommandSpec>({
    {.name = "get",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::get,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key",
     .summary = "Returns the value of a key"},
    {.name = "set",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariable,
     .handler = run::set,
     .group = "string",
     .since = "1.0.0",
     .history = "2.6.12 EX, PX, NX and XX; 6.0.0 KEEPTTL; 6.2.0 GET, EXAT and PXAT; 7.0.0 NX "
                "together with GET; 8.4.0 IFEQ (in Valkey since 8.1), IFNE, IFDEQ and IFDNE",
     .syntax = "key value [{condition @2.6.12} NX | XX | {@8.4.0} IFEQ ifeq-value | {@8.4.0} IFNE "
               "ifne-value | {@8.4.0} IFDEQ ifdeq-digest | {@8.4.0} IFDNE ifdne-digest] [{@6.2.0} "
               "GET] [{expiration} {@2.6.12} EX seconds | {@2.6.12} PX milliseconds | {@6.2.0} "
               "EXAT unix-time-seconds | {@6.2.0} "
               "PXAT unix-time-milliseconds | {@6.0.0} KEEPTTL]",
     .summary = "Stores a value under a key, whatever was there"},
    {.name = "setnx",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyInsert,
     .handler = run::setnx,
     .group = "string",
     .since = "1.0.0",
     .syntax = "key value",
     .summary = "Stores a value under a key that does not exist yet"},
    {.name = "setex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .handler = run::setex,
     .group = "string",
     .since = "2.0.0",
     .syntax = "key seconds value",
     .summary = "Stores a value that expires after so many seconds"},
    {.name = "psetex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .handler = run::psetex,
     .group = "string",
     .since = "2.6.0",
     .syntax = "key milliseconds value",
     .summary = "Stores a value that expires after so many milliseconds"},
    {.name = "getset",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::getset,
     .group = "string",
     .since = "1.0.0",
     .deprecated = "6.2.0 `SET` with the `!GET` argument",
     .syntax = "key value",
     .summary = "Stores a value and returns the one before; SET with GET is newer"},
    {.name = "getdel",
     .arity = 2,
     .flags = kWrite | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyDelete,
     .handler = run::getdel,
     .group = "string",
     .since = "6.2.0",
     .syntax = "key",
     .summary = "Returns the value of a key and deletes the key"},
    {.name = "getex",
     .arity = -2,
     .flags = kWrite | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::getex,
     .group = "string",
     .since = "6.2.0",
     .syntax = "key [{expiration} EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | PERSIST]",
     .summary = "Returns the value of a key and sets or removes its expiry"},
    {.name = "mget",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .merge = Merge::kByPosition,
     .first_key = 1,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::mget,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(N) for N keys",
     .syntax = "key [key ...]",
     .summary = "Returns the values of several keys"},
    {.name = "mset",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .merge = Merge::kAllOk,
     .first_key = 1,
     .last_key = -1,
     .key_step = 2,
     .key_use = kKeyOw | kKeyUpdate,
     .handler = run::mset,
     .group = "string",
     .since = "1.0.1",
     .complexity = "O(N) for N keys",
     .syntax = "key value [key value ...]",
     .summary = "Stores several values, atomically for the keys of one slot"},
    {.name = "msetnx",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = -1,
     .key_step = 2,
     .key_use = kKeyOw | kKeyInsert,
     .handler = run::msetnx,
     .group = "string",
     .since = "1.0.1",
     .complexity = "O(N) for N keys",
     .syntax = "key value [key value ...]",
     .summary = "Stores several values of one slot unless one of the keys exists"},
    {.name = "msetex",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .key_step = 2,
     .key_use = kKeyOw | kKeyUpdate,
     .numkeys_at = 1,
     .handler = run::msetex,
     .group = "string",
     .since = "8.4.0",
     .complexity = "O(N) for N keys",
     .syntax = "numkeys {data} key value [key value ...] [{condition} NX | XX] [{expiration} EX "
               "seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | "
               "KEEPTTL]",
     .summary =
         "Stores several values of one slot with one expiry: 1, or 0 if NX or XX forbids it"},
    {.name = "lcs",
     .arity = -3,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::lcs,
     .group = "string",
     .since = "7.0.0",
     .complexity = "O(N*M) for strings of N and M bytes",
     .syntax = "key1 {#0} key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]",
     .summary = "Finds the longest common subsequence of two values"},
});

}  // namespace borg::commands
