// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/borgctl/container.h"
#include "base/result.h"

namespace borg::borgctl {

/// One key with its value, as it stands in a file.
struct Record {
  std::string key;
  std::string value;                          ///< of a string
  std::optional<Container> container = {};    ///< instead of `value`
  std::optional<std::int64_t> ttl_ms;         ///< from the moment it is loaded
  std::optional<std::int64_t> expires_at_ms;  ///< since 1970, UTC; if both are given, this counts

  [[nodiscard]] std::size_t bytes() const {
    return key.size() + (container ? container->bytes() : value.size());
  }
  friend bool operator==(const Record&, const Record&) = default;
};

/// Why a line is not a record, for people.
struct BadRecord {
  std::string why;
};
using RecordResult = Result<Record, BadRecord>;

}  // namespace borg::borgctl
