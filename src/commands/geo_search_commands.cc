// SPDX-License-Identifier: Apache-2.0
// What lies around a point: GEOSEARCH, and the older GEORADIUS with its kin.
#include <algorithm>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/float_text.h"
#include "commands/geo_access.h"
#include "commands/geo_commands.h"

namespace borg::commands {

std::size_t geo_target(Args args) {
  std::size_t found = 0;
  for (std::size_t i = 1; i + 1 < args.size(); ++i) {
    const bool names =
        equals_ignoring_case(args[i], "store") || equals_ignoring_case(args[i], "storedist");
    if (names) found = ++i;
  }
  return found;
}

namespace run {

namespace {

using storage::Scored;
using storage::SortedSetReader;

enum class Around : std::uint8_t { kPoint, kMember, kOption };
enum class Order : std::uint8_t { kNone, kNearestFirst, kFarthestFirst };

/// Which command it is.
struct Form {
  Around around;
  bool may_store = false;    ///< with the options STORE and STOREDIST
  bool is_to_store = false;  ///< GEOSEARCHSTORE
  [[nodiscard]] bool is_search() const { return around == Around::kOption; }
};

/// What a command asks for.
struct Query {
  GeoShape shape;
  double unit_m = 1;
  bool has_center = false;
  bool has_member = false;
  bool has_shape = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_point = false;
  bool any = false;
  bool stores_distance = false;
  std::int64_t count = 0;  ///< 0: all
  Order order = Order::kNone;
  std::optional<std::string_view> target;
  [[nodiscard]] int extras() const { return with_distance + with_hash + with_point; }
};

struct Found {
  std::string_view member;
  double score;
  GeoPoint point;
  double distance;  ///< in the unit
};

/// Reads the arguments of one command. Whatever says no has written the error.
class QueryReader {
 public:
  /// `name` is what the client wrote.
  QueryReader(Context& context, std::string_view name, Form form, const SortedSetReader* set,
              Query& query)
      : context_(context), name_(name), form_(form), set_(set), query_(query) {}

  /// `args` begin with the source.
  bool read(Args args) {
    std::size_t base = 1;
    if (form_.around == Around::kPoint) {
      base = 5;
      if (!read_center(args[1], args[2]) || !read_radius(args[3], args[4])) return false;
    } else if (form_.around == Around::kMember) {
      base = 4;
      // Without the key Redis does not look at them.
      if (set_ != nullptr && (!read_member(args[1]) || !read_radius(args[2], args[3])))
        return false;
    }
    for (Args rest = args.subspan(base); !rest.empty();) {
      const std::size_t taken = read_flag(rest[0]) ? 1 : read_option(rest);
      if (taken == 0) return has_failed_ ? false : fail(kSyntaxError);
      rest = rest.subspan(taken);
    }
    return check();
  }

 private:
  bool fail(std::string_view error) {
    context_.reply.error(error);
    has_failed_ = true;
    return false;
  }

  bool read_center(std::string_view longitude, std::string_view latitude) {
    const auto point = read_point(context_, longitude, latitude);
    has_failed_ = !point;
    if (point) query_.shape.center = *point;
    query_.has_center = true;
    return point.has_value();
  }

  bool read_member(std::string_view member) {
    query_.has_member = true;
    if (set_ == nullptr) return true;
    const auto score = set_->score_of(member);
    if (!score) return fail("ERR could not decode requested zset member");
    query_.shape.center = point_of(*score);
    return true;
  }

  bool read_unit_of(std::string_view unit) {
    const auto unit_m = read_unit(context_, unit);
    has_failed_ = !unit_m;
    query_.unit_m = unit_m.value_or(1);
    query_.has_shape = true;
    return unit_m.has_value();
  }

  bool read_radius(std::string_view radius, std::string_view unit) {
    const auto number = parse_double(radius);
    if (!number) return fail("ERR need numeric radius");
    if (*number < 0) return fail("ERR radius cannot be negative");
    if (!read_unit_of(unit)) return false;
    query_.shape.is_box = false;
    query_.shape.radius_m = *number * query_.unit_m;
    return true;
  }

