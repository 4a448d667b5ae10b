// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace borg::borgctl {

/// "17 B", "1.5 KiB", "2.0 GiB".
[[nodiscard]] std::string human_bytes(std::int64_t bytes);
/// "1,234,567".
[[nodiscard]] std::string human_count(std::int64_t count);
/// "0.4 s", "12 s", "3m05s", "2h07m".
[[nodiscard]] std::string human_seconds(double seconds);
/// "3 keys", "1 key": `one` is the word for a single thing, the plural takes an s.
[[nodiscard]] std::string human_number_of(std::int64_t count, const std::string& one);

}  // namespace borg::borgctl
