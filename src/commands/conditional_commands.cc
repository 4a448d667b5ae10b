// SPDX-License-Identifier: Apache-2.0
#include "commands/conditional_commands.h"

#include <string>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/value_condition.h"

namespace borg::commands::run {

namespace {

constexpr std::int64_t kDeleted = 1;
constexpr std::int64_t kKept = 0;

/// REQUIRES: a string is there.
void delete_if(Context& context, std::string_view name, const storage::EntryView& entry,
               const ValueCondition& condition) {
  const auto holds = holds_for(context, condition, entry.value);
  if (!holds) return;
  if (*holds) static_cast<void>(erase_live(context, context.key(name)));
  context.reply.integer(*holds ? kDeleted : kKept);
}

}  // namespace

void delifeq(Context& context, Args args) {
  const auto entry = find_for_write(context, context.key(args[1]));
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  if (!entry) return context.reply.integer(kKept);
  delete_if(context, args[1], *entry, {Comparison::kEqual, args[2]});
}

void delex(Context& context, Args args) {
  if (args.size() == 2) {
    return context.reply.integer(erase_live(context, context.key(args[1])) ? kDeleted : kKept);
  }
  if (args.size() != 4) return write_wrong_arity(context, args[0]);
  const auto comparison = read_comparison(args[2]);
  if (!comparison) {
    return context.reply.error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
  }
  const auto entry = find_for_write(context, context.key(args[1]));
  if (!entry) return context.reply.integer(kKept);
  if (entry->type != storage::ValueType::kString) {
    return context.reply.error("ERR Key should be of string type if conditions are specified");
  }
  delete_if(context, args[1], *entry, {*comparison, args[3]});
}

void digest_of_key(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  if (!entry) return context.reply.null();
  context.reply.bulk(value_digest(entry->value));
}

}  // namespace borg::commands::run
