// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "commands/command.h"

namespace borg::commands {

/// Milliseconds for which a command may block, 0 for as long as it takes; or nullopt, and
/// `error` is what Redis says. `text` is a number of seconds.
[[nodiscard]] std::optional<std::int64_t> parse_timeout(std::string_view text,
                                                        std::string_view& error);

/// That of a command that may block; nullopt if it makes no sense (the handler says so).
/// REQUIRES: spec.timeout_at is not 0, and the number of arguments is right.
[[nodiscard]] std::optional<std::int64_t> timeout_of(const CommandSpec& spec, Args args);

/// False if the time-out makes no sense, and the error is written. How long it is is no concern
/// of a handler: whoever waits for the reply keeps the time.
[[nodiscard]] bool check_timeout(Context& context, std::string_view text);

/// The first of the keys that exists. False if it is of another type, and the error is written.
/// Leaves no trace, of expired keys either: who goes on to wait must not have changed anything.
[[nodiscard]] bool find_first(Context& context, Args keys, storage::ValueType type,
                              std::optional<std::string_view>& found);

/// Behind the reply for whoever cannot wait: these keys, part of the command's arguments, did not
/// exist.
void wait_for(Context& context, Args keys, storage::ValueType type);

/// The command with this key in place of all those of which it waits for one.
/// REQUIRES: `waits_for` is part of `args`.
[[nodiscard]] std::vector<std::string_view> narrowed(const CommandSpec& spec, Args args,
                                                     Args waits_for, std::string_view key);

/// The reply of a command that waited in vain: null, or an error where `why` is "error".
void write_unblocked(std::string_view why, resp::Writer& reply);
[[nodiscard]] bool is_unblocked(std::string_view reply);

}  // namespace borg::commands
