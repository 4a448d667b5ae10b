// SPDX-License-Identifier: Apache-2.0
#include "commands/geo_math.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace borg::commands {

namespace {

constexpr double kLongitudeMax = 180;
constexpr double kLatitudeMax = 85.05112878;
constexpr double kEarthRadiusM = 6372797.560856;
constexpr double kMercatorMaxM = 20037726.37;
constexpr unsigned kStepMax = 26;
constexpr std::uint64_t kEvenBits = 0x5555555555555555;
constexpr double kRadians = std::numbers::pi / 180;

struct Span {
  double min;
  double max;
};

/// The bits with a zero before each.
std::uint64_t spread(std::uint64_t bits) {
  bits = (bits | (bits << 16)) & 0x0000ffff0000ffff;
  bits = (bits | (bits << 8)) & 0x00ff00ff00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x3333333333333333;
  return (bits | (bits << 1)) & kEvenBits;
}

/// Every other bit.
std::uint64_t gathered(std::uint64_t bits) {
  bits &= kEvenBits;
  bits = (bits | (bits >> 1)) & 0x3333333333333333;
  bits = (bits | (bits >> 2)) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | (bits >> 4)) & 0x00ff00ff00ff00ff;
  bits = (bits | (bits >> 8)) & 0x0000ffff0000ffff;
  return (bits | (bits >> 16)) & 0x00000000ffffffff;
}

/// One of 4^step areas that the earth is divided into.
struct Cell {
  std::uint64_t bits = 0;
  unsigned step = 0;  ///< 0: none
  friend bool operator==(const Cell&, const Cell&) = default;

  static Cell at(const GeoPoint& point, unsigned step, double latitude_max = kLatitudeMax) {
    const auto scaled = [&](double degrees, double max) {
      const double offset = (degrees + max) / (2 * max) * static_cast<double>(1ull << step);
      return static_cast<std::uint64_t>(offset);
    };
    return {spread(scaled(point.latitude, latitude_max)) |
                (spread(scaled(point.longitude, kLongitudeMax)) << 1),
            step};
  }

  [[nodiscard]] Span latitudes() const { return span(gathered(bits), kLatitudeMax); }
  [[nodiscard]] Span longitudes() const { return span(gathered(bits >> 1), kLongitudeMax); }

  /// Its neighbour so many cells to the east and to the north, around the earth. As in Redis the
  /// last degree of all has a cell of its own, beyond the others, where no member is.
  [[nodiscard]] Cell moved(int east, int north) const {
    const auto moved_by = [&](std::uint64_t index, int by) {
      if (by == 0) return index;
      return (index + static_cast<std::uint64_t>(by)) & ((std::uint64_t{1} << step) - 1);
    };
    return {spread(moved_by(gathered(bits), north)) |
                (spread(moved_by(gathered(bits >> 1), east)) << 1),
            step};
  }

  [[nodiscard]] GeoShape::Scores scores() const {
    const unsigned shift = 2 * (kStepMax - step);
    return {static_cast<double>(bits << shift), static_cast<double>((bits + 1) << shift)};
  }

 private:
  [[nodiscard]] Span span(std::uint64_t index, double max) const {
    const auto place = [&](std::uint64_t i) {
      return -max + static_cast<double>(i) / static_cast<double>(1ull << step) * (2 * max);
    };
    return {place(index), place(index + 1)};
  }
};

/// What a shape reaches at most.
struct Bounds {
  Span longitudes;
  Span latitudes;
};

Bounds bounds_of(const GeoShape& shape) {
  const double height = shape.is_box ? shape.height_m / 2 : shape.radius_m;
  const double width = shape.is_box ? shape.width_m / 2 : shape.radius_m;
  const double up = height / kEarthRadiusM / kRadians;
  // The arc of a degree of longitude is shortest where the shape is nearest to a pole.
  const double edge = shape.center.latitude + (shape.center.latitude < 0 ? -up : up);
  const double aside = width / kEarthRadiusM / std::cos(edge * kRadians) / kRadians;
  return {{shape.center.longitude - aside, shape.center.longitude + aside},
          {shape.center.latitude - up, shape.center.latitude + up}};
}

/// So that a cell is about as large as the shape.
unsigned step_for(const GeoShape& shape) {
  double range = shape.is_box ? std::hypot(shape.width_m / 2, shape.height_m / 2) : shape.radius_m;
  if (range == 0) return kStepMax;
  int step = -1;
  for (; range < kMercatorMaxM; range *= 2) ++step;
  const double latitude = std::abs(shape.center.latitude);
  if (latitude > 66) --step;
  if (latitude > 80) --step;
  return static_cast<unsigned>(std::clamp(step, 1, static_cast<int>(kStepMax)));
}

