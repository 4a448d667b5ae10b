// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/borgctl/cluster_client.h"
#include "app/borgctl/record.h"

namespace borg::borgctl {

/// Reads keys with their values and expiry, many on their way at a time.
class KeyReader {
 public:
  enum class State { kRead, kGone, kRefused, kNotNow, kChanged };
  struct Item {
    std::string key;
    State state = State::kNotNow;
    Record record;      ///< of kRead and kChanged
    std::string error;  ///< of kRefused and kNotNow: the reply
  };

  /// An item for each key, in their order. kChanged: the expiry was not the same before and
  /// after the value was read, so the two may not belong together.
  [[nodiscard]] static Result<std::vector<Item>, NetError> read(Connection& connection,
                                                                std::vector<std::string> keys);
};

}  // namespace borg::borgctl
