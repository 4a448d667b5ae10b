// SPDX-License-Identifier: Apache-2.0
#include "commands/element_draw.h"

#include <limits>

#include "commands/arguments.h"

namespace borg::commands {

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kRepeatedMax = 10'000'000;

}  // namespace

std::optional<DrawCount> read_draw_count(Context& context, std::string_view text,
                                         bool with_values) {
  const auto count = read_integer(context, text);
  if (!count) return std::nullopt;
  if (*count < -kMax) {
    context.reply.error(
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807");
    return std::nullopt;
  }
  const bool is_too_wide = with_values && (*count < -(kMax / 2) || *count > kMax / 2);
  if (is_too_wide || *count < -kRepeatedMax) {
    context.reply.error("ERR value is out of range");
    return std::nullopt;
  }
  return DrawCount{static_cast<std::size_t>(*count < 0 ? -*count : *count), *count >= 0};
}

}  // namespace borg::commands
