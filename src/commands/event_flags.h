// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/key_event.h"

namespace borg::commands {

/// Which keyspace events are published and where, as notify-keyspace-events says it.
///
/// Source: Redis, "Keyspace notifications". Classes of what Borg does not have (streams, modules)
/// are known and shown, and nothing is ever of them.
class EventFlags {
 public:
  EventFlags() = default;
  /// Nullopt if there is another letter than those of kAllLetters.
  static std::optional<EventFlags> parse(std::string_view letters);
  static constexpr std::string_view kAllLetters = "Ag$lshzxeKEtmdn";

  /// As CONFIG GET of Redis 7.0 shows it: A for what it stands for, and then no n.
  [[nodiscard]] std::string shown() const;
  /// Every letter that counts, for parse().
  [[nodiscard]] std::string letters() const;

  [[nodiscard]] bool to_keyspace() const { return has('K'); }
  [[nodiscard]] bool to_keyevent() const { return has('E'); }
  [[nodiscard]] bool has(EventClass event_class) const {
    return has(static_cast<char>(event_class));
  }
  /// Something may be published.
  [[nodiscard]] bool any() const;

 private:
  [[nodiscard]] bool has(char letter) const;
  std::uint32_t bits_ = 0;
};

}  // namespace borg::commands
