// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "resp/parser.h"

namespace borg::borgctl {

/// A reply as redis-cli shows it: (integer) 1, "text", (nil), 1) 2) and so on. Ends with a
/// newline.
[[nodiscard]] std::string reply_text(const resp::Value& reply);
/// Strings as they are, a line each; for replies that are meant to be read as text.
[[nodiscard]] std::string raw_reply_text(const resp::Value& reply);

}  // namespace borg::borgctl