  bool read_box(std::string_view width, std::string_view height, std::string_view unit) {
    const auto w = parse_double(width);
    if (!w) return fail("ERR need numeric width");
    const auto h = parse_double(height);
    if (!h) return fail("ERR need numeric height");
    if (*h < 0 || *w < 0) return fail("ERR height or width cannot be negative");
    if (!read_unit_of(unit)) return false;
    query_.shape.is_box = true;
    query_.shape.width_m = *w * query_.unit_m;
    query_.shape.height_m = *h * query_.unit_m;
    return true;
  }

  bool read_count(std::string_view text) {
    const auto count = read_integer(context_, text);
    has_failed_ = !count;
    if (!count) return false;
    if (*count <= 0) return fail("ERR COUNT must be > 0");
    query_.count = *count;
    return true;
  }

  bool read_flag(std::string_view text) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(text, name); };
    if (is("withdist")) return query_.with_distance = true;
    if (is("withhash")) return query_.with_hash = true;
    if (is("withcoord")) return query_.with_point = true;
    if (is("any")) return query_.any = true;
    if (is("asc") || is("desc")) {
      query_.order = is("asc") ? Order::kNearestFirst : Order::kFarthestFirst;
      return true;
    }
    return form_.is_to_store && is("storedist") && (query_.stores_distance = true);
  }

  /// How many arguments it is; 0 if it is none, or wrong.
  std::size_t read_option(Args args) {
    const auto is = [&](std::string_view name, std::size_t behind) {
      return args.size() > behind && equals_ignoring_case(args[0], name);
    };
    if (is("count", 1)) return read_count(args[1]) ? 2 : 0;
    if (form_.may_store && (is("store", 1) || is("storedist", 1))) {
      query_.target = args[1];
      query_.stores_distance = is("storedist", 1);
      return 2;
    }
    if (!form_.is_search()) return 0;
    if (is("frommember", 1) && !query_.has_center) return read_member(args[1]) ? 2 : 0;
    if (is("fromlonlat", 2) && !query_.has_member) return read_center(args[1], args[2]) ? 3 : 0;
    const bool has_radius = query_.has_shape && !query_.shape.is_box;
    const bool has_box = query_.has_shape && query_.shape.is_box;
    if (is("byradius", 2) && !has_box) return read_radius(args[1], args[2]) ? 3 : 0;
    if (is("bybox", 3) && !has_radius) return read_box(args[1], args[2], args[3]) ? 4 : 0;
    return 0;
  }

