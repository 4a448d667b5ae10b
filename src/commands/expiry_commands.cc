// SPDX-License-Identifier: Apache-2.0
#include "commands/expiry_commands.h"

#include <string>

#include "commands/arguments.h"
#include "commands/key_access.h"

namespace borg::commands::run {

namespace {

using storage::ExpiryMs;
using storage::KeyRef;
using storage::kNoExpiry;

/// On which expiry a key must have for it to get another.
struct Condition {
  bool if_none = false;     // NX
  bool if_some = false;     // XX
  bool if_greater = false;  // GT; no expiry counts as infinite, here and for LT
  bool if_less = false;     // LT

  [[nodiscard]] bool allows(ExpiryMs current, ExpiryMs wanted) const {
    if (if_none && current != kNoExpiry) return false;
    if (if_some && current == kNoExpiry) return false;
    if (if_greater && wanted <= current) return false;
    return !(if_less && wanted >= current);
  }
};

bool read_option(std::string_view option, Condition& condition) {
  if (equals_ignoring_case(option, "nx")) return condition.if_none = true;
  if (equals_ignoring_case(option, "xx")) return condition.if_some = true;
  if (equals_ignoring_case(option, "gt")) return condition.if_greater = true;
  if (equals_ignoring_case(option, "lt")) return condition.if_less = true;
  return false;
}

/// Nullopt if the options are unknown or contradict each other, and the error is written.
std::optional<Condition> read_condition(Context& context, Args options) {
  Condition condition;
  for (const std::string_view option : options) {
    if (!read_option(option, condition)) {
      context.reply.error("ERR Unsupported option " + std::string(option));
      return std::nullopt;
    }
  }
  if (condition.if_none && (condition.if_some || condition.if_greater || condition.if_less)) {
    context.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (condition.if_greater && condition.if_less) {
    context.reply.error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return condition;
}

void set_time(Context& context, Args args, TimeUnit unit, std::string_view command) {
  const auto condition = read_condition(context, args.subspan(3));
  if (!condition) return;
  const auto time = read_integer(context, args[2]);
  if (!time) return;
  const auto expiry = to_expiry(*time, unit, context);
  if (!expiry) return write_invalid_expire(context, command);
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  const bool allowed = entry && condition->allows(entry->expiry, *expiry);
  if (allowed) set_or_reach_expiry(context, key, *expiry);
  context.reply.integer(allowed ? 1 : 0);
}

std::int64_t to_seconds(std::int64_t ms) { return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0); }

/// -2 without the key, -1 without an expiry, else what `show` makes of the expiry.
template <class Show>
void write_time(Context& context, Args args, Show show) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!entry) return context.reply.integer(-2);
  context.reply.integer(entry->expiry == kNoExpiry ? -1 : show(entry->expiry));
}

}  // namespace

void expire(Context& context, Args args) { set_time(context, args, TimeUnit::kSeconds, "expire"); }

void pexpire(Context& context, Args args) {
  set_time(context, args, TimeUnit::kMilliseconds, "pexpire");
}

void expireat(Context& context, Args args) {
  set_time(context, args, TimeUnit::kUnixSeconds, "expireat");
}

void pexpireat(Context& context, Args args) {
  set_time(context, args, TimeUnit::kUnixMilliseconds, "pexpireat");
}

void persist(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  const bool removes = entry && entry->expiry != kNoExpiry;
  if (removes) set_or_reach_expiry(context, key, kNoExpiry);
  context.reply.integer(removes ? 1 : 0);
}

void ttl(Context& context, Args args) {
  write_time(context, args, [&](ExpiryMs expiry) { return to_seconds(expiry - context.now_ms); });
}

void pttl(Context& context, Args args) {
  write_time(context, args, [&](ExpiryMs expiry) { return expiry - context.now_ms; });
}

void expiretime(Context& context, Args args) {
  write_time(context, args,
             [&](ExpiryMs expiry) { return to_seconds(to_wall_ms(expiry, context)); });
}

void pexpiretime(Context& context, Args args) {
  write_time(context, args, [&](ExpiryMs expiry) { return to_wall_ms(expiry, context); });
}

}  // namespace borg::commands::run
