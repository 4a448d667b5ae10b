// SPDX-License-Identifier: Apache-2.0
#include "commands/multi_pop.h"

#include "resp/integer.h"

namespace borg::commands {

std::optional<std::size_t> read_pop_count(Context& context, Args options) {
  if (options.empty()) return 1;
  if (options.size() < 2 || !equals_ignoring_case(options[0], "count")) {
    context.reply.error(kSyntaxError);
    return std::nullopt;
  }
  const auto count = resp::parse_integer(options[1]);
  if (!count || *count < 1) {
    context.reply.error("ERR count should be greater than 0");
    return std::nullopt;
  }
  if (options.size() == 2) return static_cast<std::size_t>(*count);
  context.reply.error(kSyntaxError);
  return std::nullopt;
}

std::optional<std::size_t> read_number_of_keys(Context& context, std::string_view text) {
  const auto number = resp::parse_integer(text);
  if (number && *number >= 1) return static_cast<std::size_t>(*number);
  context.reply.error("ERR numkeys should be greater than 0");
  return std::nullopt;
}

}  // namespace borg::commands
