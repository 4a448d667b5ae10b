// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/command.h"

namespace borg::commands {

inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
/// Redis's proto-max-bulk-len: no value gets longer.
inline constexpr std::size_t kValueBytesMax = 512u * 1024 * 1024;

/// `text` as it is in lower case; `lower` has no upper-case letters.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

[[nodiscard]] std::string lower_case(std::string_view text);

/// The integer in `text`; or nullopt, and Redis's error is written.
[[nodiscard]] std::optional<std::int64_t> read_integer(Context& context, std::string_view text);

/// A time as a command gives it: in which unit, and whether from now on.
enum class TimeUnit : std::uint8_t { kSeconds, kMilliseconds, kUnixSeconds, kUnixMilliseconds };

/// An expiry as it is stored; nullopt if that does not fit into 64 bits.
[[nodiscard]] std::optional<storage::ExpiryMs> to_expiry(std::int64_t time, TimeUnit unit,
                                                         const Context& context);

/// When the wall clock shows that it is reached: milliseconds since the Unix epoch.
[[nodiscard]] std::int64_t to_wall_ms(storage::ExpiryMs expiry, const Context& context);

/// "ERR invalid expire time in '<command>' command".
void write_invalid_expire(Context& context, std::string_view command);

/// As to_expiry() of an argument that must be positive; or nullopt, and the error is written.
[[nodiscard]] std::optional<storage::ExpiryMs> read_expiry(Context& context, std::string_view text,
                                                           TimeUnit unit, std::string_view command);

/// "ERR wrong number of arguments for '<command>' command", of a command in any case.
void write_wrong_arity(Context& context, std::string_view command);

/// False if these strings, among others, would be more than the outcome may have, and the error is
/// written. To be asked before anything is changed.
[[nodiscard]] bool fits_outcome(Context& context, std::size_t strings, std::size_t bytes);

}  // namespace borg::commands
