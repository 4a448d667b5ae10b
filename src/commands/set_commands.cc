// SPDX-License-Identifier: Apache-2.0
#include "commands/set_commands.h"

#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/element_draw.h"
#include "commands/element_scan.h"
#include "commands/internal_commands.h"
#include "commands/key_access.h"
#include "resp/integer.h"
#include "storage/set_value.h"

namespace borg::commands::run {

namespace {

using storage::KeyRef;
using storage::SetReader;
using storage::SetWriter;
using storage::ValueType;

/// The set of a command that reads, if it is there. False if the key is of another type, and the
/// error is written.
bool find_set(Context& context, std::string_view key, std::optional<SetReader>& set) {
  return find_container(context, key, ValueType::kSet, set);
}

/// Nullopt if the key is of another type, and the error is written.
std::optional<SetWriter> set_for_write(Context& context, std::string_view key) {
  return container_for_write<SetWriter>(context, key, ValueType::kSet);
}

void write_members(Context& context, const std::vector<std::string>& members) {
  for (const std::string& member : members) context.reply.bulk(member);
}

void remove_all(Context& context, std::string_view key, const std::vector<std::string>& members) {
  const KeyRef ref = context.key(key);
  SetWriter set(context.store, ref, context.store.find(ref));
  for (const std::string& member : members) set.erase(member);
  context.changed = true;
  note_removed(context, EventClass::kSet, "spop", ref);
}

void write_popped(Context& context, const std::vector<std::string>& members, bool is_one) {
  if (!is_one) context.reply.set(members.size());
  write_members(context, members);
}

constexpr std::string_view kOne = "ONE";
constexpr std::string_view kMany = "MANY";

}  // namespace

void sadd(Context& context, Args args) {
  auto set = set_for_write(context, args[1]);
  if (!set) return;
  const bool was_absent = set->size() == 0;
  std::size_t added = 0;
  for (const std::string_view member : args.subspan(2)) added += set->add(member) ? 1 : 0;
  if (added > 0) {
    context.changed = true;
    note_stored(context, was_absent, EventClass::kSet, "sadd", args[1]);
  }
  write_size(context, added);
}

void srem(Context& context, Args args) {
  auto set = set_for_write(context, args[1]);
  if (!set) return;
  std::size_t erased = 0;
  for (const std::string_view member : args.subspan(2)) erased += set->erase(member) ? 1 : 0;
  if (erased > 0) {
    context.changed = true;
    note_removed(context, EventClass::kSet, "srem", context.key(args[1]));
  }
  write_size(context, erased);
}

void smembers(Context& context, Args args) {
  std::optional<SetReader> set;
  if (!find_set(context, args[1], set)) return;
  context.reply.set(set ? set->size() : 0);
  if (set) set->for_each([&](std::string_view member) { context.reply.bulk(member); });
}

void sismember(Context& context, Args args) {
  std::optional<SetReader> set;
  if (!find_set(context, args[1], set)) return;
  context.reply.integer(set && set->contains(args[2]) ? 1 : 0);
}

void smismember(Context& context, Args args) {
  std::optional<SetReader> set;
  if (!find_set(context, args[1], set)) return;
  context.reply.array(args.size() - 2);
  for (const std::string_view member : args.subspan(2)) {
    context.reply.integer(set && set->contains(member) ? 1 : 0);
  }
}

void scard(Context& context, Args args) {
  std::optional<SetReader> set;
  if (find_set(context, args[1], set)) write_size(context, set ? set->size() : 0);
}

void spop(Context& context, Args args) {
  if (args.size() > 3) return context.reply.error(kSyntaxError);
  const bool is_one = args.size() == 2;
  const auto count = is_one ? std::optional<std::int64_t>(1) : resp::parse_integer(args[2]);
  if (!count || *count < 0) {
    return context.reply.error("ERR value is out of range, must be positive");
  }
  const auto entry = find_for_write(context, context.key(args[1]));
  if (!has_type(context, entry, ValueType::kSet)) return;
  if (!entry && is_one) return context.reply.null();
  if (!entry || *count == 0) return context.reply.set(0);
  const SetReader set(*entry);
  // Redis reads the set as SUNION does then.
  if (!is_one && static_cast<std::size_t>(*count) >= set.size()) context.note_lookup(true, args[1]);
  const auto members = draw_elements(set, {static_cast<std::size_t>(*count)}, context.random);
  std::size_t bytes = args[1].size();
  for (const std::string& member : members) bytes += member.size();
  if (!fits_outcome(context, members.size() + 3, bytes)) return;
  remove_all(context, args[1], members);
  write_popped(context, members, is_one);
  context.outcome = {"_spop", std::string(args[1]), std::string(is_one ? kOne : kMany)};
  context.outcome.insert(context.outcome.end(), members.begin(), members.end());
}

void remove_drawn(Context& context, Args args) {
  const std::vector<std::string> members(args.begin() + 3, args.end());
  const auto entry = find_for_write(context, context.key(args[1]));
  if (!has_type(context, entry, ValueType::kSet)) return;
  remove_all(context, args[1], members);
  write_popped(context, members, args[2] == kOne);
}

void srandmember(Context& context, Args args) {
  if (args.size() > 3) return context.reply.error(kSyntaxError);
  std::optional<DrawCount> wanted;
  if (args.size() == 3) {
    wanted = read_draw_count(context, args[2], false);
    if (!wanted) return;
  }
  std::optional<SetReader> set;
  if (!find_set(context, args[1], set)) return;
  if (!wanted && !set) return context.reply.null();
  if (!set) return context.reply.array(0);
  const auto drawn = draw_elements(*set, wanted.value_or(DrawCount{1}), context.random);
  if (!are_all_drawn(context, drawn, wanted)) return;
  if (wanted) context.reply.array(drawn.size());
  write_members(context, drawn);
}

void smove(Context& context, Args args) {
  const KeyRef from = context.key(args[1]);
  const KeyRef to = context.key(args[2]);
  const bool has_source = find_for_write(context, from).has_value();
  const auto target = find_for_write(context, to);
  if (!has_source) return context.reply.integer(0);
  const auto source = context.store.find(from);
  if (!has_type(context, source, ValueType::kSet)) return;
  if (!has_type(context, target, ValueType::kSet)) return;
  const bool is_member = SetReader(*source).contains(args[3]);
  if (is_member && args[1] != args[2]) {
    const bool was_absent = !target;
    SetWriter(context.store, from, source).erase(args[3]);
    note_removed(context, EventClass::kSet, "srem", from);
    const bool is_added = SetWriter(context.store, to, context.store.find(to)).add(args[3]);
    if (is_added) note_stored(context, was_absent, EventClass::kSet, "sadd", args[2]);
    context.changed = true;
  }
  context.reply.integer(is_member ? 1 : 0);
}

void sscan(Context& context, Args args) {
  const auto cursor = read_cursor(context, args[2]);
  if (!cursor) return;
  std::optional<SetReader> set;
  if (!find_set(context, args[1], set)) return;
  if (!set) return write_scan(context, std::nullopt, {});
  const auto options = read_scan_options(context, args.subspan(3), Scanned::kSet);
  if (!options) return;
  std::vector<std::string> found;
  const auto next = set->scan(*cursor, options->count, [&](std::string_view member) {
    if (options->passes(member)) found.emplace_back(member);
  });
  write_scan(context, next, {found.begin(), found.end()});
}

}  // namespace borg::commands::run
