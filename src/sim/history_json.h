// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "sim/history.h"

namespace borg::sim {

/// Why a line is no operation.
struct LineError {
  std::string message;
};

/// One operation from one line of JSON:
///
///   {"client": 1, "key": "k", "op": "incr", "args": ["1"], "invoke": 123,
///    "return": 456 or null, "outcome": "ok" | "failed" | "unknown",
///    "result": "5" or 5 or null or {"error": "ERR ..."}}
///
/// "args" may be left out, "return" and "result" where they are not known. Times are integers
/// of any one unit.
[[nodiscard]] std::variant<Operation, LineError> operation_from_json(std::string_view line);

}  // namespace borg::sim
