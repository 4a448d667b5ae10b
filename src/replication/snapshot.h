// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/codec.h"
#include "storage/partition_store.h"

namespace borg::replication {

// Keys with their whole state, as snapshots and kState operations carry them.

void encode_entry(Encoder& out, const storage::EntryView& entry);
/// The key is not there.
void encode_absence(Encoder& out, std::string_view key);
/// Makes the store's keys what the bytes say; false if they are damaged.
[[nodiscard]] bool apply_entries(std::string_view bytes, PartitionId partition,
                                 storage::PartitionStore& store);

}  // namespace borg::replication
