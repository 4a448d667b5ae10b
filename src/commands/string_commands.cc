// SPDX-License-Identifier: Apache-2.0
#include "commands/string_commands.h"

#include <limits>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/key_values.h"
#include "commands/set_options.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::KeyRef;
using storage::kNoExpiry;
using storage::ValueType;

constexpr ValueType kString = ValueType::kString;

void write_value(Context& context, const std::optional<EntryView>& entry) {
  if (entry) {
    context.reply.bulk(entry->value);
  } else {
    context.reply.null();
  }
}

/// Notes what storing a string is to Redis. One whose time had passed already is gone at once.
void note_set(Context& context, const KeyRef& key, bool was_absent, bool has_time,
              storage::ExpiryMs expiry) {
  if (context.events == nullptr) [[likely]]
    return;
  note_stored(context, was_absent, EventClass::kString, "set", key.key);
  if (has_time) context.notify(EventClass::kGeneric, "expire", key.key);
  if (expiry <= context.now_ms) context.notify(EventClass::kExpired, "expired", key.key);
}

/// Of a key that is about to be replaced, for note_set(): asked for nobody if nobody listens.
bool is_absent(Context& context, const KeyRef& key) {
  if (context.events == nullptr) [[likely]]
    return false;
  return !find_for_write(context, key);
}

/// Nullopt if the condition cannot be judged, and the error is written.
std::optional<bool> may_set(Context& context, const SetOptions& options,
                            const std::optional<EntryView>& entry) {
  if (options.only_if_absent) return !entry;
  if (options.only_if_present) return entry.has_value();
  if (!options.only_if) return true;
  if (!entry) return options.only_if->holds_without_key();
  if (!has_type(context, entry, kString)) return std::nullopt;
  return holds_for(context, *options.only_if, entry->value);
}

/// When the new value expires, KEEPTTL aside; nullopt if the time is wrong, and the error is
/// written.
std::optional<storage::ExpiryMs> read_new_expiry(Context& context, const SetOptions& options,
                                                 std::string_view command) {
  if (!options.has_time) return kNoExpiry;
  return read_expiry(context, options.time, options.unit, command);
}

void set_with_options(Context& context, Args args) {
  const auto options = read_set_options(args.subspan(3), OptionsOf::kSet);
  if (!options) return context.reply.error(kSyntaxError);
  const auto new_expiry = read_new_expiry(context, *options, "set");
  if (!new_expiry) return;
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  const bool was_absent = !entry;
  if (options->get_old) {
    note_lookup(context, key, entry);
    if (!has_type(context, entry, kString)) return;
  }
  const auto is_allowed = may_set(context, *options, entry);
  if (!is_allowed) return;
  if (options->get_old) write_value(context, entry);
  if (!*is_allowed) {
    if (!options->get_old) context.reply.null();
    return;
  }
  const storage::ExpiryMs expiry = options->keep_expiry && entry ? entry->expiry : *new_expiry;
  store_value(context, key, args[2], expiry);
  note_set(context, key, was_absent, options->has_time, expiry);
  if (!options->get_old) context.reply.ok();
}

void set_for(Context& context, Args args, TimeUnit unit, std::string_view command) {
  const auto expiry = read_expiry(context, args[2], unit, command);
  if (!expiry) return;
  const KeyRef key = context.key(args[1]);
  const bool was_absent = is_absent(context, key);
  store_value(context, key, args[3], *expiry);
  note_set(context, key, was_absent, true, *expiry);
  context.reply.ok();
}

}  // namespace

void get(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (has_type(context, entry, kString)) write_value(context, entry);
}

void set(Context& context, Args args) {
  if (args.size() > 3) return set_with_options(context, args);
  const KeyRef key = context.key(args[1]);
  const bool was_absent = is_absent(context, key);
  context.store.put(key, args[2], kNoExpiry);
  context.changed = true;
  note_set(context, key, was_absent, false, kNoExpiry);
  context.reply.ok();
}

void setnx(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const bool absent = !find_for_write(context, key);
  if (absent) {
    store_value(context, key, args[2], kNoExpiry);
    note_set(context, key, true, false, kNoExpiry);
  }
  context.reply.integer(absent ? 1 : 0);
}

