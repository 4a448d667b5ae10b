// SPDX-License-Identifier: Apache-2.0
// Lists that give elements to each other, or the first of several that has some.
#include <algorithm>
#include <string>

#include "commands/arguments.h"
#include "commands/blocking.h"
#include "commands/list_access.h"
#include "commands/list_commands.h"
#include "commands/multi_pop.h"

namespace borg::commands {

using storage::ListEnd;
using storage::ListWriter;

void pop_elements(Context& context, storage::ListWriter& list, std::string_view key,
                  storage::ListEnd end, std::size_t count) {
  const std::size_t size = list.size();
  count = std::min(count, size);
  context.reply.array(count);
  if (count == 0) return;
  std::size_t left = count;
  const auto step = [&](std::size_t, std::string_view element) {
    context.reply.bulk(element);
    return --left > 0;
  };
  if (end == ListEnd::kLeft) {
    list.reader().walk(0, step);
  } else {
    list.reader().walk_back(size - 1, step);
  }
  list.erase(end == ListEnd::kLeft ? 0 : size - count, count);
  context.changed = true;
  note_popped(context, end, key);
}

void note_pushed(Context& context, bool was_absent, ListEnd end, std::string_view key) {
  const std::string_view event = end == ListEnd::kLeft ? "lpush" : "rpush";
  note_stored(context, was_absent, EventClass::kList, event, key);
}

void note_popped(Context& context, ListEnd end, std::string_view key) {
  const std::string_view event = end == ListEnd::kLeft ? "lpop" : "rpop";
  note_removed(context, EventClass::kList, event, context.key(key));
}

namespace {

std::optional<ListEnd> read_end(std::string_view text) {
  if (equals_ignoring_case(text, "left")) return ListEnd::kLeft;
  if (equals_ignoring_case(text, "right")) return ListEnd::kRight;
  return std::nullopt;
}

/// Never without an element: the list keeps its expiry.
void rotate(Context& context, ListWriter& list, ListEnd from, ListEnd to) {
  const bool is_left = from == ListEnd::kLeft;
  const std::string element(list.reader().at(is_left ? 0 : list.size() - 1));
  if (from != to) {
    list.push(to, element);
    list.erase(is_left ? 0 : list.size() - 1, 1);
  } else {
    list.set(is_left ? 0 : list.size() - 1, element);  // for who watches it
  }
  context.changed = true;
  context.reply.bulk(element);
}

void move(Context& context, Args args, ListEnd from, ListEnd to) {
  auto source = list_for_write(context, args[1]);
  if (!source) return;
  if (!source->exists()) return context.reply.null();
  if (args[1] == args[2]) {
    rotate(context, *source, from, to);
    note_pushed(context, false, to, args[2]);
    return note_popped(context, from, args[1]);
  }
  const auto old_target = list_for_write(context, args[2]);
  if (!old_target) return;
  const bool was_absent = !old_target->exists();
  // Again, as the target may have been an expired key.
  const storage::KeyRef key = context.key(args[1]);
  const std::string element = ListWriter(context.store, key, context.store.find(key)).pop(from);
  const storage::KeyRef target = context.key(args[2]);
  ListWriter(context.store, target, context.store.find(target)).push(to, element);
  context.changed = true;
  note_pushed(context, was_absent, to, args[2]);
  note_popped(context, from, args[1]);
  context.reply.bulk(element);
}

constexpr auto kList = storage::ValueType::kList;

/// False if there is none of the lists, and null is written.
bool pop_first(Context& context, const MultiPop<ListEnd>& pop) {
  std::optional<std::string_view> key;
  if (!find_first(context, pop.keys, kList, key)) return true;
  if (!key) {
    context.reply.null_array();
    return false;
  }
  auto list = list_for_write(context, *key);
  context.reply.array(2);
  context.reply.bulk(*key);
  pop_elements(context, *list, *key, pop.end, pop.count);
  return true;
}

void block_pop(Context& context, Args args, ListEnd end) {
  const Args keys = args.subspan(1, args.size() - 2);
  std::optional<std::string_view> key;
  if (!check_timeout(context, args.back()) || !find_first(context, keys, kList, key)) return;
  if (!key) {
    context.reply.null_array();
    return wait_for(context, keys, kList);
  }
  auto list = list_for_write(context, *key);
  context.reply.array(2);
  context.reply.bulk(*key);
  context.reply.bulk(list->pop(end));
  context.changed = true;
  note_popped(context, end, *key);
}

void block_move(Context& context, Args args, ListEnd from, ListEnd to) {
  std::optional<std::string_view> key;
  const Args source = args.subspan(1, 1);
  if (!check_timeout(context, args.back()) || !find_first(context, source, kList, key)) return;
  if (key) return move(context, args, from, to);
  context.reply.null();
  wait_for(context, source, kList);
}

}  // namespace

namespace run {

void lmove(Context& context, Args args) {
  const auto from = read_end(args[3]);
  const auto to = read_end(args[4]);
  if (!from || !to) return context.reply.error(kSyntaxError);
  move(context, args, *from, *to);
}

void rpoplpush(Context& context, Args args) {
  move(context, args, ListEnd::kRight, ListEnd::kLeft);
}

void lmpop(Context& context, Args args) {
  if (const auto pop = read_multi_pop(context, args, 1, read_end)) pop_first(context, *pop);
}

void blpop(Context& context, Args args) { block_pop(context, args, ListEnd::kLeft); }
void brpop(Context& context, Args args) { block_pop(context, args, ListEnd::kRight); }

void blmove(Context& context, Args args) {
  const auto from = read_end(args[3]);
  const auto to = read_end(args[4]);
  if (!from || !to) return context.reply.error(kSyntaxError);
  block_move(context, args, *from, *to);
}

void brpoplpush(Context& context, Args args) {
  block_move(context, args, ListEnd::kRight, ListEnd::kLeft);
}

void blmpop(Context& context, Args args) {
  const auto pop = read_multi_pop(context, args, 2, read_end);
  if (!pop || !check_timeout(context, args[1]) || pop_first(context, *pop)) return;
  wait_for(context, pop->keys, kList);
}

}  // namespace run

}  // namespace borg::commands
