// SPDX-License-Identifier: Apache-2.0
#include "commands/keyspace_commands.h"

#include <vector>

#include "commands/arguments.h"
#include "commands/key_access.h"

namespace borg::commands::run {

// Counts expired keys that nobody has met yet, as Redis does.
void dbsize(Context& context, Args) {
  context.reply.integer(static_cast<std::int64_t>(context.store.keys()));
}

// Leaves met_expired alone: that is about keys that a client named.
void keys(Context& context, Args args) {
  const std::string_view pattern = args[1];
  std::vector<std::string_view> found;
  const auto visit = [&](const storage::EntryView& entry) {
    if (entry.expired_at(context.now_ms)) return;
    if (pattern == "*" || glob_match(pattern, entry.key)) found.push_back(entry.key);
  };
  auto cursor = std::optional(context.store.begin());
  while (cursor) cursor = context.store.scan(*cursor, SIZE_MAX, SIZE_MAX, visit);
  context.reply.array(found.size());
  for (const std::string_view key : found) context.reply.bulk(key);
}

void flushall(Context& context, Args args) {
  const bool has_mode = args.size() > 1;
  const bool known =
      !has_mode || equals_ignoring_case(args[1], "async") || equals_ignoring_case(args[1], "sync");
  if (args.size() > 2 || !known) return context.reply.error(kSyntaxError);
  if (context.store.keys() > 0) {
    if (has_mode && equals_ignoring_case(args[1], "sync")) {
      context.store.clear();
    } else {
      context.store.clear_later();  // many keys would keep the other clients waiting
    }
    context.changed = true;
  }
  context.reply.ok();
}

}  // namespace borg::commands::run
