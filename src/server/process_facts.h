// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/options.h"

namespace borg::server {

/// Asks the system; from any thread.
[[nodiscard]] node::ProcessFacts read_process_facts();

}  // namespace borg::server
