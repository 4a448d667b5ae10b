// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "commands/command.h"
#include "storage/partition_store.h"

namespace borg::commands {

/// About how many bytes a command's execution may add to the store beyond its own arguments: a few
/// words may make a value of 512 MB (SETRANGE), or copy one that is here (COPY, SUNIONSTORE).
/// 0 for most commands, for what is small, and for arguments that make no sense.
[[nodiscard]] std::uint64_t growth(const CommandSpec& spec, Args args,
                                   const storage::PartitionStore& store);

}  // namespace borg::commands
