// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/history.h"

namespace borg::sim {

/// True of operations that check_queue() is about: `push`, `pop` and `rest`.
[[nodiscard]] bool is_of_queue(const Operation& operation);

/// Checks the operations on one list at whose end elements are pushed, each of them once, and from
/// whose front they are popped by commands that block: no element is popped that was not pushed,
/// or popped twice, or popped before one that was pushed before; none is missing but as many as
/// there are pops without a known outcome. The last `rest` is what is there at the end, elements
/// with a blank behind each.
///
/// Throws Violation.
void check_queue(const std::vector<Operation>& operations);

}  // namespace borg::sim
