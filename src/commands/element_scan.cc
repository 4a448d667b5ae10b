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

namespace {

constexpr std::string_view kNoValues = "novalues";
constexpr std::string_view kNoScores = "noscores";

bool is_only_names(std::string_view word) {
  return equals_ignoring_case(word, kNoValues) || equals_ignoring_case(word, kNoScores);
}

/// The error if the word is NOVALUES or NOSCORES and this is not what can be scanned so; empty if
/// it is neither, or may stand there.
std::string_view misplaced_option(std::string_view word, Scanned scanned) {
  if (scanned != Scanned::kHash && equals_ignoring_case(word, kNoValues)) {
    return "ERR NOVALUES option can only be used in HSCAN";
  }
  if (scanned != Scanned::kSortedSet && equals_ignoring_case(word, kNoScores)) {
    return "ERR NOSCORES option can only be used in ZSCAN";
  }
  return {};
}

}  // namespace

std::optional<ScanOptions> read_scan_options(Context& context, Args options, Scanned scanned) {
  ScanOptions read;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool has_value = i + 1 < options.size();
    if (const auto error = misplaced_option(options[i], scanned); !error.empty()) {
      context.reply.error(error);
      return std::nullopt;
    }
    if (is_only_names(options[i])) {
      read.only_names = true;
    } else if (has_value && equals_ignoring_case(options[i], "match")) {
      read.pattern = options[++i];
    } else if (has_value && equals_ignoring_case(options[i], "count")) {
      const auto count = read_integer(context, options[++i]);
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
