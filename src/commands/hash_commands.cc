// SPDX-License-Identifier: Apache-2.0
#include "commands/hash_commands.h"

#include <cmath>
#include <string>

#include "commands/arguments.h"
#include "commands/element_draw.h"
#include "commands/element_scan.h"
#include "commands/float_text.h"
#include "commands/key_access.h"
#include "resp/integer.h"
#include "storage/hash_value.h"

namespace borg::commands::run {

namespace {

using storage::HashReader;
using storage::HashWriter;
using storage::KeyRef;
using storage::ValueType;
using Found = std::optional<std::string_view>;

/// The hash of a command that reads, if it is there. False if the key is of another type, and
/// the error is written.
bool find_hash(Context& context, std::string_view key, std::optional<HashReader>& hash) {
  return find_container(context, key, ValueType::kHash, hash);
}

/// Nullopt if the key is of another type, and the error is written.
std::optional<HashWriter> hash_for_write(Context& context, std::string_view key) {
  return container_for_write<HashWriter>(context, key, ValueType::kHash);
}

void write_value(Context& context, const Found& value) {
  if (value) {
    context.reply.bulk(*value);
  } else {
    context.reply.null();
  }
}

/// Sets all pairs; returns how many fields are new. Nullopt if it could not, and the error is
/// written.
std::optional<std::size_t> set_all(Context& context, Args args) {
  if (args.size() % 2 != 0) {
    write_wrong_arity(context, args[0]);
    return std::nullopt;
  }
  auto hash = hash_for_write(context, args[1]);
  if (!hash) return std::nullopt;
  const bool was_absent = !hash->exists();  // preparing may make it
  for (const std::string_view part : args.subspan(2)) hash->prepare_for(part);
  std::size_t added = 0;
  for (std::size_t i = 2; i < args.size(); i += 2) added += hash->put(args[i], args[i + 1]) ? 1 : 0;
  context.changed = true;
  note_stored(context, was_absent, EventClass::kHash, "hset", args[1]);
  return added;
}

enum class Parts : std::uint8_t { kFields, kValues };

void write_parts(Context& context, Args args, Parts parts) {
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  context.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view field, std::string_view value) {
    context.reply.bulk(parts == Parts::kFields ? field : value);
  });
}

void write_drawn(Context& context, const std::vector<HashReader::Pair>& drawn, bool with_values) {
  const bool in_pairs = with_values && context.reply.version() == resp::Version::kResp3;
  context.reply.array(drawn.size() * (with_values && !in_pairs ? 2 : 1));
  for (const auto& [field, value] : drawn) {
    if (in_pairs) context.reply.array(2);
    context.reply.bulk(field);
    if (with_values) context.reply.bulk(value);
  }
}

}  // namespace

void hset(Context& context, Args args) {
  if (const auto added = set_all(context, args)) write_size(context, *added);
}

void hmset(Context& context, Args args) {
  if (set_all(context, args)) context.reply.ok();
}

void hsetnx(Context& context, Args args) {
  auto hash = hash_for_write(context, args[1]);
  if (!hash) return;
  if (hash->find(args[2])) return context.reply.integer(0);
  const bool was_absent = !hash->exists();
  hash->put(args[2], args[3]);
  context.changed = true;
  note_stored(context, was_absent, EventClass::kHash, "hset", args[1]);
  context.reply.integer(1);
}

void hget(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (find_hash(context, args[1], hash)) write_value(context, hash ? hash->find(args[2]) : Found());
}

void hmget(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  context.reply.array(args.size() - 2);
  for (const std::string_view field : args.subspan(2)) {
    write_value(context, hash ? hash->find(field) : Found());
  }
}

void hgetall(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  context.reply.map(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view field, std::string_view value) {
    context.reply.bulk(field);
    context.reply.bulk(value);
  });
}

void hkeys(Context& context, Args args) { write_parts(context, args, Parts::kFields); }

void hvals(Context& context, Args args) { write_parts(context, args, Parts::kValues); }

