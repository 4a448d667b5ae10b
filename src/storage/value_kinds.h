// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/partition_store.h"

namespace borg::storage {

/// A number that says what a value is: the same for values that no command but OBJECT ENCODING
/// can tell apart, however they are kept and in whatever order. The key and its expiry do not
/// count. Takes time in proportion to the value.
[[nodiscard]] std::uint64_t digest_of_value(const EntryView& entry);

/// A number that says which keys with which values and expiries are in a store, as
/// digest_of_value(), in whatever order. Takes time in proportion to the data.
[[nodiscard]] std::uint64_t digest_of_store(const PartitionStore& store);

/// Redis's word for how a container is kept.
[[nodiscard]] std::string_view encoding_of_container(const EntryView& entry);

/// Whether the bytes, which nobody vouches for, are the packed value of such an entry.
[[nodiscard]] bool is_valid_packed(ValueType type, std::string_view bytes);

}  // namespace borg::storage
