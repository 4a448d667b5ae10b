// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "commands/key_access.h"
#include "storage/list_value.h"

namespace borg::commands {

/// The list of a command that reads, if it is there. False if the key is of another type, and the
/// error is written.
[[nodiscard]] inline bool find_list(Context& context, std::string_view key,
                                    std::optional<storage::ListReader>& list) {
  return find_container(context, key, storage::ValueType::kList, list);
}

/// Nullopt if the key is of another type, and the error is written.
[[nodiscard]] inline std::optional<storage::ListWriter> list_for_write(Context& context,
                                                                       std::string_view key) {
  return container_for_write<storage::ListWriter>(context, key, storage::ValueType::kList);
}

/// Removes `count` elements, or all, from an end of a list that exists, and writes them as an
/// array, the outermost first.
void pop_elements(Context& context, storage::ListWriter& list, std::string_view key,
                  storage::ListEnd end, std::size_t count);

void note_pushed(Context& context, bool was_absent, storage::ListEnd end, std::string_view key);
void note_popped(Context& context, storage::ListEnd end, std::string_view key);

}  // namespace borg::commands
