// SPDX-License-Identifier: Apache-2.0
#include "commands/internal_commands.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/random.h"
#include "commands/arguments.h"
#include "commands/blocking.h"
#include "commands/key_access.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::ScanCursor;

// So many draws that are all expired make a full search the better way to find a live key.
constexpr int kRandomDrawsMax = 32;

/// The slot in `text`; nullopt if it is not one of this partition, and the error is written.
std::optional<SlotId> read_slot(Context& context, std::string_view text) {
  const auto number = resp::parse_integer(text);
  if (number && *number >= 0 && *number < kSlotCount) {
    const SlotId slot(static_cast<std::uint16_t>(*number));
    if (partition_of(slot) == context.partition) return slot;
  }
  context.reply.error("ERR slot is not of this partition");
  return std::nullopt;
}

/// A number that is not negative; or nullopt, and the error is written.
std::optional<std::uint64_t> read_natural(Context& context, std::string_view text) {
  const auto number = resp::parse_integer(text);
  if (number && *number >= 0) return static_cast<std::uint64_t>(*number);
  context.reply.error(kNotAnInteger);
  return std::nullopt;
}

struct Filter {
  std::string_view pattern = "*";
  std::string_view type;  // of any, if it is empty

  [[nodiscard]] bool passes(const EntryView& entry) const {
    if (!type.empty() && !equals_ignoring_case(type, type_name(entry.type))) return false;
    return pattern == "*" || glob_match(pattern, entry.key);
  }
};

std::optional<Filter> read_filter(Context& context, Args options) {
  Filter filter;
  for (std::size_t i = 0; i < options.size(); i += 2) {
    const bool is_pattern = equals_ignoring_case(options[i], "match");
    if (i + 1 == options.size() || !(is_pattern || equals_ignoring_case(options[i], "type"))) {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
    if (is_pattern) {
      filter.pattern = options[i + 1];
    } else {
      filter.type = options[i + 1];
    }
  }
  return filter;
}

void write_keys(Context& context, const std::vector<std::string_view>& keys) {
  context.reply.array(keys.size());
  for (const std::string_view key : keys) context.reply.bulk(key);
}

std::optional<std::string_view> first_live_key(Context& context) {
  std::optional<std::string_view> found;
  auto cursor = std::optional(context.store.begin());
  while (cursor && !found) {
    cursor = context.store.scan(*cursor, 1, SIZE_MAX, [&](const EntryView& entry) {
      if (!found && !entry.expired_at(context.now_ms)) found = entry.key;
    });
  }
  return found;
}

}  // namespace

void count(Context& context, Args) {
  context.reply.integer(static_cast<std::int64_t>(context.store.keys()));
}

void scan(Context& context, Args args) {
  const auto slot = read_slot(context, args[1]);
  if (!slot) return;
  const auto position = read_natural(context, args[2]);
  if (!position) return;
  const auto keys_min = read_natural(context, args[3]);
  if (!keys_min) return;
  const auto filter = read_filter(context, args.subspan(4));
  if (!filter) return;
  std::vector<std::string_view> keys;
  const auto next =
      context.store.scan(ScanCursor{*slot, *position}, std::max<std::uint64_t>(*keys_min, 1),
                         SIZE_MAX, [&](const EntryView& entry) {
                           if (!entry.expired_at(context.now_ms) && filter->passes(entry)) {
                             keys.push_back(entry.key);
                           }
                         });
  context.reply.array(3);
  context.reply.integer(next ? next->slot.value() : -1);
  context.reply.integer(next ? static_cast<std::int64_t>(next->position) : 0);
  write_keys(context, keys);
}

void randomkey(Context& context, Args) {
  Random random(context.random);
  for (int i = 0; i < kRandomDrawsMax; ++i) {
    const auto entry = context.store.random_entry(random);
    if (!entry) return context.reply.null();
    if (!entry->expired_at(context.now_ms)) return context.reply.bulk(entry->key);
  }
  const auto key = first_live_key(context);
  if (!key) return context.reply.null();
  context.reply.bulk(*key);
}

void expire_keys(Context& context, Args args) {
  std::int64_t erased = 0;
  for (const std::string_view name : args.subspan(1)) {
    const storage::KeyRef key = context.key(name);
    const auto entry = context.store.find(key);
    if (!entry || !entry->expired_at(context.now_ms)) continue;
    context.store.erase(key);
    context.changed = true;
    context.notify(EventClass::kExpired, "expired", name);
    ++erased;
  }
  context.reply.integer(erased);
}

void slotcount(Context& context, Args args) {
  const auto slot = read_slot(context, args[1]);
  if (slot) context.reply.integer(static_cast<std::int64_t>(context.store.keys(*slot)));
}

void slotcounts(Context& context, Args) {
  const std::uint16_t first = first_slot(context.partition).value();
  context.reply.array(kSlotsPerPartition);
  for (std::uint16_t i = 0; i < kSlotsPerPartition; ++i) {
    write_size(context, context.store.keys(SlotId(static_cast<std::uint16_t>(first + i))));
  }
}

void slotkeys(Context& context, Args args) {
  const auto slot = read_slot(context, args[1]);
  if (!slot) return;
  const auto keys_max = read_natural(context, args[2]);
  if (!keys_max) return;
  std::vector<std::string_view> keys;
  auto cursor = std::optional(ScanCursor{*slot, 0});
  while (cursor && keys.size() < *keys_max) {
    cursor = context.store.scan_slot(*cursor, *keys_max - keys.size(), SIZE_MAX,
                                     [&](const EntryView& entry) {
                                       if (entry.expired_at(context.now_ms)) return;
                                       if (keys.size() < *keys_max) keys.push_back(entry.key);
                                     });
  }
  write_keys(context, keys);
}

void unblock(Context& context, Args args) { write_unblocked(args.back(), context.reply); }

void refused(Context& context, Args args) { context.reply.error(args[1]); }

}  // namespace borg::commands::run
