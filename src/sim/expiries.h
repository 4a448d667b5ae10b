// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/history.h"

namespace borg::sim {

/// Makes of operations with a time to live (set px, pexpire, getex px, pttl; times in ms) what
/// StringModel can judge: each such operation is told between when and when the key's time
/// comes, and the coming of that time is an operation of its own, which may happen from the
/// earliest moment on.
///
/// A node decides by its own clock, of which is known only that it never goes back for a key, and
/// that two readings differ from what has passed between them by at most `slack_ns`.
///
/// REQUIRES: times are nanoseconds, operations are of one key.
[[nodiscard]] std::vector<Operation> with_expiries(std::vector<Operation> operations,
                                                   std::int64_t slack_ns);

}  // namespace borg::sim
