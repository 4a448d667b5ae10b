// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/ids.h"

namespace borg {

/// The slot of a key: CRC16 (XMODEM) of the key, or of its {hash tag}, modulo 16384.
///
/// Source: Redis Cluster specification, "Key distribution model" and "Hash tags".
[[nodiscard]] SlotId slot_of_key(std::string_view key);

}  // namespace borg