/// Whether the cell and its neighbours cover the bounds.
bool covers(const Cell& middle, const Bounds& bounds) {
  return middle.moved(0, 1).latitudes().max >= bounds.latitudes.max &&
         middle.moved(0, -1).latitudes().min <= bounds.latitudes.min &&
         middle.moved(1, 0).longitudes().max >= bounds.longitudes.max &&
         middle.moved(-1, 0).longitudes().min <= bounds.longitudes.min;
}

}  // namespace

bool GeoPoint::is_valid() const {
  return std::abs(longitude) <= kLongitudeMax && std::abs(latitude) <= kLatitudeMax;
}

double score_of(const GeoPoint& point) {
  return static_cast<double>(Cell::at(point, kStepMax).bits);
}

GeoPoint point_of(double score) {
  constexpr double kBitsEnd = 0x1p63;
  const bool is_position = std::abs(score) < kBitsEnd;
  const auto bits = is_position ? static_cast<std::int64_t>(score) : INT64_MIN;
  const Cell cell{static_cast<std::uint64_t>(bits), kStepMax};
  const auto middle = [](const Span& span, double max) {
    return std::clamp((span.min + span.max) / 2, -max, max);
  };
  return {middle(cell.longitudes(), kLongitudeMax), middle(cell.latitudes(), kLatitudeMax)};
}

std::string geohash_of(const GeoPoint& point) {
  constexpr std::string_view kAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr double kPole = 90;  // unlike that of the score
  const std::uint64_t bits = Cell::at(point, kStepMax, kPole).bits;
  std::string text;
  for (unsigned shift = 2 * kStepMax; shift >= 5;) {
    shift -= 5;
    text += kAlphabet[(bits >> shift) & 0x1f];
  }
  return text + '0';  // two bits are left: Redis takes them for nothing
}

double distance_between(const GeoPoint& a, const GeoPoint& b) {
  const double latitude_a = a.latitude * kRadians;
  const double latitude_b = b.latitude * kRadians;
  const double v = std::sin((b.longitude * kRadians - a.longitude * kRadians) / 2);
  if (v == 0) return kEarthRadiusM * std::abs(latitude_b - latitude_a);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  const double h = u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v;
  return 2 * kEarthRadiusM * std::asin(std::sqrt(h));
}

std::optional<double> GeoShape::distance_to(const GeoPoint& point) const {
  if (is_box) {
    const double up = distance_between({0, center.latitude}, {0, point.latitude});
    if (up > height_m / 2) return std::nullopt;
    const double aside = distance_between(point, {center.longitude, point.latitude});
    if (aside > width_m / 2) return std::nullopt;
  }
  const double distance = distance_between(center, point);
  if (!is_box && distance > radius_m) return std::nullopt;
  return distance;
}

std::vector<GeoShape::Scores> GeoShape::areas() const {
  const Bounds bounds = bounds_of(*this);
  unsigned step = step_for(*this);
  if (step > 1 && !covers(Cell::at(center, step), bounds)) --step;
  const Cell middle = Cell::at(center, step);
  // Where the middle one reaches beyond the shape there is nothing to look for.
  const bool may_skip = step >= 2;
  const bool skips_south = may_skip && middle.latitudes().min < bounds.latitudes.min;
  const bool skips_north = may_skip && middle.latitudes().max > bounds.latitudes.max;
  const bool skips_west = may_skip && middle.longitudes().min < bounds.longitudes.min;
  const bool skips_east = may_skip && middle.longitudes().max > bounds.longitudes.max;
  struct Move {
    int east;
    int north;
  };
  constexpr std::array<Move, 9> kMoves{
      {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
  std::vector<Cell> cells;
  for (const auto& [east, north] : kMoves) {
    if ((skips_south && north < 0) || (skips_north && north > 0)) continue;
    if ((skips_west && east < 0) || (skips_east && east > 0)) continue;
    const Cell cell = middle.moved(east, north);
    // Large cells are their own neighbours.
    if (std::ranges::find(cells, cell) == cells.end()) cells.push_back(cell);
  }
  std::vector<Scores> scores;
  for (const Cell& cell : cells) scores.push_back(cell.scores());
  return scores;
}

}  // namespace borg::commands
