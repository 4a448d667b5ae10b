// SPDX-License-Identifier: Apache-2.0
#include "commands/blocking.h"

#include <cmath>

#include "commands/float_text.h"
#include "commands/key_access.h"

namespace borg::commands {
namespace {

constexpr std::string_view kNotANumber = "ERR timeout is not a float or out of range";
constexpr std::string_view kNegative = "ERR timeout is negative";
constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

std::string_view timeout_text(const CommandSpec& spec, Args args) {
  return spec.timeout_at > 0 ? args[static_cast<std::size_t>(spec.timeout_at)]
                             : args[args.size() - static_cast<std::size_t>(-spec.timeout_at)];
}

}  // namespace

std::optional<std::int64_t> parse_timeout(std::string_view text, std::string_view& error) {
  const auto seconds = parse_float(text);
  if (!seconds) {
    error = kNotANumber;
    return std::nullopt;
  }
  const long double millis = std::ceil(*seconds * 1000);
  // What does not fit is negative to Redis, too.
  if (millis < 0 || millis >= 0x1p63L) {
    error = kNegative;
    return std::nullopt;
  }
  return static_cast<std::int64_t>(millis);
}

std::optional<std::int64_t> timeout_of(const CommandSpec& spec, Args args) {
  std::string_view ignored;
  return parse_timeout(timeout_text(spec, args), ignored);
}

bool check_timeout(Context& context, std::string_view text) {
  std::string_view error;
  if (parse_timeout(text, error)) return true;
  context.reply.error(error);
  return false;
}

bool find_first(Context& context, Args keys, storage::ValueType type,
                std::optional<std::string_view>& found) {
  for (const std::string_view key : keys) {
    const auto entry = context.store.find(storage::key_ref(key));
    if (!entry || entry->expired_at(context.now_ms)) continue;
    found = key;
    return has_type(context, entry, type);
  }
  return true;
}

void wait_for(Context& context, Args keys, storage::ValueType type) {
  context.waits_for = keys;
  context.waits_for_type = type;
}

std::vector<std::string_view> narrowed(const CommandSpec& spec, Args args, Args waits_for,
                                       std::string_view key) {
  const auto first = static_cast<std::size_t>(waits_for.data() - args.data());
  std::vector<std::string_view> result(args.begin(), args.begin() + static_cast<long>(first));
  if (spec.numkeys_at != 0) result[static_cast<std::size_t>(spec.numkeys_at)] = "1";
  result.push_back(key);
  const Args behind = args.subspan(first + waits_for.size());
  result.insert(result.end(), behind.begin(), behind.end());
  return result;
}

void write_unblocked(std::string_view why, resp::Writer& reply) {
  if (why == "error") return reply.error(kUnblocked);
  reply.null_array();
}

bool is_unblocked(std::string_view reply) {
  return reply == "*-1\r\n" || reply == "_\r\n" || reply.starts_with("-UNBLOCKED ");
}

}  // namespace borg::commands
