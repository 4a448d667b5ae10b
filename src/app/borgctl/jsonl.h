// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "app/borgctl/record.h"

namespace borg::borgctl {

/// One line of a JSON lines file: {"key": …, "value": …, "ttl_ms": …, "expires_at_ms": …}.
///
/// A container has a "type", and as its value an array (list, set) or an object (hash: fields and
/// values; zset: members and scores, as text) of strings.
///
/// Bytes that are not UTF-8 stand in "key_base64" and "value_base64" instead, of a
/// container all of its strings. A field of any
/// other name is refused: a misspelt expiry must not be lost in silence.
[[nodiscard]] RecordResult parse_json_record(std::string_view line);

/// Appends the record and a newline.
void append_json_record(std::string& out, const Record& record);

/// Appends "name": bytes, or "name_base64": … if they are not UTF-8.
void append_json_bytes(std::string& out, std::string_view name, std::string_view bytes);
/// Appends a JSON string. REQUIRES: UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace borg::borgctl
