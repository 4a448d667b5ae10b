// SPDX-License-Identifier: Apache-2.0
#include "commands/key_access.h"

#include <array>

namespace borg::commands {

std::string_view type_name(storage::ValueType type) {
  static constexpr std::array<std::string_view, storage::kValueTypes> kNames{"string", "list",
                                                                             "set", "zset", "hash"};
  return kNames.at(static_cast<std::size_t>(type));
}

void store_value(Context& context, const storage::KeyRef& key, std::string_view value,
                 storage::ExpiryMs expiry) {
  if (expiry <= context.now_ms) [[unlikely]] {
    if (context.store.erase(key)) context.changed = true;
    return;
  }
  context.store.put(key, value, expiry);
  context.changed = true;
}

void set_or_reach_expiry(Context& context, const storage::KeyRef& key, storage::ExpiryMs expiry) {
  if (expiry <= context.now_ms) {
    context.store.erase(key);
    context.notify(EventClass::kGeneric, "del", key.key);
  } else {
    context.store.set_expiry(key, expiry);
    context.notify(EventClass::kGeneric, expiry == storage::kNoExpiry ? "persist" : "expire",
                   key.key);
  }
  context.changed = true;
}

bool erase_live(Context& context, const storage::KeyRef& key) {
  if (!find_for_write(context, key)) return false;
  context.store.erase(key);
  context.changed = true;
  context.notify(EventClass::kGeneric, "del", key.key);
  return true;
}

}  // namespace borg::commands
