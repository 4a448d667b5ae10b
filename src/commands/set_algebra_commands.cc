// SPDX-License-Identifier: Apache-2.0
// What several sets have in common, or not.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/set_commands.h"
#include "resp/integer.h"
#include "storage/set_value.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::KeyRef;
using storage::SetReader;
using storage::SetWriter;
using storage::ValueType;

/// In the order of the keys; nullopt for one that is not there.
using Sources = std::vector<std::optional<SetReader>>;
using Members = std::vector<std::string>;

/// Nullopt if a key is of another type, and the error is written.
std::optional<Sources> find_sources(Context& context, Args keys, bool for_write) {
  // First all that may erase an expired one, as views do not outlive a change.
  for (const std::string_view key : keys) {
    if (for_write) static_cast<void>(find_for_write(context, context.key(key)));
  }
  Sources sources;
  for (const std::string_view key : keys) {
    const auto entry =
        for_write ? context.store.find(context.key(key)) : find_for_read(context, context.key(key));
    if (for_write) note_lookup(context, context.key(key), entry);
    if (!has_type(context, entry, ValueType::kSet)) return std::nullopt;
    sources.push_back(entry ? std::optional<SetReader>(*entry) : std::nullopt);
  }
  return sources;
}

/// Visits what all sets have, until a visit says false: of the smallest set each member.
void visit_common(const Sources& all, const std::function<bool(std::string_view)>& visit) {
  if (!std::ranges::all_of(all, [](const auto& set) { return set.has_value(); })) return;
  Sources sources = all;
  std::ranges::stable_sort(sources, {}, [](const auto& set) { return set->size(); });
  sources.front()->visit_while([&](std::string_view member) {
    const bool is_common = std::all_of(sources.begin() + 1, sources.end(),
                                       [&](const auto& set) { return set->contains(member); });
    return !is_common || visit(member);
  });
}

Members intersection(const Sources& sources) {
  Members members;
  visit_common(sources, [&](std::string_view member) {
    members.emplace_back(member);
    return true;
  });
  return members;
}

/// Visits what the first set has and the others have not, until a visit says false.
void visit_difference(const Sources& sources, const std::function<bool(std::string_view)>& visit) {
  if (!sources.front()) return;
  sources.front()->visit_while([&](std::string_view member) {
    const bool is_elsewhere = std::any_of(sources.begin() + 1, sources.end(), [&](const auto& set) {
      return set && set->contains(member);
    });
    return is_elsewhere || visit(member);
  });
}

Members united(const Sources& sources) {
  std::unordered_set<std::string> members;
  for (const auto& set : sources) {
    if (set) set->for_each([&](std::string_view member) { members.emplace(member); });
  }
  return {members.begin(), members.end()};
}

Members difference(const Sources& sources) {
  Members members;
  visit_difference(sources, [&](std::string_view member) {
    members.emplace_back(member);
    return true;
  });
  return members;
}

using Combine = Members (*)(const Sources&);

void show(Context& context, Args args, Combine combine) {
  const auto sources = find_sources(context, args.subspan(1), false);
  if (!sources) return;
  const Members members = combine(*sources);
  context.reply.set(members.size());
  for (const std::string& member : members) context.reply.bulk(member);
}

void store(Context& context, Args args, Combine combine, std::string_view event) {
  const auto sources = find_sources(context, args.subspan(2), true);
  if (!sources) return;
  const Members members = combine(*sources);
  const KeyRef target = context.key(args[1]);
  const bool was_absent = !context.store.erase(target);
  if (!was_absent) context.changed = true;
  SetWriter set(context.store, target, std::nullopt);
  for (const std::string& member : members) set.add(member);
  if (!members.empty()) {
    context.changed = true;
    note_stored(context, was_absent, EventClass::kSet, event, args[1]);
  } else if (!was_absent) {
    context.notify(EventClass::kGeneric, "del", args[1]);
  }
  context.reply.integer(static_cast<std::int64_t>(members.size()));
}

/// What SINTERCARD and its kin are asked.
struct CountQuery {
  Args keys;
  std::size_t limit = SIZE_MAX;  ///< so many members are enough
};

/// Nullopt if the options are wrong, and the error is written. APPROX allows an estimate, and
/// nobody minds an exact number.
std::optional<std::size_t> read_limit(Context& context, Args options, bool allows_approx) {
  std::int64_t limit = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (allows_approx && equals_ignoring_case(options[i], "approx")) continue;
    if (!equals_ignoring_case(options[i], "limit") || i + 1 == options.size()) {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
    limit = resp::parse_integer(options[++i]).value_or(-1);
    if (limit < 0) {
      context.reply.error("ERR LIMIT can't be negative");
      return std::nullopt;
    }
  }
  return limit == 0 ? SIZE_MAX : static_cast<std::size_t>(limit);
}

/// Nullopt if the arguments are wrong, and the error is written.
std::optional<CountQuery> read_count_query(Context& context, Args args, bool allows_approx) {
  const auto count = resp::parse_integer(args[1]);
  if (!count || *count < 1) {
    context.reply.error("ERR numkeys should be greater than 0");
    return std::nullopt;
  }
  if (*count > static_cast<std::int64_t>(args.size() - 2)) {
    context.reply.error("ERR Number of keys can't be greater than number of args");
    return std::nullopt;
  }
  const auto keys = static_cast<std::size_t>(*count);
  const auto limit = read_limit(context, args.subspan(2 + keys), allows_approx);
  if (!limit) return std::nullopt;
  return CountQuery{args.subspan(2, keys), *limit};
}

void visit_union(const Sources& sources, const std::function<bool(std::string_view)>& visit) {
  std::unordered_set<std::string> met;
  bool goes_on = true;
  for (const auto& set : sources) {
    if (!set || !goes_on) continue;
    set->visit_while([&](std::string_view member) {
      if (met.emplace(member).second) goes_on = visit(member);
      return goes_on;
    });
  }
}

using Visit = void (*)(const Sources& sources, const std::function<bool(std::string_view)>& visit);

void count(Context& context, Args args, Visit visit_all, bool allows_approx) {
  const auto query = read_count_query(context, args, allows_approx);
  if (!query) return;
  const auto sources = find_sources(context, query->keys, false);
  if (!sources) return;
  std::size_t members = 0;
  visit_all(*sources, [&](std::string_view) { return ++members < query->limit; });
  write_size(context, members);
}

}  // namespace

void sinter(Context& context, Args args) { show(context, args, intersection); }
void sunion(Context& context, Args args) { show(context, args, united); }
void sdiff(Context& context, Args args) { show(context, args, difference); }
void sinterstore(Context& context, Args args) { store(context, args, intersection, "sinterstore"); }
void sunionstore(Context& context, Args args) { store(context, args, united, "sunionstore"); }
void sdiffstore(Context& context, Args args) { store(context, args, difference, "sdiffstore"); }

void sintercard(Context& context, Args args) { count(context, args, visit_common, false); }
void sunioncard(Context& context, Args args) { count(context, args, visit_union, true); }
void sdiffcard(Context& context, Args args) { count(context, args, visit_difference, false); }

}  // namespace borg::commands::run
