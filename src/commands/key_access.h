// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "commands/command.h"

namespace borg::commands {

/// As find_for_read(), for a command that looks at a key from outside: it is not noted.
[[nodiscard]] inline std::optional<storage::EntryView> find_quietly(Context& context,
                                                                    const storage::KeyRef& key) {
  auto entry = context.store.find(key);
  if (entry && entry->expired_at(context.now_ms)) [[unlikely]] {
    context.met_expired = true;
    return std::nullopt;
  }
  return entry;
}

/// The live entry of a key, for a command that does not write: an expired one stays, and is
/// reported by context.met_expired.
[[nodiscard]] inline std::optional<storage::EntryView> find_for_read(Context& context,
                                                                     const storage::KeyRef& key) {
  auto entry = find_quietly(context, key);
  context.note_lookup(entry.has_value(), key.key);
  return entry;
}

/// As find_quietly(), for a command that Redis counts though it causes no event.
[[nodiscard]] inline std::optional<storage::EntryView> find_without_event(
    Context& context, const storage::KeyRef& key) {
  const auto entry = find_quietly(context, key);
  ++(entry ? context.lookups.hits : context.lookups.misses);
  return entry;
}

/// The live entry of a key, for a command that may write: an expired one is erased. Every
/// replica does the same, because now_ms is part of what is replicated.
[[nodiscard]] inline std::optional<storage::EntryView> find_for_write(Context& context,
                                                                      const storage::KeyRef& key) {
  auto entry = context.store.find(key);
  if (entry && entry->expired_at(context.now_ms)) [[unlikely]] {
    context.store.erase(key);
    context.changed = true;
    context.notify(EventClass::kExpired, "expired", key.key);
    return std::nullopt;
  }
  return entry;
}

/// Notes what a write reads of a key where Redis looks it up for reading.
inline void note_lookup(Context& context, const storage::KeyRef& key,
                        const std::optional<storage::EntryView>& entry) {
  context.note_lookup(entry.has_value(), key.key);
}

/// Redis's word for it, as TYPE says it.
[[nodiscard]] std::string_view type_name(storage::ValueType type);

inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";

/// False if there is an entry of another type, and the error is written.
[[nodiscard]] inline bool has_type(Context& context, const std::optional<storage::EntryView>& entry,
                                   storage::ValueType type) {
  if (!entry || entry->type == type) [[likely]]
    return true;
  context.reply.error(kWrongType);
  return false;
}

/// The container of a command that reads, if it is there. False if the key is of another type, and
/// the error is written.
template <class Reader>
[[nodiscard]] bool find_container(Context& context, std::string_view key, storage::ValueType type,
                                  std::optional<Reader>& container) {
  const auto entry = find_for_read(context, context.key(key));
  if (!has_type(context, entry, type)) return false;
  if (entry) container.emplace(*entry);
  return true;
}

/// Nullopt if the key is of another type, and the error is written.
template <class Writer>
[[nodiscard]] std::optional<Writer> container_for_write(Context& context, std::string_view key,
                                                        storage::ValueType type) {
  const storage::KeyRef ref = context.key(key);
  const auto entry = find_for_write(context, ref);
  if (!has_type(context, entry, type)) return std::nullopt;
  return std::optional<Writer>(std::in_place, context.store, ref, entry);
}

inline void write_size(Context& context, std::size_t size) {
  context.reply.integer(static_cast<std::int64_t>(size));
}

/// Notes what happened to a key, and before that, as Redis does, that it is new if it was absent.
inline void note_stored(Context& context, bool was_absent, EventClass event_class,
                        std::string_view event, std::string_view key) {
  if (context.events == nullptr) [[likely]]
    return;
  if (was_absent) context.notify(EventClass::kNew, "new", key);
  context.notify(event_class, event, key);
}

/// Notes that something was taken out of a key, and that the key went with it if it is gone.
inline void note_removed(Context& context, EventClass event_class, std::string_view event,
                         const storage::KeyRef& key) {
  if (context.events == nullptr) [[likely]]
    return;
  context.notify(event_class, event, key.key);
  if (!context.store.find(key)) context.notify(EventClass::kGeneric, "del", key.key);
}

/// Inserts or replaces a key with a string; one whose time has passed already is erased instead.
void store_value(Context& context, const storage::KeyRef& key, std::string_view value,
                 storage::ExpiryMs expiry);

/// Gives a key that is here this expiry; erases it if that time has passed already. Notes which.
void set_or_reach_expiry(Context& context, const storage::KeyRef& key, storage::ExpiryMs expiry);

/// Erases the key. False if it is not here or expired.
bool erase_live(Context& context, const storage::KeyRef& key);

}  // namespace borg::commands
