// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "node/subscribers.h"

namespace borg::node {

/// Which siblings of a worker have subscribers of what, as they told it.
class Interests {
 public:
  using Lane = std::uint16_t;

  void add(ChannelKind kind, std::string_view name, Lane lane);
  void remove(ChannelKind kind, std::string_view name, Lane lane);
  void forget(Lane lane);
  /// Names that siblings have told of.
  [[nodiscard]] std::size_t count(ChannelKind kind) const {
    return lanes_[static_cast<std::size_t>(kind)].size();
  }
  [[nodiscard]] bool has(ChannelKind kind, std::string_view name) const {
    return lanes_[static_cast<std::size_t>(kind)].contains(name);
  }
  /// The siblings that want a message of this channel, each once, in order.
  [[nodiscard]] std::vector<Lane> lanes(bool is_sharded, std::string_view channel) const;

 private:
  using Lanes = std::vector<Lane>;  // sorted
  std::array<ByName<Lanes>, kChannelKinds> lanes_;
};

}  // namespace borg::node
