// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/history.h"

namespace borg::sim {

/// Checks of one key's operations, without any search, that nothing happened twice: where values
/// are of pieces that begin with '.', each written once, no value ever shown has a piece twice; a
/// counter that is only counted ends where those that counted can have brought it.
///
/// The last answer to `get` is what it ends at, if nothing else was under way then.
/// Throws Violation.
void check_exactly_once(const std::vector<Operation>& operations);

}  // namespace borg::sim