  /// Whether what is there fits together.
  bool check() {
    const std::string name = form_.is_to_store ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    if (query_.target && query_.extras() > 0) {
      return fail("ERR " + name +
                  " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    }
    const std::string command(name_);
    if (form_.is_search() && !query_.has_center && !query_.has_member) {
      return fail("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + command);
    }
    if (form_.is_search() && !query_.has_shape) {
      return fail("ERR exactly one of BYRADIUS and BYBOX can be specified for " + command);
    }
    if (query_.any && query_.count == 0) {
      return fail("ERR the ANY argument requires COUNT argument");
    }
    return true;
  }

  Context& context_;
  std::string_view name_;
  Form form_;
  const SortedSetReader* set_;
  Query& query_;
  bool has_failed_ = false;
};

std::vector<Found> find_all(const SortedSetReader& set, const Query& query) {
  std::vector<Found> found;
  const std::size_t enough =
      query.any ? static_cast<std::size_t>(query.count) : std::size_t{SIZE_MAX};
  for (const GeoShape::Scores& area : query.shape.areas()) {
    const std::size_t first =
        set.count_while([&](const Scored& each) { return each.score < area.first; });
    set.walk(first, [&](const Scored& each) {
      if (each.score >= area.last || found.size() >= enough) return false;
      const GeoPoint point = point_of(each.score);
      if (const auto distance = query.shape.distance_to(point)) {
        found.push_back({each.member, each.score, point, *distance / query.unit_m});
      }
      return true;
    });
  }
  return found;
}

std::vector<Found> search(const SortedSetReader& set, const Query& query) {
  std::vector<Found> found = find_all(set, query);
  const bool is_cut = query.count != 0 && !query.any;
  const Order order = query.order == Order::kNone && is_cut ? Order::kNearestFirst : query.order;
  if (order == Order::kNearestFirst) std::ranges::stable_sort(found, {}, &Found::distance);
  if (order == Order::kFarthestFirst) {
    std::ranges::stable_sort(found, std::ranges::greater(), &Found::distance);
  }
  if (query.count != 0) {
    found.resize(std::min(found.size(), static_cast<std::size_t>(query.count)));
  }
  return found;
}

void show(Context& context, const std::vector<Found>& found, const Query& query) {
  context.reply.array(found.size());
  for (const Found& each : found) {
    if (query.extras() > 0) context.reply.array(static_cast<std::size_t>(query.extras()) + 1);
    context.reply.bulk(each.member);
    if (query.with_distance) write_distance(context, each.distance);
    if (query.with_hash) context.reply.integer(static_cast<std::int64_t>(each.score));
    if (query.with_point) write_point(context, each.point);
  }
}

/// Which members are near enough, and how far they are, is a matter of the mathematical library,
/// and may differ in a last bit from machine to machine: replicas are told what was found.
void store(Context& context, std::string_view target, const std::vector<Found>& found,
           const Query& query, std::string_view event) {
  constexpr std::size_t kScoreBytes = 24;
  std::size_t bytes = target.size();
  for (const Found& each : found) bytes += each.member.size() + kScoreBytes;
  if (!fits_outcome(context, 2 * found.size() + 2, bytes)) return;
  static_cast<void>(find_for_write(context, context.key(target)));
  std::vector<std::string> copies;  // the target may be the source
  std::vector<double> scores;
  for (const Found& each : found) {
    copies.emplace_back(each.member);
    scores.push_back(query.stores_distance ? each.distance : each.score);
  }
  std::vector<Scored> members;
  context.outcome = {"_zstore", std::string(target)};
  for (std::size_t i = 0; i < copies.size(); ++i) {
    members.push_back({copies[i], scores[i]});
    context.outcome.insert(context.outcome.end(), {format_score(scores[i]), copies[i]});
  }
  store_members(context, target, members, event);
}

/// The live entry of the source, left as it is: what becomes of it is not what is replicated.
std::optional<storage::EntryView> find_source(Context& context, const Form& form,
                                              std::string_view key) {
  const storage::KeyRef ref = context.key(key);
  if (!form.may_store && !form.is_to_store) return find_for_read(context, ref);
  const auto entry = context.store.find(ref);
  const bool is_there = entry && !entry->expired_at(context.now_ms);
  context.note_lookup(is_there, key);
  return is_there ? entry : std::nullopt;
}

void run_query(Context& context, Args args, const Form& form) {
  Query query;
  if (form.is_to_store) query.target = args[1];
  const Args own = args.subspan(form.is_to_store ? 2 : 1);
  const auto entry = find_source(context, form, own[0]);
  if (!has_type(context, entry, storage::ValueType::kSortedSet)) return;
  std::optional<SortedSetReader> set;
  if (entry) set.emplace(*entry);
  if (!QueryReader(context, args[0], form, set ? &*set : nullptr, query).read(own)) return;
  const auto found = set ? search(*set, query) : std::vector<Found>();
  if (!query.target) return show(context, found, query);
  store(context, *query.target, found, query,
        form.is_search() ? "geosearchstore" : "georadiusstore");
}

}  // namespace

void geosearch(Context& context, Args args) {
  run_query(context, args, {.around = Around::kOption});
}
void geosearchstore(Context& context, Args args) {
  run_query(context, args, {.around = Around::kOption, .is_to_store = true});
}
void georadius(Context& context, Args args) {
  run_query(context, args, {.around = Around::kPoint, .may_store = true});
}
void georadius_ro(Context& context, Args args) {
  run_query(context, args, {.around = Around::kPoint});
}
void georadiusbymember(Context& context, Args args) {
  run_query(context, args, {.around = Around::kMember, .may_store = true});
}
void georadiusbymember_ro(Context& context, Args args) {
  run_query(context, args, {.around = Around::kMember});
}

void store_found(Context& context, Args args) {
  static_cast<void>(find_for_write(context, context.key(args[1])));
  std::vector<Scored> members;
  for (std::size_t i = 2; i + 1 < args.size(); i += 2) {
    members.push_back({args[i + 1], parse_double(args[i]).value_or(0)});
  }
  store_members(context, args[1], members, "geosearchstore");
}

}  // namespace run

}  // namespace borg::commands
