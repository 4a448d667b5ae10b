// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/codec.h"
#include "storage/partition_store.h"

namespace borg::replication {

// Keys with their whole state, as snapshots and kState operations carry them.

/// Of a large container this is but the beginning: its elements come behind it.
void encode_entry(Encoder& out, const storage::EntryView& entry);
/// Of a key that is there already.
void encode_expiry(Encoder& out, const storage::EntryView& entry);
/// The key is not there.
void encode_absence(Encoder& out, std::string_view key);

/// Elements of one large container.
///
/// Order: finish() is called once, at the end; nothing else is written to the encoder before.
class ElementEncoder {
 public:
  ElementEncoder(Encoder& out, std::string_view key);
  void put(std::string_view element, std::string_view value);
  void erase(std::string_view element);
  /// Of a list.
  void change(storage::ListChange change, std::uint64_t index, std::string_view element);
  void finish();

 private:
  Encoder& out_;
};

/// Makes the store's keys what the bytes say; false if they are damaged.
[[nodiscard]] bool apply_entries(std::string_view bytes, PartitionId partition,
                                 storage::PartitionStore& store);

}  // namespace borg::replication
