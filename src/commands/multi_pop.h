// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "commands/arguments.h"
#include "commands/command.h"

namespace borg::commands {

/// What LMPOP, ZMPOP and their blocking forms are asked for.
template <class End>
struct MultiPop {
  Args keys;
  End end;
  std::size_t count;
};

/// The COUNT that may be behind the keys and the end; nullopt if the options are wrong, and the
/// error is written.
[[nodiscard]] std::optional<std::size_t> read_pop_count(Context& context, Args options);
/// How many keys follow; nullopt if that is no such number, and the error is written.
[[nodiscard]] std::optional<std::size_t> read_number_of_keys(Context& context,
                                                             std::string_view text);

/// Of the arguments from the number of keys on; or nullopt, and the error is written. `read_end`
/// gives the End that a word means, if it means one.
template <class End>
[[nodiscard]] std::optional<MultiPop<End>> read_multi_pop(
    Context& context, Args args, std::size_t numkeys_at,
    std::optional<End> (*read_end)(std::string_view)) {
  const auto keys = read_number_of_keys(context, args[numkeys_at]);
  if (!keys) return std::nullopt;
  const Args rest = args.subspan(numkeys_at + 1);
  const auto end = *keys < rest.size() ? read_end(rest[*keys]) : std::nullopt;
  if (!end) {
    context.reply.error(kSyntaxError);
    return std::nullopt;
  }
  const auto count = read_pop_count(context, rest.subspan(*keys + 1));
  if (!count) return std::nullopt;
  return MultiPop<End>{rest.first(*keys), *end, *count};
}

}  // namespace borg::commands
