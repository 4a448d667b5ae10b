// SPDX-License-Identifier: Apache-2.0
// Sorted sets that give their first or last members away.
#include <algorithm>

#include "commands/arguments.h"
#include "commands/blocking.h"
#include "commands/multi_pop.h"
#include "commands/sorted_set_access.h"
#include "commands/sorted_set_commands.h"
#include "resp/integer.h"

namespace borg::commands {

using storage::Scored;
using storage::SortedSetWriter;

void pop_members(Context& context, std::string_view key, SortedSetWriter& set, ScoreEnd end,
                 std::size_t count, PopReply reply) {
  const std::size_t size = set.size();
  count = std::min(count, size);
  const bool is_nested = reply == PopReply::kNested;
  const bool has_key = reply == PopReply::kWithKey;
  context.reply.array(is_nested ? count : count * 2 + (has_key ? 1 : 0));
  if (has_key) context.reply.bulk(key);
  if (count == 0) return;
  std::size_t left = count;
  const auto step = [&](const Scored& each) {
    if (is_nested) context.reply.array(2);
    context.reply.bulk(each.member);
    context.reply.real(each.score);
    return --left > 0;
  };
  if (end == ScoreEnd::kMin) {
    set.reader().walk(0, step);
  } else {
    set.reader().walk_back(size - 1, step);
  }
  set.erase_range(end == ScoreEnd::kMin ? 0 : size - count, count);
  context.changed = true;
  note_removed(context, EventClass::kSortedSet, end == ScoreEnd::kMin ? "zpopmin" : "zpopmax",
               context.key(key));
}

namespace {

void pop(Context& context, Args args, ScoreEnd end) {
  if (args.size() > 3) return context.reply.error(kSyntaxError);
  const auto count = args.size() == 3 ? resp::parse_integer(args[2]) : 1;
  if (!count || *count < 0) {
    return context.reply.error("ERR value is out of range, must be positive");
  }
  auto set = sorted_set_for_write(context, args[1]);
  if (!set) return;
  const bool is_nested = args.size() == 3 && context.reply.version() == resp::Version::kResp3;
  pop_members(context, args[1], *set, end, static_cast<std::size_t>(*count),
              is_nested ? PopReply::kNested : PopReply::kFlat);
}

std::optional<ScoreEnd> read_end(std::string_view text) {
  if (equals_ignoring_case(text, "min")) return ScoreEnd::kMin;
  if (equals_ignoring_case(text, "max")) return ScoreEnd::kMax;
  return std::nullopt;
}

constexpr auto kSortedSet = storage::ValueType::kSortedSet;

/// False if there is none of the sets, and null is written.
bool pop_first(Context& context, const MultiPop<ScoreEnd>& pop) {
  std::optional<std::string_view> key;
  if (!find_first(context, pop.keys, kSortedSet, key)) return true;
  if (!key) {
    context.reply.null_array();
    return false;
  }
  auto set = sorted_set_for_write(context, *key);
  context.reply.array(2);
  context.reply.bulk(*key);
  pop_members(context, *key, *set, pop.end, pop.count, PopReply::kNested);
  return true;
}

void block_pop(Context& context, Args args, ScoreEnd end) {
  const Args keys = args.subspan(1, args.size() - 2);
  std::optional<std::string_view> key;
  if (!check_timeout(context, args.back()) || !find_first(context, keys, kSortedSet, key)) return;
  if (!key) {
    context.reply.null_array();
    return wait_for(context, keys, kSortedSet);
  }
  auto set = sorted_set_for_write(context, *key);
  pop_members(context, *key, *set, end, 1, PopReply::kWithKey);
}

}  // namespace

namespace run {

void zpopmin(Context& context, Args args) { pop(context, args, ScoreEnd::kMin); }
void zpopmax(Context& context, Args args) { pop(context, args, ScoreEnd::kMax); }

void zmpop(Context& context, Args args) {
  if (const auto pop = read_multi_pop(context, args, 1, read_end)) pop_first(context, *pop);
}

void bzpopmin(Context& context, Args args) { block_pop(context, args, ScoreEnd::kMin); }
void bzpopmax(Context& context, Args args) { block_pop(context, args, ScoreEnd::kMax); }

void bzmpop(Context& context, Args args) {
  const auto pop = read_multi_pop(context, args, 2, read_end);
  if (!pop || !check_timeout(context, args[1]) || pop_first(context, *pop)) return;
  wait_for(context, pop->keys, kSortedSet);
}

}  // namespace run

}  // namespace borg::commands
