// SPDX-License-Identifier: Apache-2.0
#include "storage/hash_order.h"

// Keys are short: the inlined hash costs less than the call into the shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace borg::storage {

std::uint64_t hash_of_key(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace borg::storage
