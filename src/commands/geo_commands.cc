// SPDX-License-Identifier: Apache-2.0
#include "commands/geo_commands.h"

#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/float_text.h"
#include "commands/geo_access.h"
#include "commands/sorted_set_commands.h"

namespace borg::commands {

using storage::SortedSetReader;

std::optional<GeoPoint> read_point(Context& context, std::string_view longitude,
                                   std::string_view latitude) {
  const auto x = parse_double(longitude);
  const auto y = parse_double(latitude);
  if (!x || !y) {
    context.reply.error("ERR value is not a valid float");
    return std::nullopt;
  }
  const GeoPoint point{*x, *y};
  if (point.is_valid()) return point;
  context.reply.error("ERR invalid longitude,latitude pair " + fixed_text(*x, 6) + "," +
                      fixed_text(*y, 6));
  return std::nullopt;
}

std::optional<double> read_unit(Context& context, std::string_view text) {
  if (equals_ignoring_case(text, "m")) return 1;
  if (equals_ignoring_case(text, "km")) return 1000;
  if (equals_ignoring_case(text, "ft")) return 0.3048;
  if (equals_ignoring_case(text, "mi")) return 1609.34;
  context.reply.error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

void write_point(Context& context, const GeoPoint& point) {
  context.reply.array(2);
  for (const double degrees : {point.longitude, point.latitude}) {
    const std::string text = format_float(static_cast<long double>(degrees));
    if (context.reply.version() == resp::Version::kResp3) {
      context.reply.buffer().append("," + text + "\r\n");
    } else {
      context.reply.bulk(text);
    }
  }
}

void write_distance(Context& context, double distance) {
  context.reply.bulk(fixed_text(distance, 4));
}

namespace {

/// An array of what is shown of each member, or of one that is not there.
template <class Show, class ShowAbsent>
void show_points(Context& context, Args args, Show&& show, ShowAbsent&& show_absent) {
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  context.reply.array(args.size() - 2);
  for (const std::string_view member : args.subspan(2)) {
    const auto score = set ? set->score_of(member) : std::nullopt;
    if (score) {
      show(point_of(*score));
    } else {
      show_absent();
    }
  }
}

}  // namespace

namespace run {

/// Runs the ZADD that it means.
void geoadd(Context& context, Args args) {
  std::size_t first = 2;
  bool only_new = false;
  bool only_present = false;
  for (; first < args.size(); ++first) {
    if (equals_ignoring_case(args[first], "nx")) {
      only_new = true;
    } else if (equals_ignoring_case(args[first], "xx")) {
      only_present = true;
    } else if (!equals_ignoring_case(args[first], "ch")) {
      break;
    }
  }
  if ((args.size() - first) % 3 != 0 || (only_new && only_present)) {
    return context.reply.error(kSyntaxError);
  }
  std::vector<std::string> words(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(first));
  for (std::size_t i = first; i < args.size(); i += 3) {
    const auto point = read_point(context, args[i], args[i + 1]);
    if (!point) return;
    words.push_back(format_score(score_of(*point)));
    words.emplace_back(args[i + 2]);
  }
  const std::vector<std::string_view> views(words.begin(), words.end());
  zadd(context, views);
}

void geopos(Context& context, Args args) {
  show_points(
      context, args, [&](const GeoPoint& point) { write_point(context, point); },
      [&] { context.reply.null_array(); });
}

void geohash(Context& context, Args args) {
  show_points(
      context, args, [&](const GeoPoint& point) { context.reply.bulk(geohash_of(point)); },
      [&] { context.reply.null(); });
}

void geodist(Context& context, Args args) {
  if (args.size() > 5) return context.reply.error(kSyntaxError);
  const auto unit_m = args.size() == 5 ? read_unit(context, args[4]) : 1;
  if (!unit_m) return;
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  const auto from = set ? set->score_of(args[2]) : std::nullopt;
  const auto to = set ? set->score_of(args[3]) : std::nullopt;
  if (!from || !to) return context.reply.null();
  write_distance(context, distance_between(point_of(*from), point_of(*to)) / *unit_m);
}

}  // namespace run

}  // namespace borg::commands
