// SPDX-License-Identifier: Apache-2.0
// Members of a sorted set between two ranks, scores or members.
#include <algorithm>
#include <deque>
#include <string>
#include <variant>

#include "commands/arguments.h"
#include "commands/score_range.h"
#include "commands/sorted_set_access.h"
#include "commands/sorted_set_commands.h"

namespace borg::commands::run {

namespace {

using storage::Scored;
using storage::SortedSetReader;

constexpr std::string_view kNoScoreRange = "ERR min or max is not a float";
constexpr std::string_view kNoMemberRange = "ERR min or max not valid string range item";

/// Ranks as Redis counts them.
struct GivenRanks {
  std::int64_t start;
  std::int64_t stop;
};
using Range = std::variant<GivenRanks, ScoreRange, MemberRange>;
enum class By : std::uint8_t { kAny, kRank, kScore, kMember };
enum class Direction : std::uint8_t { kAny, kUp, kDown };

/// Nullopt if it makes no sense, and the error is written.
std::optional<Range> read_range(Context& context, By by, std::string_view min,
                                std::string_view max) {
  if (by == By::kScore) {
    if (const auto range = ScoreRange::parse(min, max)) return *range;
    context.reply.error(kNoScoreRange);
    return std::nullopt;
  }
  if (by == By::kMember) {
    if (const auto range = MemberRange::parse(min, max)) return *range;
    context.reply.error(kNoMemberRange);
    return std::nullopt;
  }
  const auto start = read_integer(context, min);
  if (!start) return std::nullopt;
  const auto stop = read_integer(context, max);
  if (!stop) return std::nullopt;
  return GivenRanks{*start, *stop};
}

RankRange ranks_of(const SortedSetReader& set, const Range& range,
                   Direction direction = Direction::kUp) {
  if (const auto* const given = std::get_if<GivenRanks>(&range)) {
    return clamped_ranks(given->start, given->stop, set.size());
  }
  if (const auto* const scores = std::get_if<ScoreRange>(&range)) return scores->ranks(set);
  const auto& members = std::get<MemberRange>(range);
  return direction == Direction::kDown ? members.ranks_from_end(set) : members.ranks(set);
}

/// What ZRANGE and its kin are asked for.
struct Query {
  By by = By::kAny;
  Direction direction = Direction::kAny;
  bool with_scores = false;
  std::int64_t offset = 0;
  std::int64_t limit = -1;  ///< negative: none
};

/// Reads one option at the front of the arguments; returns how many they are, 0 if it is none,
/// nullopt if it is wrong and the error is written.
std::optional<std::size_t> read_option(Context& context, Args args, bool stores, Query& query) {
  if (!stores && equals_ignoring_case(args[0], "withscores")) {
    query.with_scores = true;
  } else if (equals_ignoring_case(args[0], "limit") && args.size() > 2) {
    const auto offset = read_integer(context, args[1]);
    const auto limit = offset ? read_integer(context, args[2]) : std::nullopt;
    if (!limit) return std::nullopt;
    query.offset = *offset;
    query.limit = *limit;
    return 3;
  } else if (query.direction == Direction::kAny && equals_ignoring_case(args[0], "rev")) {
    query.direction = Direction::kDown;
  } else if (query.by == By::kAny && equals_ignoring_case(args[0], "bylex")) {
    query.by = By::kMember;
  } else if (query.by == By::kAny && equals_ignoring_case(args[0], "byscore")) {
    query.by = By::kScore;
  } else {
    return 0;
  }
  return 1;
}

/// False if they are wrong, and the error is written.
bool read_options(Context& context, Args args, bool stores, Query& query) {
  while (!args.empty()) {
    const auto count = read_option(context, args, stores, query);
    if (!count) return false;
    if (*count == 0) {
      context.reply.error(kSyntaxError);
      return false;
    }
    args = args.subspan(*count);
  }
  if (query.by == By::kAny) query.by = By::kRank;
  if (query.limit != -1 && query.by == By::kRank) {
    context.reply.error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (query.with_scores && query.by == By::kMember) {
    context.reply.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

/// The members that were asked for, in order.
class Selection {
 public:
  Selection(const SortedSetReader& set, const Query& query, const Range& range)
      : set_(set), goes_down_(query.direction == Direction::kDown) {
    ranks_ = ranks_of(set, range, query.direction);
    if (query.by == By::kRank) {
      if (goes_down_) ranks_ = {set.size() - ranks_.last, set.size() - ranks_.first};
      return;
    }
    const auto size = static_cast<std::int64_t>(ranks_.size());
    const std::int64_t skipped = query.offset < 0 ? size : std::min(query.offset, size);
    const std::int64_t rest = size - skipped;
    const std::int64_t kept = query.limit < 0 ? rest : std::min(query.limit, rest);
    if (goes_down_) {
      ranks_.last -= static_cast<std::size_t>(skipped);
      ranks_.first = ranks_.last - static_cast<std::size_t>(kept);
    } else {
      ranks_.first += static_cast<std::size_t>(skipped);
      ranks_.last = ranks_.first + static_cast<std::size_t>(kept);
    }
  }

  [[nodiscard]] std::size_t size() const { return ranks_.size(); }

  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t left = size();
    if (left == 0) return;
    const auto step = [&](const Scored& each) {
      visit(each);
      return --left > 0;
    };
    if (goes_down_) {
      set_.walk_back(ranks_.last - 1, step);
    } else {
      set_.walk(ranks_.first, step);
    }
  }

 private:
  const SortedSetReader& set_;
  bool goes_down_;
  RankRange ranks_;
};

/// `args` begin with the key.
std::optional<Range> read_query(Context& context, Args args, bool stores, Query& query) {
  if (!read_options(context, args.subspan(3), stores, query)) return std::nullopt;
  const bool is_turned = query.direction == Direction::kDown && query.by != By::kRank;
  return read_range(context, query.by, args[is_turned ? 2 : 1], args[is_turned ? 1 : 2]);
}

void show(Context& context, Args args, Query query) {
  const auto range = read_query(context, args.subspan(1), false, query);
  if (!range) return;
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  if (!set) return context.reply.array(0);
  const Selection selection(*set, query, *range);
  write_scored_header(context, selection.size(), query.with_scores);
  selection.for_each([&](const Scored& each) { write_scored(context, each, query.with_scores); });
}

void count(Context& context, Args args, By by) {
  const auto range = read_range(context, by, args[2], args[3]);
  if (!range) return;
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  context.reply.integer(set ? static_cast<std::int64_t>(ranks_of(*set, *range).size()) : 0);
}

void remove(Context& context, Args args, By by, std::string_view event) {
  const auto range = read_range(context, by, args[2], args[3]);
  if (!range) return;
  auto set = sorted_set_for_write(context, args[1]);
  if (!set) return;
  const RankRange ranks = set->exists() ? ranks_of(set->reader(), *range) : RankRange();
  if (ranks.size() > 0) {
    set->erase_range(ranks.first, ranks.size());
    context.changed = true;
    note_removed(context, EventClass::kSortedSet, event, context.key(args[1]));
  }
  context.reply.integer(static_cast<std::int64_t>(ranks.size()));
}

}  // namespace

void zrange(Context& context, Args args) { show(context, args, {}); }
void zrevrange(Context& context, Args args) {
  show(context, args, {.by = By::kRank, .direction = Direction::kDown});
}
void zrangebyscore(Context& context, Args args) {
  show(context, args, {.by = By::kScore, .direction = Direction::kUp});
}
void zrevrangebyscore(Context& context, Args args) {
  show(context, args, {.by = By::kScore, .direction = Direction::kDown});
}
void zrangebylex(Context& context, Args args) {
  show(context, args, {.by = By::kMember, .direction = Direction::kUp});
}
void zrevrangebylex(Context& context, Args args) {
  show(context, args, {.by = By::kMember, .direction = Direction::kDown});
}

void zrangestore(Context& context, Args args) {
  Query query;
  const auto range = read_query(context, args.subspan(2), true, query);
  if (!range) return;
  const storage::KeyRef source = context.key(args[2]);
  static_cast<void>(find_for_write(context, context.key(args[1])));
  const auto entry = find_for_write(context, source);
  note_lookup(context, source, entry);
  if (!has_type(context, entry, storage::ValueType::kSortedSet)) return;
  std::deque<std::string> copies;  // the target may be the source
  std::vector<Scored> members;
  if (entry) {
    const SortedSetReader set(*entry);
    Selection(set, query, *range).for_each([&](const Scored& each) {
      members.push_back({copies.emplace_back(each.member), each.score});
    });
  }
  store_members(context, args[1], members, "zrangestore");
}

void zcount(Context& context, Args args) { count(context, args, By::kScore); }
void zlexcount(Context& context, Args args) { count(context, args, By::kMember); }

void zremrangebyrank(Context& context, Args args) {
  remove(context, args, By::kRank, "zremrangebyrank");
}
void zremrangebyscore(Context& context, Args args) {
  remove(context, args, By::kScore, "zremrangebyscore");
}
void zremrangebylex(Context& context, Args args) {
  remove(context, args, By::kMember, "zremrangebylex");
}

}  // namespace borg::commands::run
