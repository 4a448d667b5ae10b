// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void sort(Context& context, Args args);
void sort_ro(Context& context, Args args);
void store_sorted(Context& context, Args args);

}  // namespace run

/// The position of the key that SORT stores its result in, or 0.
[[nodiscard]] std::size_t sort_destination(Args args);

inline constexpr auto kSortRows = std::to_array<CommandSpec>({
    {.name = "sort",
     .arity = -2,
     .flags = kWrite | kDenyOom | kDangerous | kOfCollections,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .key_in_options = sort_destination,
     .key_options = "BY/GET? STORE?",
     .handler = run::sort,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(N+M*log(M)) for N elements of which M are returned",
     .syntax = "key [{#1} BY pattern] [LIMIT offset count] [{#1 ^} GET pattern [GET pattern ...]] "
               "[{order} ASC | DESC] [{sorting} ALPHA] [{#2} STORE destination]",
     .summary = "Sorts the elements of a list, a set or a sorted set, and returns or stores them"},
    {.name = "sort_ro",
     .arity = -2,
     .flags = kReadOnly | kDangerous | kOfCollections,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .key_options = "BY/GET?",
     .handler = run::sort_ro,
     .group = "generic",
     .since = "7.0.0",
     .complexity = "O(N+M*log(M)) for N elements of which M are returned",
     .syntax = "key [{#1} BY pattern] [LIMIT offset count] [{#1 ^} GET pattern [GET pattern ...]] "
               "[{order} ASC | DESC] [{sorting} ALPHA]",
     .summary = "Sorts the elements of a list, a set or a sorted set"},
    {.name = "_sortstore",
     .arity = -3,
     .flags = kWrite | kInternal,
     .first_key = 1,
     .last_key = 2,
     .key_step = 1,
     .key_use = kKeyRw | kKeyUpdate,
     .handler = run::store_sorted,
     .group = "internal",
     .since = "0.1.0",
     .complexity = "O(N) for N elements",
     .syntax = "source destination [element [element ...]]",
     .summary = "What SORT has made of values that other keys have: stores these elements"},
});

}  // namespace borg::commands
