// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace borg {

/// The bytes of an address, as they are sent.
using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

/// Four numbers without leading zeros and dots between them; nothing shorter, and no octal.
[[nodiscard]] std::optional<Ipv4> ipv4_from_text(std::string_view text);
/// RFC 4291, section 2.2: all three forms; no zone.
[[nodiscard]] std::optional<Ipv6> ipv6_from_text(std::string_view text);

[[nodiscard]] std::string to_text(const Ipv4& address);
/// RFC 5952: lower case, without leading zeros, the longest run of zeros as "::".
[[nodiscard]] std::string to_text(const Ipv6& address);

}  // namespace borg
