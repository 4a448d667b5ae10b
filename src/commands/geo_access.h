// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "commands/geo_math.h"
#include "commands/sorted_set_access.h"

namespace borg::commands {

/// Nullopt if it is none on earth, and the error is written.
[[nodiscard]] std::optional<GeoPoint> read_point(Context& context, std::string_view longitude,
                                                 std::string_view latitude);

/// A unit of length in meters; nullopt if it is none, and the error is written.
[[nodiscard]] std::optional<double> read_unit(Context& context, std::string_view text);

void write_point(Context& context, const GeoPoint& point);
/// With four decimals.
void write_distance(Context& context, double distance);

}  // namespace borg::commands
