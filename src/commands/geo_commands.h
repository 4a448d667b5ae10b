// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void geoadd(Context& context, Args args);
void geopos(Context& context, Args args);
void geohash(Context& context, Args args);
void geodist(Context& context, Args args);
void geosearch(Context& context, Args args);
void geosearchstore(Context& context, Args args);
void georadius(Context& context, Args args);
void georadius_ro(Context& context, Args args);
void georadiusbymember(Context& context, Args args);
void georadiusbymember_ro(Context& context, Args args);
void store_found(Context& context, Args args);

}  // namespace run

/// The key behind the last STORE or STOREDIST; 0: none is.
[[nodiscard]] std::size_t geo_target(Args args);

inline constexpr auto kGeoRows = std::to_array<CommandSpec>({
    {.name = "geoadd",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::geoadd,
     .group = "geo",
     .since = "3.2.0",
     .history = "6.2.0 CH, NX and XX",
     .complexity = "O(log(N)) for each member of a set of N",
     .syntax = "key [{condition @6.2.0} NX | XX] [{change @6.2.0} CH] longitude latitude member "
               "[longitude latitude member ...]",
     .summary = "Adds members with their positions on the earth to a sorted set"},
    {.name = "geopos",
     .arity = -2,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::geopos,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(N) for N members",
     .syntax = "key member [member ...]",
     .summary = "Returns the positions of members"},
    {.name = "geohash",
     .arity = -2,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::geohash,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(N) for N members",
     .syntax = "key member [member ...]",
     .summary = "Returns the positions of members as geohashes"},
    {.name = "geodist",
     .arity = -4,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::geodist,
     .group = "geo",
     .since = "3.2.0",
     .syntax = "key member1 member2 [{unit} M | KM | FT | MI]",
     .summary = "Returns how far two members are from each other"},
    {.name = "geosearch",
     .arity = -7,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::geosearch,
     .group = "geo",
     .since = "6.2.0",
     .history = "7.0.0 Units may be written in upper case",
     .complexity = "O(N+log(M)) for N members in the areas that cover the shape, of M",
     .syntax = "key <{from} FROMMEMBER member | FROMLONLAT longitude latitude> <{by} {|circle} "
               "BYRADIUS radius <{unit} M | KM | FT | MI> | {|box} BYBOX width {} height <{unit} "
               "M | KM | FT | MI>> [{order} ASC | DESC] [{count} COUNT count [ANY]] [WITHCOORD] "
               "[WITHDIST] [WITHHASH]",
     .summary = "Returns the members within a circle or a box"},
    {.name = "geosearchstore",
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .other_key_use = kKeyRo | kKeyAccess,
     .handler = run::geosearchstore,
     .group = "geo",
     .since = "6.2.0",
     .history = "7.0.0 Units may be written in upper case",
     .complexity = "O(N+log(M)) for N members in the areas that cover the shape, of M",
     .syntax = "destination source <{from} FROMMEMBER member | FROMLONLAT longitude latitude> "
               "<{by} {|circle} BYRADIUS radius <{unit} M | KM | FT | MI> | {|box} BYBOX width {} "
               "height <{unit} M | KM | FT | MI>> [{order} ASC | DESC] [{count} COUNT count "
               "[ANY]] [STOREDIST]",
     .summary = "Stores the members within a circle or a box"},
    {.name = "georadius",
     .arity = -6,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .key_in_options = geo_target,
     .key_options = "STORE STOREDIST",
     .handler = run::georadius,
     .group = "geo",
     .since = "3.2.0",
     .history = "6.2.0 ANY behind COUNT; 7.0.0 Units may be written in upper case",
     .deprecated = "6.2.0 `GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
     .complexity = "O(N+log(M)) for N members in the areas that cover the circle, of M",
     .syntax = "key longitude latitude radius <{unit} M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [{count} COUNT count [{@6.2.0} ANY]] [{order} ASC | DESC] [STORE key] "
               "[STOREDIST key]",
     .summary = "Returns or stores the members within a circle around a point"},
    {.name = "georadius_ro",
     .arity = -6,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::georadius_ro,
     .group = "geo",
     .since = "3.2.10",
     .history = "6.2.0 ANY behind COUNT",
     .deprecated = "6.2.0 `GEOSEARCH` with the `BYRADIUS` argument",
     .complexity = "O(N+log(M)) for N members in the areas that cover the circle, of M",
     .syntax = "key longitude latitude radius <{unit} M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [{count} COUNT count [{@6.2.0} ANY]] [{order} ASC | DESC]",
     .summary = "Returns the members within a circle around a point"},
    {.name = "georadiusbymember",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .key_in_options = geo_target,
     .key_options = "STORE STOREDIST",
     .handler = run::georadiusbymember,
     .group = "geo",
     .since = "3.2.0",
     .history = "7.0.0 Units may be written in upper case",
     .deprecated = "6.2.0 `GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` "
                   "arguments",
     .complexity = "O(N+log(M)) for N members in the areas that cover the circle, of M",
     .syntax = "key member radius <{unit} M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
               "[{count} COUNT count [ANY]] [{order} ASC | DESC] [STORE key] [STOREDIST key]",
     .summary = "Returns or stores the members within a circle around another"},
    {.name = "georadiusbymember_ro",
     .arity = -5,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::georadiusbymember_ro,
     .group = "geo",
     .since = "3.2.10",
     .deprecated = "6.2.0 `GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .complexity = "O(N+log(M)) for N members in the areas that cover the circle, of M",
     .syntax = "key member radius <{unit} M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
               "[{count} COUNT count [ANY]] [{order} ASC | DESC]",
     .summary = "Returns the members within a circle around another"},
    {.name = "_zstore",
     .arity = -2,
     .flags = kWrite | kInternal,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .handler = run::store_found,
     .group = "internal",
     .since = "0.1.0",
     .syntax = "key [score member [score member ...]]",
     .summary = "What a search has found: makes the key a sorted set of it, or erases it"},
});

}  // namespace borg::commands