void setex(Context& context, Args args) { set_for(context, args, TimeUnit::kSeconds, "setex"); }

void psetex(Context& context, Args args) {
  set_for(context, args, TimeUnit::kMilliseconds, "psetex");
}

void getset(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  note_lookup(context, key, entry);
  if (!has_type(context, entry, kString)) return;
  const bool was_absent = !entry;
  write_value(context, entry);
  store_value(context, key, args[2], kNoExpiry);
  note_set(context, key, was_absent, false, kNoExpiry);
}

void getdel(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  note_lookup(context, key, entry);
  if (!has_type(context, entry, kString)) return;
  write_value(context, entry);
  if (!entry) return;
  context.store.erase(key);
  context.changed = true;
  context.notify(EventClass::kGeneric, "del", key.key);
}

void getex(Context& context, Args args) {
  const auto options = read_set_options(args.subspan(2), OptionsOf::kGetex);
  if (!options) return context.reply.error(kSyntaxError);
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  note_lookup(context, key, entry);
  if (!entry) return context.reply.null();
  if (!has_type(context, entry, kString)) return;
  std::int64_t expiry = options->persist ? kNoExpiry : entry->expiry;
  if (options->has_time) {
    const auto time = read_expiry(context, options->time, options->unit, "getex");
    if (!time) return;
    expiry = *time;
  }
  context.reply.bulk(entry->value);
  if (expiry == entry->expiry && !options->has_time) return;
  set_or_reach_expiry(context, key, expiry);
}

void mget(Context& context, Args args) {
  context.reply.array(args.size() - 1);
  for (const std::string_view name : args.subspan(1)) {
    const auto entry = find_for_read(context, context.key(name));
    const bool is_string = entry && entry->type == kString;
    write_value(context, is_string ? entry : std::nullopt);
  }
}

void mset(Context& context, Args args) {
  if (!check_values(*resolve(args), args, context.reply)) return;
  for (std::size_t i = 1; i + 1 < args.size(); i += 2) {
    const KeyRef key = context.key(args[i]);
    const bool was_absent = is_absent(context, key);
    store_value(context, key, args[i + 1], kNoExpiry);
    note_set(context, key, was_absent, false, kNoExpiry);
  }
  context.reply.ok();
}

void msetnx(Context& context, Args args) {
  if (!check_values(*resolve(args), args, context.reply)) return;
  for (std::size_t i = 1; i + 1 < args.size(); i += 2) {
    if (find_for_write(context, context.key(args[i]))) return context.reply.integer(0);
  }
  for (std::size_t i = 1; i + 1 < args.size(); i += 2) {
    const KeyRef key = context.key(args[i]);
    const bool was_absent = !context.store.find(key);  // an earlier one may be the same
    store_value(context, key, args[i + 1], kNoExpiry);
    note_stored(context, was_absent, EventClass::kString, "set", args[i]);
  }
  context.reply.integer(1);
}

void msetex(Context& context, Args args) {
  constexpr std::int64_t kKeysMax = std::numeric_limits<std::int32_t>::max();
  const auto count = resp::parse_integer(args[1]);
  if (!count || *count < 1 || *count > kKeysMax) {
    return context.reply.error("ERR invalid numkeys value or out of range");
  }
  const std::size_t words = static_cast<std::size_t>(*count) * 2;
  if (words > args.size() - 2) return context.reply.error(kSyntaxError);
  const Args pairs = args.subspan(2, words);
  const auto options = read_set_options(args.subspan(2 + words), OptionsOf::kMsetex);
  if (!options) return context.reply.error(kSyntaxError);
  const auto expiry = read_new_expiry(context, *options, "msetex");
  if (!expiry) return;
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const auto entry = find_for_write(context, context.key(pairs[i]));
    if (!may_set(context, *options, entry).value_or(false)) return context.reply.integer(0);
  }
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const KeyRef key = context.key(pairs[i]);
    const auto entry = find_for_write(context, key);
    const bool was_absent = !entry;
    const storage::ExpiryMs kept = options->keep_expiry && entry ? entry->expiry : *expiry;
    store_value(context, key, pairs[i + 1], kept);
    note_set(context, key, was_absent, options->has_time, kept);
  }
  context.reply.integer(1);
}

}  // namespace borg::commands::run
