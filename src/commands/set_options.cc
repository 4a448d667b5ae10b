// SPDX-License-Identifier: Apache-2.0
#include "commands/set_options.h"

#include <array>
#include <utility>

namespace borg::commands {

namespace {

bool read_flag(std::string_view option, OptionsOf command, SetOptions& options) {
  const auto allow = [](bool& flag, bool possible) {
    if (possible) flag = true;
    return possible;
  };
  const bool of_set = command != OptionsOf::kGetex;
  if (equals_ignoring_case(option, "nx")) {
    return allow(options.only_if_absent, of_set && !options.only_if_present && !options.only_if);
  }
  if (equals_ignoring_case(option, "xx")) {
    return allow(options.only_if_present, of_set && !options.only_if_absent && !options.only_if);
  }
  if (equals_ignoring_case(option, "get"))
    return allow(options.get_old, command == OptionsOf::kSet);
  if (equals_ignoring_case(option, "keepttl")) {
    return allow(options.keep_expiry, of_set && !options.has_time);
  }
  if (equals_ignoring_case(option, "persist")) {
    return allow(options.persist, !of_set && !options.has_time);
  }
  return false;
}

/// False if another condition, or this one, was there before.
bool read_condition(Comparison comparison, std::string_view expected, SetOptions& options) {
  if (options.only_if_absent || options.only_if_present || options.only_if) return false;
  options.only_if = {comparison, expected};
  return true;
}

bool read_time(TimeUnit unit, std::string_view time, SetOptions& options) {
  // The same unit may be given again, and the last one counts: so does Redis.
  if (options.keep_expiry || options.persist) return false;
  if (options.has_time && options.unit != unit) return false;
  options.has_time = true;
  options.unit = unit;
  options.time = time;
  return true;
}

}  // namespace

std::optional<TimeUnit> read_time_unit(std::string_view option) {
  static constexpr std::array<std::pair<std::string_view, TimeUnit>, 4> kUnits{{
      {"ex", TimeUnit::kSeconds},
      {"px", TimeUnit::kMilliseconds},
      {"exat", TimeUnit::kUnixSeconds},
      {"pxat", TimeUnit::kUnixMilliseconds},
  }};
  for (const auto& [name, unit] : kUnits) {
    if (equals_ignoring_case(option, name)) return unit;
  }
  return std::nullopt;
}

std::optional<SetOptions> read_set_options(Args args, OptionsOf command) {
  SetOptions options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto unit = read_time_unit(args[i]);
    if (unit) {
      if (i + 1 == args.size() || !read_time(*unit, args[i + 1], options)) return std::nullopt;
      ++i;
    } else if (const auto comparison =
                   command == OptionsOf::kSet ? read_comparison(args[i]) : std::nullopt) {
      if (i + 1 == args.size() || !read_condition(*comparison, args[i + 1], options)) {
        return std::nullopt;
      }
      ++i;
    } else if (!read_flag(args[i], command, options)) {
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace borg::commands
