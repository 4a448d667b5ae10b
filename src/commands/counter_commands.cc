// SPDX-License-Identifier: Apache-2.0
#include "commands/counter_commands.h"

#include <cmath>
#include <limits>

#include "commands/arguments.h"
#include "commands/float_text.h"
#include "commands/key_access.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::KeyRef;
using storage::kNoExpiry;

constexpr std::string_view kNotAFloat = "ERR value is not a valid float";

void add(Context& context, std::string_view name, std::int64_t increment) {
  const KeyRef key = context.key(name);
  const auto entry = find_for_write(context, key);
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  std::int64_t value = 0;
  if (entry) {
    const auto old = read_integer(context, entry->value);
    if (!old) return;
    value = *old;
  }
  if (__builtin_add_overflow(value, increment, &value)) {
    return context.reply.error("ERR increment or decrement would overflow");
  }
  const bool was_absent = !entry;
  char text[resp::kIntegerCharsMax];
  const auto size = static_cast<std::size_t>(resp::format_integer(text, value) - text);
  context.store.put(key, {text, size}, entry ? entry->expiry : kNoExpiry);
  context.changed = true;
  note_stored(context, was_absent, EventClass::kString, "incrby", name);
  context.reply.integer(value);
}

}  // namespace

void incr(Context& context, Args args) { add(context, args[1], 1); }

void decr(Context& context, Args args) { add(context, args[1], -1); }

void incrby(Context& context, Args args) {
  const auto increment = read_integer(context, args[2]);
  if (increment) add(context, args[1], *increment);
}

void decrby(Context& context, Args args) {
  const auto decrement = read_integer(context, args[2]);
  if (!decrement) return;
  if (*decrement == std::numeric_limits<std::int64_t>::min()) {
    return context.reply.error("ERR decrement would overflow");
  }
  add(context, args[1], -*decrement);
}

// As Redis in 80-bit arithmetic, which gives each replica the same text as long as their
// processors have the same long double.
void incrbyfloat(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  const auto old = entry ? parse_float(entry->value) : 0.0L;
  const auto increment = parse_float(args[2]);
  if (!old || !increment) return context.reply.error(kNotAFloat);
  const long double value = *old + *increment;
  if (!std::isfinite(value)) {
    return context.reply.error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = format_float(value);
  const bool was_absent = !entry;
  context.store.put(key, text, entry ? entry->expiry : kNoExpiry);
  context.store.set_form(key, storage::StringForm::kText);
  context.changed = true;
  note_stored(context, was_absent, EventClass::kString, "incrbyfloat", args[1]);
  context.reply.bulk(text);
}

}  // namespace borg::commands::run
