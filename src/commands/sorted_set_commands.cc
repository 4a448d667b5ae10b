// SPDX-License-Identifier: Apache-2.0
#include "commands/sorted_set_commands.h"

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/element_draw.h"
#include "commands/element_scan.h"
#include "commands/float_text.h"
#include "commands/sorted_set_access.h"

namespace borg::commands {

using storage::Scored;
using storage::SortedSetReader;
using storage::SortedSetWriter;

void store_members(Context& context, std::string_view key, const std::vector<Scored>& members,
                   std::string_view event) {
  const storage::KeyRef ref = context.key(key);
  if (!members.empty()) {
    const bool was_absent = !context.store.find(ref);
    storage::put_sorted_set(context.store, ref, members, storage::kNoExpiry);
    context.changed = true;
    note_stored(context, was_absent, EventClass::kSortedSet, event, key);
  } else if (context.store.erase(ref)) {
    context.changed = true;
    context.notify(EventClass::kGeneric, "del", key);
  }
  context.reply.integer(static_cast<std::int64_t>(members.size()));
}

namespace run {

namespace {

void write_score(Context& context, std::optional<double> score) {
  if (score) {
    context.reply.real(*score);
  } else {
    context.reply.null();
  }
}

struct AddOptions {
  bool only_new = false;
  bool only_present = false;
  bool only_greater = false;
  bool only_less = false;
  bool count_changed = false;
  bool increment = false;
};

/// Reads those in front of the scores; returns how many there are.
std::size_t read_add_options(Args args, AddOptions& options) {
  const auto read = [&](std::string_view text) {
    const auto is = [&](std::string_view name, bool& flag) {
      return equals_ignoring_case(text, name) && (flag = true);
    };
    return is("nx", options.only_new) || is("xx", options.only_present) ||
           is("gt", options.only_greater) || is("lt", options.only_less) ||
           is("ch", options.count_changed) || is("incr", options.increment);
  };
  std::size_t count = 0;
  while (count < args.size() && read(args[count])) ++count;
  return count;
}

/// False if they contradict each other, and the error is written.
bool check_add_options(Context& context, const AddOptions& options, std::size_t members) {
  const int comparisons = options.only_greater + options.only_less + options.only_new;
  if (options.only_new && options.only_present) {
    context.reply.error("ERR XX and NX options at the same time are not compatible");
  } else if (comparisons > 1) {
    context.reply.error("ERR GT, LT, and/or NX options at the same time are not compatible");
  } else if (options.increment && members > 1) {
    context.reply.error("ERR INCR option supports a single increment-element pair");
  } else {
    return true;
  }
  return false;
}

/// Nullopt if one is not a number, and the error is written.
std::optional<std::vector<Scored>> read_scores(Context& context, Args args) {
  std::vector<Scored> members;
  members.reserve(args.size() / 2);
  for (std::size_t i = 0; i < args.size(); i += 2) {
    const auto score = parse_double(args[i]);
    if (!score) {
      context.reply.error("ERR value is not a valid float");
      return std::nullopt;
    }
    members.push_back({args[i + 1], *score});
  }
  return members;
}

/// What became of a member.
struct Added {
  enum class Outcome : std::uint8_t { kNothing, kSame, kUpdated, kAdded, kNotANumber } outcome;
  double score = 0;
};

Added add_one(SortedSetWriter& set, const AddOptions& options, const Scored& given) {
  using Outcome = Added::Outcome;
  const auto old = set.score_of(given.member);
  if (!old) {
    if (options.only_present) return {Outcome::kNothing};
    set.put(given.member, given.score);
    return {Outcome::kAdded, given.score};
  }
  if (options.only_new) return {Outcome::kNothing};
  const double score = options.increment ? *old + given.score : given.score;
  if (std::isnan(score)) return {Outcome::kNotANumber};
  const bool is_held_back =
      (options.only_less && score >= *old) || (options.only_greater && score <= *old);
  if (is_held_back) return {Outcome::kNothing};
  if (score == *old) return {Outcome::kSame, score};
  set.put(given.member, score);
  return {Outcome::kUpdated, score};
}

void add_members(Context& context, std::string_view key, const AddOptions& options,
                 const std::vector<Scored>& members) {
  using Outcome = Added::Outcome;
  auto set = sorted_set_for_write(context, key);
  if (!set) return;
  const bool was_absent = !set->exists();
  std::size_t added = 0;
  std::size_t updated = 0;
  Added last{Outcome::kNothing};
  for (const Scored& member : members) {
    last = add_one(*set, options, member);
    if (last.outcome == Outcome::kNotANumber) {
      return context.reply.error("ERR resulting score is not a number (NaN)");
    }
    added += last.outcome == Outcome::kAdded ? 1 : 0;
    updated += last.outcome == Outcome::kUpdated ? 1 : 0;
  }
  if (added + updated > 0) {
    context.changed = true;
    note_stored(context, was_absent, EventClass::kSortedSet, options.increment ? "zincr" : "zadd",
                key);
  }
  if (!options.increment)
    return write_size(context, options.count_changed ? added + updated : added);
  write_score(context,
              last.outcome == Outcome::kNothing ? std::nullopt : std::optional<double>(last.score));
}

void add(Context& context, Args args, AddOptions options) {
  const Args given = args.subspan(2 + read_add_options(args.subspan(2), options));
  if (given.empty() || given.size() % 2 != 0) return context.reply.error(kSyntaxError);
  if (!check_add_options(context, options, given.size() / 2)) return;
  if (const auto members = read_scores(context, given)) {
    add_members(context, args[1], options, *members);
  }
}

void write_rank(Context& context, Args args, bool from_highest) {
  const bool with_score = args.size() > 3;
  if (args.size() > 4) return write_wrong_arity(context, args[0]);
  if (with_score && !equals_ignoring_case(args[3], "withscore")) {
    return context.reply.error(kSyntaxError);
  }
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  const auto rank = set ? set->rank_of(args[2]) : std::nullopt;
  if (!rank) return with_score ? context.reply.null_array() : context.reply.null();
  if (with_score) context.reply.array(2);
  write_size(context, from_highest ? set->size() - 1 - *rank : *rank);
  if (with_score) context.reply.real(*set->score_of(args[2]));
}

}  // namespace

void zadd(Context& context, Args args) { add(context, args, {}); }
void zincrby(Context& context, Args args) { add(context, args, {.increment = true}); }

void zrem(Context& context, Args args) {
  auto set = sorted_set_for_write(context, args[1]);
  if (!set) return;
  std::size_t erased = 0;
  for (const std::string_view member : args.subspan(2)) erased += set->erase(member) ? 1 : 0;
  if (erased > 0) {
    context.changed = true;
    note_removed(context, EventClass::kSortedSet, "zrem", context.key(args[1]));
  }
  write_size(context, erased);
}

void zcard(Context& context, Args args) {
  std::optional<SortedSetReader> set;
  if (find_sorted_set(context, args[1], set)) write_size(context, set ? set->size() : 0);
}

void zscore(Context& context, Args args) {
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  write_score(context, set ? set->score_of(args[2]) : std::nullopt);
}

void zmscore(Context& context, Args args) {
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  context.reply.array(args.size() - 2);
  for (const std::string_view member : args.subspan(2)) {
    write_score(context, set ? set->score_of(member) : std::nullopt);
  }
}

void zrank(Context& context, Args args) { write_rank(context, args, false); }
void zrevrank(Context& context, Args args) { write_rank(context, args, true); }

void zrandmember(Context& context, Args args) {
  const bool with_scores = args.size() > 3;
  std::optional<DrawCount> wanted;
  if (args.size() > 2) {
    wanted = read_draw_count(context, args[2], false);
    if (!wanted) return;
    const bool is_known = !with_scores || equals_ignoring_case(args[3], "withscores");
    if (args.size() > 4 || !is_known) return context.reply.error(kSyntaxError);
    wanted = read_draw_count(context, args[2], with_scores);
    if (!wanted) return;
  }
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  if (!wanted && !set) return context.reply.null();
  if (!set) return context.reply.array(0);
  const auto drawn = draw_elements(*set, wanted.value_or(DrawCount{1}), context.random);
  if (!wanted) return context.reply.bulk(drawn.front().member);
  if (!are_all_drawn(context, drawn, wanted)) return;
  write_scored_header(context, drawn.size(), with_scores);
  for (const Scored& each : drawn) write_scored(context, each, with_scores);
}

void zscan(Context& context, Args args) {
  const auto cursor = read_cursor(context, args[2]);
  if (!cursor) return;
  std::optional<SortedSetReader> set;
  if (!find_sorted_set(context, args[1], set)) return;
  if (!set) return write_scan(context, std::nullopt, {});
  const auto options = read_scan_options(context, args.subspan(3), Scanned::kSortedSet);
  if (!options) return;
  std::vector<std::string_view> found;
  std::deque<std::string> scores;  // a deque: the views into it stay
  const auto next = set->scan(*cursor, options->count, [&](const Scored& each) {
    if (!options->passes(each.member)) return;
    found.push_back(each.member);
    if (!options->only_names) found.push_back(scores.emplace_back(format_score(each.score)));
  });
  write_scan(context, next, found);
}

}  // namespace run

}  // namespace borg::commands
