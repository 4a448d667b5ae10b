// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/ids.h"
#include "base/slot.h"

namespace borg::node {

// The channels of keyspace events, named as in Redis; there is one database.
inline constexpr std::string_view kKeyspacePrefix = "__keyspace@0__:";  ///< then the key
inline constexpr std::string_view kKeyeventPrefix = "__keyevent@0__:";  ///< then the event's name

/// Whose worker gets messages of the channel first: that of its slot, or of the key that it is
/// about.
[[nodiscard]] inline PartitionId partition_of_channel(std::string_view channel) {
  const bool is_of_key = channel.starts_with(kKeyspacePrefix);
  if (is_of_key) channel.remove_prefix(kKeyspacePrefix.size());
  return partition_of(slot_of_key(channel));
}

/// Messages of the channel come first to any worker: to that of the key that they are about.
[[nodiscard]] inline bool comes_from_anywhere(std::string_view channel) {
  return channel.starts_with(kKeyeventPrefix);
}

}  // namespace borg::node