void hlen(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (find_hash(context, args[1], hash)) write_size(context, hash ? hash->size() : 0);
}

void hstrlen(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  write_size(context, hash ? hash->find(args[2]).value_or("").size() : 0);
}

void hexists(Context& context, Args args) {
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  context.reply.integer(hash && hash->find(args[2]) ? 1 : 0);
}

void hdel(Context& context, Args args) {
  auto hash = hash_for_write(context, args[1]);
  if (!hash) return;
  std::size_t erased = 0;
  for (const std::string_view field : args.subspan(2)) erased += hash->erase(field) ? 1 : 0;
  if (erased > 0) {
    context.changed = true;
    note_removed(context, EventClass::kHash, "hdel", context.key(args[1]));
  }
  write_size(context, erased);
}

void hincrby(Context& context, Args args) {
  const auto increment = read_integer(context, args[3]);
  if (!increment) return;
  auto hash = hash_for_write(context, args[1]);
  if (!hash) return;
  const Found old = hash->find(args[2]);
  const auto number = old ? resp::parse_integer(*old) : 0;
  if (!number) return context.reply.error("ERR hash value is not an integer");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, *increment, &sum)) {
    return context.reply.error("ERR increment or decrement would overflow");
  }
  const bool was_absent = !hash->exists();
  hash->put(args[2], std::to_string(sum));
  context.changed = true;
  note_stored(context, was_absent, EventClass::kHash, "hincrby", args[1]);
  context.reply.integer(sum);
}

// As INCRBYFLOAT in 80-bit arithmetic.
void hincrbyfloat(Context& context, Args args) {
  const auto increment = parse_float(args[3]);
  if (!increment) return context.reply.error("ERR value is not a valid float");
  if (!std::isfinite(*increment)) return context.reply.error("ERR value is NaN or Infinity");
  auto hash = hash_for_write(context, args[1]);
  if (!hash) return;
  const Found old = hash->find(args[2]);
  const auto number = old ? parse_float(*old) : 0.0L;
  if (!number) return context.reply.error("ERR hash value is not a float");
  const long double sum = *number + *increment;
  if (!std::isfinite(sum)) {
    return context.reply.error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = format_float(sum);
  const bool was_absent = !hash->exists();
  hash->put(args[2], text);
  context.changed = true;
  note_stored(context, was_absent, EventClass::kHash, "hincrbyfloat", args[1]);
  context.reply.bulk(text);
}

void hrandfield(Context& context, Args args) {
  const bool with_values = args.size() > 3;
  std::optional<DrawCount> wanted;
  if (args.size() > 2) {
    const bool is_known = !with_values || equals_ignoring_case(args[3], "withvalues");
    if (!read_integer(context, args[2])) return;
    if (args.size() > 4 || !is_known) return context.reply.error(kSyntaxError);
    wanted = read_draw_count(context, args[2], with_values);
    if (!wanted) return;
  }
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  if (!wanted && !hash) return context.reply.null();
  if (!hash) return context.reply.array(0);
  const auto drawn = draw_elements(*hash, wanted.value_or(DrawCount{1}), context.random);
  if (!wanted) return context.reply.bulk(drawn.front().first);
  if (!are_all_drawn(context, drawn, wanted)) return;
  write_drawn(context, drawn, with_values);
}

void hscan(Context& context, Args args) {
  const auto cursor = read_cursor(context, args[2]);
  if (!cursor) return;
  std::optional<HashReader> hash;
  if (!find_hash(context, args[1], hash)) return;
  if (!hash) return write_scan(context, std::nullopt, {});
  const auto options = read_scan_options(context, args.subspan(3), Scanned::kHash);
  if (!options) return;
  std::vector<std::string_view> found;
  const auto next = hash->scan(*cursor, options->count, [&](auto field, auto value) {
    if (!options->passes(field)) return;
    found.push_back(field);
    if (!options->only_names) found.push_back(value);
  });
  write_scan(context, next, found);
}

}  // namespace borg::commands::run
