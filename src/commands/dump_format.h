// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/partition_store.h"

namespace borg::commands {

// What DUMP returns and RESTORE takes: a value in the form of Redis's RDB files, the version of
// that form (2 bytes) and a CRC-64 of all before (8 bytes). Borg writes version 10, that of Redis
// 7.0, and reads what Redis 7.0 reads: what any Redis up to it writes, LZF included.

[[nodiscard]] std::string dumped(const storage::EntryView& entry);

/// Whether the bytes end with a version that can be read and with their checksum.
[[nodiscard]] bool is_dump(std::string_view bytes);

/// A value that is in no store yet.
struct DumpedValue {
  storage::ValueType type = storage::ValueType::kString;
  /// A string's one, a list's or set's elements, a hash's fields each with its value behind it,
  /// a sorted set's members each with its score.
  std::vector<std::string> items;

  /// REQUIRES: the key is not there.
  void store(storage::PartitionStore& store, const storage::KeyRef& key,
             storage::ExpiryMs expiry) const;
};

/// Nullopt if the bytes, which nobody vouches for, are no value. REQUIRES: is_dump(bytes).
[[nodiscard]] std::optional<DumpedValue> read_dump(std::string_view bytes);

}  // namespace borg::commands
