// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/command.h"

namespace borg::commands {

/// Writes Redis's error and returns false if a key lacks what belongs to it (MSET's value). Redis
/// finds that out when it executes the command: one like that can be queued in MULTI, and must not
/// be split.
bool check_values(const CommandSpec& spec, Args args, resp::Writer& reply);

}  // namespace borg::commands
