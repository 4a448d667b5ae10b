// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace borg::commands {

// Places on the earth as Redis keeps them: the score of a member is its position in 52 bits, those
// of latitude and longitude in turn, so that what is near is often near in the set too.
//
// Source: G. Niemeyer's geohash (geohash.org), with the latitudes of Web Mercator (EPSG:3857).

struct GeoPoint {
  double longitude = 0;  ///< degrees, [-180, 180]
  double latitude = 0;   ///< degrees, [-85.05112878, 85.05112878]
  [[nodiscard]] bool is_valid() const;
};

[[nodiscard]] double score_of(const GeoPoint& point);
/// The middle of the area that the score means; some place for a score of something else.
[[nodiscard]] GeoPoint point_of(double score);
/// Eleven characters, as GEOHASH writes it.
[[nodiscard]] std::string geohash_of(const GeoPoint& point);
/// Meters, by the haversine formula, on a sphere.
[[nodiscard]] double distance_between(const GeoPoint& a, const GeoPoint& b);

/// What is looked for: what lies within a circle or a box around a point.
struct GeoShape {
  GeoPoint center;
  bool is_box = false;
  double radius_m = 0;
  double width_m = 0;
  double height_m = 0;

  /// How far a point that is within it is from the center, in meters; nullopt if it is not.
  [[nodiscard]] std::optional<double> distance_to(const GeoPoint& point) const;

  /// Scores in [first, last).
  struct Scores {
    double first;
    double last;
  };
  /// Of up to nine areas that together cover the shape, the middle one first, in Redis's order.
  [[nodiscard]] std::vector<Scores> areas() const;
};

}  // namespace borg::commands
