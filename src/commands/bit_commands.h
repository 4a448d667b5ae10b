// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "commands/command.h"

namespace borg::commands {

namespace run {

void setbit(Context& context, Args args);
void getbit(Context& context, Args args);
void bitcount(Context& context, Args args);
void bitpos(Context& context, Args args);
void bitop(Context& context, Args args);
void bitfield(Context& context, Args args);
void bitfield_ro(Context& context, Args args);

}  // namespace run

inline constexpr auto kBitRows = std::to_array<CommandSpec>({
    {.name = "setbit",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate,
     .handler = run::setbit,
     .group = "bitmap",
     .since = "2.2.0",
     .syntax = "key offset {:integer} value",
     .summary = "Sets or clears a bit of a value and returns what it was"},
    {.name = "getbit",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::getbit,
     .group = "bitmap",
     .since = "2.2.0",
     .syntax = "key offset",
     .summary = "Returns a bit of a value"},
    {.name = "bitcount",
     .arity = -2,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::bitcount,
     .group = "bitmap",
     .since = "2.6.0",
     .history = "7.0.0 BYTE and BIT",
     .complexity = "O(N) for N bytes",
     .syntax = "key [{index} start end [{index_unit @7.0.0} BYTE | BIT]]",
     .summary = "Counts the bits of a value, or of a part of it, that are 1"},
    {.name = "bitpos",
     .arity = -3,
     .flags = kReadOnly,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::bitpos,
     .group = "bitmap",
     .since = "2.8.7",
     .history = "7.0.0 BYTE and BIT",
     .complexity = "O(N) for N bytes",
     .syntax = "key bit [{index} start [{end_index} end [{index_unit @7.0.0} BYTE | BIT]]]",
     .summary = "Finds the first bit that is 0 or 1"},
    {.name = "bitop",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .first_key = 2,
     .last_key = -1,
     .key_step = 1,
     .key_use = kKeyOw | kKeyUpdate,
     .other_key_use = kKeyRo | kKeyAccess,
     .handler = run::bitop,
     .group = "bitmap",
     .since = "2.6.0",
     .history = "8.2.0 DIFF, DIFF1, ANDOR and ONE",
     .complexity = "O(N) for N bytes",
     .syntax = "<{operation} AND | OR | XOR | NOT | {|@8.2.0} DIFF | {|@8.2.0} DIFF1 | {|@8.2.0} "
               "ANDOR | {|@8.2.0} ONE> destkey key [key ...]",
     .summary = "Combines values bit by bit, and stores the result"},
    {.name = "bitfield",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariable,
     .handler = run::bitfield,
     .group = "bitmap",
     .since = "3.2.0",
     .complexity = "O(N) for N operations",
     .syntax = "key [{operation *} GET encoding offset | {|write} [OVERFLOW <WRAP | SAT | FAIL>] "
               "<{write_operation} SET <encoding offset {:integer} value> | INCRBY encoding "
               "offset increment>]",
     .summary = "Reads and changes integers of any width within a value"},
    {.name = "bitfield_ro",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .first_key = 1,
     .last_key = 1,
     .key_step = 1,
     .key_use = kKeyRo | kKeyAccess,
     .handler = run::bitfield_ro,
     .group = "bitmap",
     .since = "6.0.0",
     .complexity = "O(N) for N operations",
     .syntax = "key [{^} GET encoding offset [GET encoding offset ...]]",
     .summary = "Reads integers of any width within a value"},
});

}  // namespace borg::commands
