// SPDX-License-Identifier: Apache-2.0
#include "commands/element_scan.h"

#include <string>

#include "commands/arguments.h"
#include "resp/integer.h"

namespace borg::commands {

bool read_cursor(std::string_view text, std::uint64_t& cursor) {
  cursor = 0;
  if (text.empty()) return true;
  const bool negative = text.front() == '-';
  if (!resp::parse_whole(text.substr(negative ? 1 : 0), cursor)) return false;
  if (negative) cursor = 0 - cursor;
  return true;
}

std::optional<std::uint64_t> read_cursor(Context& context, std::string_view text) {
  std::uint64_t cursor = 0;
  if (read_cursor(text, cursor)) return cursor;
  context.reply.error("ERR invalid cursor");
  return std::nullopt;
}

std::optional<ScanOptions> read_scan_options(Context& context, Args options) {
  ScanOptions read;
  for (std::size_t i = 0; i < options.size(); i += 2) {
    const bool has_value = i + 1 < options.size();
    if (has_value && equals_ignoring_case(options[i], "match")) {
      read.pattern = options[i + 1];
    } else if (has_value && equals_ignoring_case(options[i], "count")) {
      const auto count = read_integer(context, options[i + 1]);
      if (!count) return std::nullopt;
      if (*count < 1) {
        context.reply.error(kSyntaxError);
        return std::nullopt;
      }
      read.count = static_cast<std::size_t>(*count);
    } else {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
  }
  return read;
}

void write_scan(Context& context, std::optional<std::uint64_t> next,
                const std::vector<std::string_view>& elements) {
  context.reply.array(2);
  context.reply.bulk(std::to_string(next.value_or(0)));
  context.reply.array(elements.size());
  for (const std::string_view element : elements) context.reply.bulk(element);
}

}  // namespace borg::commands
