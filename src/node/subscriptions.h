// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>

#include "base/time.h"
#include "wire/pubsub.h"

namespace borg::node {

using wire::ChannelKind;

inline constexpr std::size_t kChannelKinds = 3;

/// What one client is subscribed to.
struct Subscriptions {
  std::array<std::set<std::string, std::less<>>, kChannelKinds> names;
  /// Since when it has had more output than it should; never: it has not.
  Instant slow_since = Instant::never();

  [[nodiscard]] auto& of(ChannelKind kind) { return names[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const auto& of(ChannelKind kind) const {
    return names[static_cast<std::size_t>(kind)];
  }
  /// As SUBSCRIBE and its like count them: shard channels for themselves.
  [[nodiscard]] std::size_t count(ChannelKind kind) const {
    if (kind == ChannelKind::kShard) return of(kind).size();
    return of(ChannelKind::kChannel).size() + of(ChannelKind::kPattern).size();
  }
  [[nodiscard]] bool empty() const {
    return names[0].empty() && names[1].empty() && names[2].empty();
  }
};

}  // namespace borg::node
