// SPDX-License-Identifier: Apache-2.0
// Lists that give elements to each other, or the first of several that has some.
#include <algorithm>
#include <string>

#include "commands/arguments.h"
#include "commands/list_access.h"
#include "commands/list_commands.h"
#include "resp/integer.h"

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
  note_removed(context, EventClass::kList, event, storage::key_ref(key));
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
  const storage::KeyRef key = storage::key_ref(args[1]);
  const std::string element = ListWriter(context.store, key, context.store.find(key)).pop(from);
  const storage::KeyRef target = storage::key_ref(args[2]);
  ListWriter(context.store, target, context.store.find(target)).push(to, element);
  context.changed = true;
  note_pushed(context, was_absent, to, args[2]);
  note_popped(context, from, args[1]);
  context.reply.bulk(element);
}

/// Nullopt if the options behind the keys are wrong, and the error is written.
std::optional<std::size_t> read_count(Context& context, Args options) {
  if (options.empty()) return 1;
  if (options.size() != 2 || !equals_ignoring_case(options[0], "count")) {
    context.reply.error(kSyntaxError);
    return std::nullopt;
  }
  const auto count = resp::parse_integer(options[1]);
  if (count && *count > 0) return static_cast<std::size_t>(*count);
  context.reply.error("ERR count should be greater than 0");
  return std::nullopt;
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
  const auto number = resp::parse_integer(args[1]);
  if (!number || *number < 1) return context.reply.error("ERR numkeys should be greater than 0");
  if (*number > static_cast<std::int64_t>(args.size()) - 3) {
    return context.reply.error(kSyntaxError);
  }
  const auto keys = static_cast<std::size_t>(*number);
  const auto end = read_end(args[2 + keys]);
  if (!end) return context.reply.error(kSyntaxError);
  const auto count = read_count(context, args.subspan(3 + keys));
  if (!count) return;
  for (const std::string_view key : args.subspan(2, keys)) {
    auto list = list_for_write(context, key);
    if (!list) return;
    if (!list->exists()) continue;
    context.reply.array(2);
    context.reply.bulk(key);
    return pop_elements(context, *list, key, *end, *count);
  }
  context.reply.null_array();
}

}  // namespace run

}  // namespace borg::commands
