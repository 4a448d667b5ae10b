// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "commands/arguments.h"
#include "commands/command.h"
#include "commands/value_condition.h"

namespace borg::commands {

/// What stands behind SET's value, MSETEX's values and GETEX's key.
struct SetOptions {
  bool only_if_absent = false;
  bool only_if_present = false;
  std::optional<ValueCondition> only_if;
  bool get_old = false;
  bool keep_expiry = false;
  bool persist = false;
  bool has_time = false;
  TimeUnit unit = TimeUnit::kSeconds;
  std::string_view time;  ///< as given: it is checked later, as in Redis
};

/// The unit of the time behind EX, PX, EXAT or PXAT; nullopt for another word.
[[nodiscard]] std::optional<TimeUnit> read_time_unit(std::string_view option);

enum class OptionsOf : std::uint8_t { kSet, kMsetex, kGetex };

/// Reads all of `args`; nullopt on an unknown option or two that contradict each other.
[[nodiscard]] std::optional<SetOptions> read_set_options(Args args, OptionsOf command);

}  // namespace borg::commands
