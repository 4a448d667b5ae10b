// SPDX-License-Identifier: Apache-2.0
// What several sorted sets, or sets, have in common, or not.
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "commands/arguments.h"
#include "commands/float_text.h"
#include "commands/sorted_set_access.h"
#include "commands/sorted_set_commands.h"
#include "resp/integer.h"
#include "storage/set_value.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::Scored;
using storage::SetReader;
using storage::SortedSetReader;
using storage::ValueType;

enum class Operation : std::uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : std::uint8_t { kSum, kMin, kMax, kCount };
enum class Result : std::uint8_t { kShown, kStored, kCounted };

/// What to do, as a row of the table says it.
struct Task {
  Operation operation;
  Result result;
  std::string_view event = {};  ///< of what is stored
};

/// A key that members come from: a sorted set, a set, whose members all have the score 1, or
/// nothing.
class Source {
 public:
  explicit Source(const std::optional<EntryView>& entry) {
    if (!entry) return;
    if (entry->type == ValueType::kSet) {
      set_.emplace(*entry);
    } else {
      sorted_.emplace(*entry);
    }
  }

  double weight = 1;

  [[nodiscard]] std::size_t size() const {
    if (sorted_) return sorted_->size();
    return set_ ? set_->size() : 0;
  }
  [[nodiscard]] std::optional<double> score_of(std::string_view member) const {
    if (sorted_) return sorted_->score_of(member);
    return set_ && set_->contains(member) ? std::optional(1.0) : std::nullopt;
  }
  /// Until one of the visits says false.
  void visit_while(const std::function<bool(const Scored&)>& visit) const {
    if (sorted_) sorted_->walk(0, visit);
    if (set_) set_->visit_while([&](std::string_view member) { return visit({member, 1}); });
  }

 private:
  std::optional<SortedSetReader> sorted_;
  std::optional<SetReader> set_;
};

/// In the order of the keys.
using Sources = std::vector<Source>;
using Members = std::vector<std::pair<std::string, double>>;

struct Options {
  std::vector<double> weights;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  std::size_t limit = SIZE_MAX;
};

/// Nullopt if a key is of another type, and the error is written.
std::optional<Sources> find_sources(Context& context, Args keys, bool for_write) {
  // First all that may erase an expired one, as views do not outlive a change.
  for (const std::string_view key : keys) {
    if (for_write) static_cast<void>(find_for_write(context, context.key(key)));
  }
  Sources sources;
  for (const std::string_view key : keys) {
    const storage::KeyRef ref = context.key(key);
    const auto entry = for_write ? context.store.find(ref) : find_for_read(context, ref);
    if (for_write) note_lookup(context, ref, entry);
    const bool has_members =
        !entry || entry->type == ValueType::kSet || entry->type == ValueType::kSortedSet;
    if (!has_members) {
      context.reply.error(kWrongType);
      return std::nullopt;
    }
    sources.emplace_back(entry);
  }
  return sources;
}

bool read_weights(Context& context, Args args, Options& options) {
  options.weights.clear();
  for (const std::string_view arg : args) {
    const auto weight = parse_double(arg);
    if (!weight) {
      context.reply.error("ERR weight value is not a float");
      return false;
    }
    options.weights.push_back(*weight);
  }
  return true;
}

bool read_aggregate(Context& context, std::string_view text, Aggregate& aggregate) {
  if (equals_ignoring_case(text, "sum")) {
    aggregate = Aggregate::kSum;
  } else if (equals_ignoring_case(text, "min")) {
    aggregate = Aggregate::kMin;
  } else if (equals_ignoring_case(text, "max")) {
    aggregate = Aggregate::kMax;
  } else if (equals_ignoring_case(text, "count")) {
    aggregate = Aggregate::kCount;
  } else {
    context.reply.error(kSyntaxError);
    return false;
  }
  return true;
}

bool read_limit(Context& context, std::string_view text, std::size_t& limit) {
  const auto number = resp::parse_integer(text);
  if (!number || *number < 0) {
    context.reply.error("ERR LIMIT can't be negative");
    return false;
  }
  limit = *number == 0 ? SIZE_MAX : static_cast<std::size_t>(*number);
  return true;
}

/// Reads one option at the front of the arguments; returns how many they are, nullopt if it is
/// wrong and the error is written.
std::optional<std::size_t> read_option(Context& context, Args args, const Task& task,
                                       std::size_t keys, Options& options) {
  const bool counts = task.result == Result::kCounted;
  const bool weighs = task.operation != Operation::kDifference && !counts;
  const auto is = [&](std::string_view name, std::size_t behind) {
    return args.size() > behind && equals_ignoring_case(args[0], name);
  };
  const auto taken = [](bool is_right, std::size_t count) {
    return is_right ? std::optional(count) : std::nullopt;
  };
  if (weighs && is("weights", keys)) {
    return taken(read_weights(context, args.subspan(1, keys), options), keys + 1);
  }
  if (weighs && is("aggregate", 1)) {
    return taken(read_aggregate(context, args[1], options.aggregate), 2);
  }
  if (task.result == Result::kShown && is("withscores", 0)) {
    options.with_scores = true;
    return 1;
  }
  if (counts && is("limit", 1)) return taken(read_limit(context, args[1], options.limit), 2);
  context.reply.error(kSyntaxError);
  return std::nullopt;
}

bool read_options(Context& context, Args args, const Task& task, std::size_t keys,
                  Options& options) {
  while (!args.empty()) {
    const auto count = read_option(context, args, task, keys, options);
    if (!count) return false;
    args = args.subspan(*count);
  }
  return true;
}

// The same sums in the same order on every replica: also their last bits are equal.

