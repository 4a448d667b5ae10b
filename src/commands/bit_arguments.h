// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "commands/command.h"

namespace borg::commands {

/// The place of a bit: the first byte's highest bit is 0. With `field_bits` the text may be
/// "#n", which is the place of the n-th field of so many bits. Nullopt if no value has room for
/// it, and the error is written.
[[nodiscard]] std::optional<std::uint64_t> read_bit_offset(Context& context, std::string_view text,
                                                           std::uint64_t field_bits = 0);

/// The bytes of a string with room up to a bit, which is created or grows as needed. One that is
/// only looked at counts as unchanged, for who watches it too.
struct Bits {
  storage::KeyRef key;
  std::string_view bytes;  ///< valid until the next change of the store
  bool has_grown = false;
  /// To be written to; `bytes` shows what is written.
  [[nodiscard]] char* writable(Context& context) {
    char* const at = context.store.resize_value(key, bytes.size());
    bytes = {at, bytes.size()};
    return at;
  }
};
/// Nullopt if the key is of another type, and the error is written.
[[nodiscard]] std::optional<Bits> bits_for_write(Context& context, std::string_view key,
                                                 std::uint64_t last_bit);

}  // namespace borg::commands
