// SPDX-License-Identifier: Apache-2.0
#include "commands/borg_commands.h"

#include <array>
#include <string>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/value_condition.h"
#include "storage/value_kinds.h"

namespace borg::commands::run {

namespace {

constexpr std::int64_t kSwapped = 1;
constexpr std::int64_t kOtherValue = 0;
constexpr std::int64_t kNoValue = -1;

/// When the new value expires; nullopt if the options are wrong, and the error is written.
std::optional<storage::ExpiryMs> read_cas_options(Context& context, Args options) {
  if (options.empty()) return storage::kNoExpiry;
  const bool in_seconds = equals_ignoring_case(options[0], "ex");
  if (options.size() != 2 || !(in_seconds || equals_ignoring_case(options[0], "px"))) {
    context.reply.error(kSyntaxError);
    return std::nullopt;
  }
  const TimeUnit unit = in_seconds ? TimeUnit::kSeconds : TimeUnit::kMilliseconds;
  return read_expiry(context, options[1], unit, "borg|cas");
}

}  // namespace

void borg_cas(Context& context, Args args) {
  const auto expiry = read_cas_options(context, args.subspan(5));
  if (!expiry) return;
  const storage::KeyRef key = context.key(args[2]);
  const auto entry = find_for_write(context, key);
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  if (!entry) return context.reply.integer(kNoValue);
  if (entry->value != args[3]) return context.reply.integer(kOtherValue);
  store_value(context, key, args[4], *expiry);
  context.notify(EventClass::kString, "set", args[2]);
  if (*expiry != storage::kNoExpiry) context.notify(EventClass::kGeneric, "expire", args[2]);
  context.reply.integer(kSwapped);
}

void digest(Context& context, Args) {
  const Standing standing = context.standing != nullptr ? *context.standing : Standing{};
  context.reply.map(6);
  context.reply.bulk("role");
  context.reply.bulk(standing.role);
  context.reply.bulk("epoch");
  context.reply.integer(static_cast<std::int64_t>(standing.epoch));
  context.reply.bulk("term");
  context.reply.integer(static_cast<std::int64_t>(standing.term));
  context.reply.bulk("seq");
  context.reply.integer(static_cast<std::int64_t>(standing.seq));
  context.reply.bulk("keys");
  context.reply.integer(static_cast<std::int64_t>(context.store.keys()));
  context.reply.bulk("digest");
  context.reply.bulk(hexadecimal(storage::digest_of_store(context.store)));
}

}  // namespace borg::commands::run
