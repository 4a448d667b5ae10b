// SPDX-License-Identifier: Apache-2.0
#include "commands/arguments.h"

#include <algorithm>
#include <limits>

#include "resp/integer.h"

namespace borg::commands {

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

bool in_seconds(TimeUnit unit) {
  return unit == TimeUnit::kSeconds || unit == TimeUnit::kUnixSeconds;
}

bool from_now(TimeUnit unit) {
  return unit == TimeUnit::kSeconds || unit == TimeUnit::kMilliseconds;
}

/// The nearest that there is.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return b < 0 ? kMax : kMin;
  return result;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::int64_t> read_integer(Context& context, std::string_view text) {
  const auto value = resp::parse_integer(text);
  if (!value) context.reply.error(kNotAnInteger);
  return value;
}

std::optional<storage::ExpiryMs> to_expiry(std::int64_t time, TimeUnit unit,
                                           const Context& context) {
  if (in_seconds(unit)) {
    if (time > kMax / 1000 || time < kMin / 1000) return std::nullopt;
    time *= 1000;
  }
  if (from_now(unit)) {
    if (time > kMax - context.now_ms) return std::nullopt;
    time += context.now_ms;
  } else {
    time = difference(time, context.wall_offset_ms);
  }
  // The last millisecond of all is how "never" is written down.
  return std::min(time, storage::kNoExpiry - 1);
}

std::int64_t to_wall_ms(storage::ExpiryMs expiry, const Context& context) {
  return difference(expiry, -context.wall_offset_ms);
}

void write_wrong_arity(Context& context, std::string_view command) {
  context.reply.error("ERR wrong number of arguments for '" + lower_case(command) + "' command");
}

void write_invalid_expire(Context& context, std::string_view command) {
  context.reply.error("ERR invalid expire time in '" + std::string(command) + "' command");
}

std::optional<storage::ExpiryMs> read_expiry(Context& context, std::string_view text, TimeUnit unit,
                                             std::string_view command) {
  const auto time = read_integer(context, text);
  if (!time) return std::nullopt;
  const auto expiry = *time > 0 ? to_expiry(*time, unit, context) : std::nullopt;
  if (!expiry) write_invalid_expire(context, command);
  return expiry;
}

bool fits_outcome(Context& context, std::size_t strings, std::size_t bytes) {
  constexpr std::size_t kBytesPerString = 8;  // for its size, and what belongs to it
  if (bytes + strings * kBytesPerString <= context.outcome_bytes_max) return true;
  context.reply.error("ERR too large: what this takes or stores may have 576 MB together");
  return false;
}

}  // namespace borg::commands
