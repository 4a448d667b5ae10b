// SPDX-License-Identifier: Apache-2.0
// Sorted sets that give their first or last members away.
#include <algorithm>

#include "commands/arguments.h"
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
  context.reply.array(is_nested ? count : count * 2);
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
               storage::key_ref(key));
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

/// Nullopt if the options behind the keys are wrong, and the error is written.
std::optional<std::size_t> read_pop_count(Context& context, Args options) {
  if (options.empty()) return 1;
  if (options.size() < 2 || !equals_ignoring_case(options[0], "count")) {
    context.reply.error(kSyntaxError);
    return std::nullopt;
  }
  const auto count = resp::parse_integer(options[1]);
  if (!count || *count < 1) {
    context.reply.error("ERR count should be greater than 0");
    return std::nullopt;
  }
  if (options.size() == 2) return static_cast<std::size_t>(*count);
  context.reply.error(kSyntaxError);
  return std::nullopt;
}

}  // namespace

namespace run {

void zpopmin(Context& context, Args args) { pop(context, args, ScoreEnd::kMin); }
void zpopmax(Context& context, Args args) { pop(context, args, ScoreEnd::kMax); }

void zmpop(Context& context, Args args) {
  const auto number = resp::parse_integer(args[1]);
  if (!number || *number < 1) return context.reply.error("ERR numkeys should be greater than 0");
  if (*number > static_cast<std::int64_t>(args.size()) - 3) {
    return context.reply.error(kSyntaxError);
  }
  const auto keys = static_cast<std::size_t>(*number);
  const auto end = read_end(args[2 + keys]);
  if (!end) return context.reply.error(kSyntaxError);
  const auto count = read_pop_count(context, args.subspan(3 + keys));
  if (!count) return;
  for (const std::string_view key : args.subspan(2, keys)) {
    auto set = sorted_set_for_write(context, key);
    if (!set) return;
    if (!set->exists()) continue;
    context.reply.array(2);
    context.reply.bulk(key);
    return pop_members(context, key, *set, *end, *count, PopReply::kNested);
  }
  context.reply.null_array();
}

}  // namespace run

}  // namespace borg::commands
