// SPDX-License-Identifier: Apache-2.0
#include "commands/range_commands.h"

#include <algorithm>

#include "commands/arguments.h"
#include "commands/key_access.h"

namespace borg::commands::run {

namespace {

using storage::KeyRef;

constexpr storage::ValueType kString = storage::ValueType::kString;
constexpr std::string_view kTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

/// Copies `part` over the value of a key that is here, from `offset` on; the value grows to
/// hold it. Returns the new length.
std::size_t overwrite(Context& context, const KeyRef& key, std::size_t old_size, std::size_t offset,
                      std::string_view part) {
  const std::size_t size = std::max(old_size, offset + part.size());
  char* const value = context.store.resize_value(key, size);
  part.copy(value + offset, part.size());
  context.changed = true;
  return size;
}

/// The part of `value` from `start` to `end`, both inclusive; negative ones count from behind.
std::string_view part_of(std::string_view value, std::int64_t start, std::int64_t end) {
  if (start < 0 && end < 0 && start > end) return {};
  const auto size = static_cast<std::int64_t>(value.size());
  if (start < 0) start = std::max<std::int64_t>(size + start, 0);
  if (end < 0) end = std::max<std::int64_t>(size + end, 0);
  end = std::min(end, size - 1);
  if (start > end || size == 0) return {};
  return value.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start + 1));
}

}  // namespace

void append(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  if (!has_type(context, entry, kString)) return;
  if (!entry) {
    store_value(context, key, args[2], storage::kNoExpiry);
    note_stored(context, true, EventClass::kString, "append", args[1]);
    return write_size(context, args[2].size());
  }
  const std::size_t size = entry->value.size();
  if (size + args[2].size() > kValueBytesMax) return context.reply.error(kTooLong);
  context.notify(EventClass::kString, "append", args[1]);
  write_size(context, overwrite(context, key, size, size, args[2]));
}

void strlen(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, kString)) return;
  write_size(context, entry ? entry->value.size() : 0);
}

void getrange(Context& context, Args args) {
  const auto start = read_integer(context, args[2]);
  if (!start) return;
  const auto end = read_integer(context, args[3]);
  if (!end) return;
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, kString)) return;
  context.reply.bulk(entry ? part_of(entry->value, *start, *end) : std::string_view());
}

void setrange(Context& context, Args args) {
  const auto offset = read_integer(context, args[2]);
  if (!offset) return;
  if (*offset < 0) return context.reply.error("ERR offset is out of range");
  const std::string_view part = args[3];
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  if (!has_type(context, entry, kString)) return;
  const bool was_absent = !entry;
  const std::size_t old_size = entry ? entry->value.size() : 0;
  if (part.empty()) return write_size(context, old_size);
  if (static_cast<std::uint64_t>(*offset) + part.size() > kValueBytesMax) {
    return context.reply.error(kTooLong);
  }
  if (!entry) store_value(context, key, {}, storage::kNoExpiry);
  note_stored(context, was_absent, EventClass::kString, "setrange", args[1]);
  write_size(context, overwrite(context, key, old_size, static_cast<std::size_t>(*offset), part));
}

}  // namespace borg::commands::run