void add_score(double& sum, double score, Aggregate aggregate) {
  if (aggregate == Aggregate::kSum || aggregate == Aggregate::kCount) {
    sum += score;
    if (std::isnan(sum)) sum = 0;  // of two infinities
  } else if (aggregate == Aggregate::kMin) {
    sum = score < sum ? score : sum;
  } else {
    sum = score > sum ? score : sum;
  }
}

/// What a member's score in one of the sets counts for.
double counted(double score, Aggregate aggregate) {
  return aggregate == Aggregate::kCount ? 1 : score;
}

double weighted(const Source& source, double score) {
  const double product = source.weight * score;
  return std::isnan(product) ? 0 : product;
}

/// Of what all have; the smallest comes first.
void visit_common(const Sources& sources, Aggregate aggregate,
                  const std::function<bool(const Scored&)>& visit) {
  sources.front().visit_while([&](const Scored& each) {
    double sum = weighted(sources.front(), counted(each.score, aggregate));
    for (auto source = sources.begin() + 1; source != sources.end(); ++source) {
      const auto score = source->score_of(each.member);
      if (!score) return true;
      add_score(sum, counted(*score, aggregate) * source->weight, aggregate);
    }
    return visit({each.member, sum});
  });
}

Members intersection(const Sources& sources, Aggregate aggregate) {
  Members members;
  visit_common(sources, aggregate, [&](const Scored& each) {
    members.emplace_back(each.member, each.score);
    return true;
  });
  return members;
}

Members united(const Sources& sources, Aggregate aggregate) {
  std::unordered_map<std::string, double> sums;
  for (const Source& source : sources) {
    source.visit_while([&](const Scored& each) {
      const double score = weighted(source, counted(each.score, aggregate));
      const auto [at, is_new] = sums.try_emplace(std::string(each.member), score);
      if (!is_new) add_score(at->second, score, aggregate);
      return true;
    });
  }
  return {sums.begin(), sums.end()};
}

Members difference(const Sources& sources) {
  Members members;
  sources.front().visit_while([&](const Scored& each) {
    const bool is_elsewhere =
        std::any_of(sources.begin() + 1, sources.end(),
                    [&](const Source& source) { return source.score_of(each.member).has_value(); });
    if (!is_elsewhere) members.emplace_back(each.member, each.score);
    return true;
  });
  return members;
}

Members combined(const Sources& sources, const Task& task, Aggregate aggregate) {
  if (task.operation == Operation::kDifference) return difference(sources);
  return task.operation == Operation::kUnion ? united(sources, aggregate)
                                             : intersection(sources, aggregate);
}

void write_count(Context& context, const Sources& sources, const Options& options) {
  std::size_t common = 0;
  visit_common(sources, options.aggregate, [&](const Scored&) { return ++common < options.limit; });
  context.reply.integer(static_cast<std::int64_t>(common));
}

void show(Context& context, Members& members, bool with_scores) {
  std::ranges::sort(members, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : a.first < b.first;
  });
  write_scored_header(context, members.size(), with_scores);
  for (const auto& [member, score] : members) write_scored(context, {member, score}, with_scores);
}

/// `args` begin with the number of keys.
void combine(Context& context, std::string_view target, Args args, const Task& task,
             std::string_view name) {
  const auto number = read_integer(context, args[0]);
  if (!number) return;
  if (*number < 1) {
    return context.reply.error("ERR at least 1 input key is needed for '" + std::string(name) +
                               "' command");
  }
  if (*number > static_cast<std::int64_t>(args.size() - 1)) {
    return context.reply.error(kSyntaxError);
  }
  const auto keys = static_cast<std::size_t>(*number);
  const bool stores = task.result == Result::kStored;
  if (stores) static_cast<void>(find_for_write(context, context.key(target)));
  auto sources = find_sources(context, args.subspan(1, keys), stores);
  if (!sources) return;
  Options options;
  if (!read_options(context, args.subspan(1 + keys), task, keys, options)) return;
  for (std::size_t i = 0; i < options.weights.size(); ++i)
    (*sources)[i].weight = options.weights[i];
  if (task.operation != Operation::kDifference) {
    std::ranges::stable_sort(*sources, {}, [](const Source& source) { return source.size(); });
  }
  if (task.result == Result::kCounted) return write_count(context, *sources, options);
  Members members = combined(*sources, task, options.aggregate);
  if (!stores) return show(context, members, options.with_scores);
  std::vector<Scored> views;
  views.reserve(members.size());
  for (const auto& [member, score] : members) views.push_back({member, score});
  store_members(context, target, views, task.event);
}

void combine(Context& context, Args args, const Task& task, std::string_view name) {
  combine(context, {}, args.subspan(1), task, name);
}

void combine_and_store(Context& context, Args args, Operation operation, std::string_view event) {
  combine(context, args[1], args.subspan(2), {operation, Result::kStored, event}, event);
}

}  // namespace

void zunion(Context& context, Args args) {
  combine(context, args, {Operation::kUnion, Result::kShown}, "zunion");
}
void zinter(Context& context, Args args) {
  combine(context, args, {Operation::kIntersection, Result::kShown}, "zinter");
}
void zdiff(Context& context, Args args) {
  combine(context, args, {Operation::kDifference, Result::kShown}, "zdiff");
}
void zintercard(Context& context, Args args) {
  combine(context, args, {Operation::kIntersection, Result::kCounted}, "zintercard");
}
void zunionstore(Context& context, Args args) {
  combine_and_store(context, args, Operation::kUnion, "zunionstore");
}
void zinterstore(Context& context, Args args) {
  combine_and_store(context, args, Operation::kIntersection, "zinterstore");
}
void zdiffstore(Context& context, Args args) {
  combine_and_store(context, args, Operation::kDifference, "zdiffstore");
}

}  // namespace borg::commands::run
