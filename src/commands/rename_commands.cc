// SPDX-License-Identifier: Apache-2.0
#include "commands/rename_commands.h"

#include <limits>

#include "commands/arguments.h"
#include "commands/dump_format.h"
#include "commands/key_access.h"

namespace borg::commands::run {

namespace {

using storage::KeyRef;

constexpr std::string_view kNoSuchDatabase = "ERR DB index is out of range";

/// Nullopt if it cannot be done, and the reply is written; else whether it was done.
std::optional<bool> try_rename(Context& context, Args args, bool replaces) {
  const KeyRef from = context.key(args[1]);
  if (!find_for_write(context, from)) {
    context.reply.error("ERR no such key");
    return std::nullopt;
  }
  if (args[1] == args[2]) return replaces;
  const KeyRef to = context.key(args[2]);
  if (find_for_write(context, to) && !replaces) return false;
  context.store.rename(from, to);
  context.changed = true;
  context.notify(EventClass::kNew, "new", args[2]);
  context.notify(EventClass::kGeneric, "rename_from", args[1]);
  context.notify(EventClass::kGeneric, "rename_to", args[2]);
  return true;
}

/// False if it is not the one that there is, and the error is written.
bool read_database(Context& context, std::string_view text) {
  const auto number = read_integer(context, text);
  if (!number) return false;
  if (*number < std::numeric_limits<int>::min() || *number > std::numeric_limits<int>::max()) {
    context.reply.error("ERR value is out of range, value must between -2147483648 and 2147483647");
    return false;
  }
  if (*number == 0) return true;
  context.reply.error(kNoSuchDatabase);
  return false;
}

/// Nullopt if they are wrong, and the error is written; else whether to replace.
std::optional<bool> read_copy_options(Context& context, Args options) {
  bool replaces = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (equals_ignoring_case(options[i], "replace")) {
      replaces = true;
    } else if (equals_ignoring_case(options[i], "db") && i + 1 < options.size()) {
      if (!read_database(context, options[++i])) return std::nullopt;
    } else {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
  }
  return replaces;
}

struct RestoreOptions {
  bool replaces = false;
  bool is_absolute = false;
  bool has_idle_time = false;
  bool has_frequency = false;
};

/// False if it is out of range, and the error is written. Borg tracks no accesses: it is checked
/// and forgotten.
bool check_number(Context& context, std::string_view text, std::int64_t max,
                  std::string_view error) {
  const auto number = read_integer(context, text);
  if (!number) return false;
  if (*number >= 0 && *number <= max) return true;
  context.reply.error(error);
  return false;
}

/// Nullopt if they are wrong, and the error is written.
std::optional<RestoreOptions> read_restore_options(Context& context, Args words) {
  RestoreOptions options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (equals_ignoring_case(words[i], "replace")) {
      options.replaces = true;
    } else if (equals_ignoring_case(words[i], "absttl")) {
      options.is_absolute = true;
    } else if (equals_ignoring_case(words[i], "idletime") && has_value && !options.has_frequency) {
      options.has_idle_time = true;
      if (!check_number(context, words[++i], std::numeric_limits<std::int64_t>::max(),
                        "ERR Invalid IDLETIME value, must be >= 0")) {
        return std::nullopt;
      }
    } else if (equals_ignoring_case(words[i], "freq") && has_value && !options.has_idle_time) {
      options.has_frequency = true;
      if (!check_number(context, words[++i], 255,
                        "ERR Invalid FREQ value, must be >= 0 and <= 255")) {
        return std::nullopt;
      }
    } else {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
  }
  return options;
}

/// Nullopt if it is no time, and the error is written.
std::optional<storage::ExpiryMs> read_ttl(Context& context, std::string_view text,
                                          bool is_absolute) {
  const auto ttl = read_integer(context, text);
  if (!ttl) return std::nullopt;
  if (*ttl < 0) {
    context.reply.error("ERR Invalid TTL value, must be >= 0");
    return std::nullopt;
  }
  if (*ttl == 0) return storage::kNoExpiry;
  const TimeUnit unit = is_absolute ? TimeUnit::kUnixMilliseconds : TimeUnit::kMilliseconds;
  // Later than any time that there is.
  return to_expiry(*ttl, unit, context).value_or(storage::kNoExpiry - 1);
}

}  // namespace

void rename(Context& context, Args args) {
  if (try_rename(context, args, true)) context.reply.ok();
}

void renamenx(Context& context, Args args) {
  const auto done = try_rename(context, args, false);
  if (done) context.reply.integer(*done ? 1 : 0);
}

void copy(Context& context, Args args) {
  const auto replaces = read_copy_options(context, args.subspan(3));
  if (!replaces) return;
  if (args[1] == args[2]) {
    return context.reply.error("ERR source and destination objects are the same");
  }
  const KeyRef from = context.key(args[1]);
  const KeyRef to = context.key(args[2]);
  const auto source = find_for_write(context, from);
  note_lookup(context, from, source);
  if (!source) return context.reply.integer(0);
  const bool was_there = find_for_write(context, to).has_value();
  if (was_there && !*replaces) return context.reply.integer(0);
  context.store.copy(from, to);
  context.changed = true;
  context.notify(EventClass::kNew, "new", args[2]);
  context.notify(EventClass::kGeneric, "copy_to", args[2]);
  context.reply.integer(1);
}

void move(Context& context, Args args) {
  if (!read_database(context, args[2])) return;
  context.reply.error("ERR source and destination objects are the same");
}

void dump(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!entry) return context.reply.null();
  context.reply.bulk(dumped(*entry));
}

void restore(Context& context, Args args) {
  const auto options = read_restore_options(context, args.subspan(4));
  if (!options) return;
  const KeyRef key = context.key(args[1]);
  const bool was_there = find_for_write(context, key).has_value();
  if (was_there && !options->replaces) {
    return context.reply.error("BUSYKEY Target key name already exists.");
  }
  const auto expiry = read_ttl(context, args[2], options->is_absolute);
  if (!expiry) return;
  if (!is_dump(args[3])) {
    return context.reply.error("ERR DUMP payload version or checksum are wrong");
  }
  const auto value = read_dump(args[3]);
  if (!value) return context.reply.error("ERR Bad data format");
  if (was_there) {
    context.store.erase(key);
    context.changed = true;
  }
  if (*expiry <= context.now_ms) {
    if (was_there) context.notify(EventClass::kGeneric, "del", args[1]);
    return context.reply.ok();
  }
  value->store(context.store, key, *expiry);
  context.changed = true;
  context.notify(EventClass::kNew, "new", args[1]);
  context.notify(EventClass::kGeneric, "restore", args[1]);
  context.reply.ok();
}

}  // namespace borg::commands::run
