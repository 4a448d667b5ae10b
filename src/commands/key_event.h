// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace borg::commands {

/// Classes of keyspace events, each the letter that stands for it in notify-keyspace-events.
enum class EventClass : char {
  kGeneric = 'g',  ///< commands of any type: del, expire, rename_from …
  kString = '$',
  kList = 'l',
  kSet = 's',
  kHash = 'h',
  kSortedSet = 'z',
  kExpired = 'x',
  kEvicted = 'e',
  kNew = 'n',      ///< a key that was not there is there
  kKeyMiss = 'm',  ///< a read met no key
};

/// Something that happened to a key.
struct KeyEvent {
  EventClass event_class;
  std::string_view name;  ///< a literal: "set", "lpush" …
  std::string key;
};

}  // namespace borg::commands
