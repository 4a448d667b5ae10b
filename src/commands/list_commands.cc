// SPDX-License-Identifier: Apache-2.0
#include "commands/list_commands.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/list_access.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::ListEnd;
using storage::ListReader;

constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";

void push(Context& context, Args args, ListEnd end, bool only_if_exists) {
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  if (only_if_exists && !list->exists()) return context.reply.integer(0);
  const bool was_absent = !list->exists();
  for (const std::string_view element : args.subspan(2)) list->push(end, element);
  context.changed = true;
  note_pushed(context, was_absent, end, args[1]);
  write_size(context, list->size());
}

void pop(Context& context, Args args, ListEnd end) {
  if (args.size() > 3) return write_wrong_arity(context, args[0]);
  const bool is_one = args.size() == 2;
  const auto count = is_one ? std::optional<std::int64_t>(1) : resp::parse_integer(args[2]);
  if (!count || *count < 0) return context.reply.error(kMustBePositive);
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  if (!list->exists()) return is_one ? context.reply.null() : context.reply.null_array();
  if (!is_one) {
    return pop_elements(context, *list, args[1], end, static_cast<std::size_t>(*count));
  }
  context.reply.bulk(list->pop(end));
  context.changed = true;
  note_popped(context, end, args[1]);
}

/// The half-open range of indexes that Redis means by two inclusive ones, negative from behind.
struct Range {
  std::size_t first = 0;
  std::size_t last = 0;
};

Range range_of(std::int64_t start, std::int64_t stop, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(count + start, 0);
  if (stop < 0) stop = count + stop;
  stop = std::min(stop, count - 1);
  if (start > stop || start >= count) return {};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(stop) + 1};
}

/// An index, negative from behind; nullopt if there is none such.
std::optional<std::size_t> index_of(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index);
}

/// Those of LPOS.
struct Search {
  std::int64_t rank = 1;
  std::optional<std::size_t> matches;
  std::size_t compared_max = SIZE_MAX;
};

constexpr std::string_view kRankIsZero =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list";

/// False if the option is wrong, and the error is written.
bool read_search_option(Context& context, std::string_view option, std::string_view text,
                        Search& search) {
  const bool is_rank = equals_ignoring_case(option, "rank");
  const bool is_count = equals_ignoring_case(option, "count");
  if (!is_rank && !is_count && !equals_ignoring_case(option, "maxlen")) {
    context.reply.error(kSyntaxError);
    return false;
  }
  const auto number =
      is_rank ? read_integer(context, text) : std::optional(resp::parse_integer(text).value_or(-1));
  if (!number) return false;
  if (is_rank && *number == 0) {
    context.reply.error(kRankIsZero);
    return false;
  }
  if (!is_rank && *number < 0) {
    context.reply.error(is_count ? "ERR COUNT can't be negative" : "ERR MAXLEN can't be negative");
    return false;
  }
  const auto limit = *number == 0 ? SIZE_MAX : static_cast<std::size_t>(*number);
  if (is_rank) {
    search.rank = *number;
  } else if (is_count) {
    search.matches = limit;
  } else {
    search.compared_max = limit;
  }
  return true;
}

std::optional<Search> read_search(Context& context, Args options) {
  Search search;
  for (std::size_t i = 0; i < options.size(); i += 2) {
    if (i + 1 == options.size()) {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
    if (!read_search_option(context, options[i], options[i + 1], search)) return std::nullopt;
  }
  return search;
}

std::vector<std::size_t> find_matches(const ListReader& list, std::string_view wanted,
                                      const Search& search) {
  std::vector<std::size_t> found;
  const bool from_behind = search.rank < 0;
  // Redis takes the smallest number of all for the first match from behind.
  std::int64_t to_skip = from_behind ? -(search.rank + 1) : search.rank - 1;
  if (to_skip == std::numeric_limits<std::int64_t>::max()) to_skip = 0;
  std::size_t compared = 0;
  const auto step = [&](std::size_t index, std::string_view element) {
    if (element == wanted && to_skip-- <= 0) found.push_back(index);
    return found.size() < search.matches.value_or(1) && ++compared < search.compared_max;
  };
  if (from_behind) {
    list.walk_back(list.size() - 1, step);
  } else {
    list.walk(0, step);
  }
  return found;
}

}  // namespace

void lpush(Context& context, Args args) { push(context, args, ListEnd::kLeft, false); }
void rpush(Context& context, Args args) { push(context, args, ListEnd::kRight, false); }
void lpushx(Context& context, Args args) { push(context, args, ListEnd::kLeft, true); }
void rpushx(Context& context, Args args) { push(context, args, ListEnd::kRight, true); }
void lpop(Context& context, Args args) { pop(context, args, ListEnd::kLeft); }
void rpop(Context& context, Args args) { pop(context, args, ListEnd::kRight); }

void llen(Context& context, Args args) {
  std::optional<ListReader> list;
  if (find_list(context, args[1], list)) write_size(context, list ? list->size() : 0);
}

void lrange(Context& context, Args args) {
  const auto start = read_integer(context, args[2]);
  if (!start) return;
  const auto stop = read_integer(context, args[3]);
  if (!stop) return;
  std::optional<ListReader> list;
  if (!find_list(context, args[1], list)) return;
  const Range range = range_of(*start, *stop, list ? list->size() : 0);
  context.reply.array(range.last - range.first);
  if (range.first == range.last) return;
  list->walk(range.first, [&](std::size_t index, std::string_view element) {
    context.reply.bulk(element);
    return index + 1 < range.last;
  });
}

void lindex(Context& context, Args args) {
  std::optional<ListReader> list;
  if (!find_list(context, args[1], list)) return;
  if (!list) return context.reply.null();
  const auto number = read_integer(context, args[2]);
  if (!number) return;
  const auto index = index_of(*number, list->size());
  if (!index) return context.reply.null();
  context.reply.bulk(list->at(*index));
}

void lset(Context& context, Args args) {
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  if (!list->exists()) return context.reply.error("ERR no such key");
  const auto number = read_integer(context, args[2]);
  if (!number) return;
  const auto index = index_of(*number, list->size());
  if (!index) return context.reply.error("ERR index out of range");
  list->set(*index, args[3]);
  context.changed = true;
  context.notify(EventClass::kList, "lset", args[1]);
  context.reply.ok();
}

void linsert(Context& context, Args args) {
  const bool before = equals_ignoring_case(args[2], "before");
  if (!before && !equals_ignoring_case(args[2], "after")) return context.reply.error(kSyntaxError);
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  if (!list->exists()) return context.reply.integer(0);
  const auto found = find_matches(list->reader(), args[3], {});
  if (found.empty()) return context.reply.integer(-1);
  list->insert(found.front() + (before ? 0 : 1), args[4]);
  context.changed = true;
  context.notify(EventClass::kList, "linsert", args[1]);
  write_size(context, list->size());
}

void lrem(Context& context, Args args) {
  const auto count = read_integer(context, args[2]);
  if (!count) return;
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  if (!list->exists()) return context.reply.integer(0);
  Search search{.rank = *count < 0 ? -1 : 1, .matches = SIZE_MAX};
  if (*count > 0) search.matches = static_cast<std::size_t>(*count);
  if (*count < 0) search.matches = 0 - static_cast<std::size_t>(*count);
  auto found = find_matches(list->reader(), args[3], search);
  std::ranges::sort(found);
  if (!found.empty()) {
    list->erase_each(found);
    context.changed = true;
    note_removed(context, EventClass::kList, "lrem", context.key(args[1]));
  }
  write_size(context, found.size());
}

void ltrim(Context& context, Args args) {
  const auto start = read_integer(context, args[2]);
  if (!start) return;
  const auto stop = read_integer(context, args[3]);
  if (!stop) return;
  auto list = list_for_write(context, args[1]);
  if (!list) return;
  const std::size_t size = list->size();
  const Range kept = range_of(*start, *stop, size);
  if (kept.last - kept.first < size) {
    // The right part first: the indexes of the left one stay.
    if (kept.first == kept.last) {
      list->erase(0, size);
    } else {
      list->erase(kept.last, size - kept.last);
      list->erase(0, kept.first);
    }
    context.changed = true;
  }
  // For who watches the key it is a change, whatever is removed.
  if (size > 0) context.store.touch(context.key(args[1]));
  if (size > 0) note_removed(context, EventClass::kList, "ltrim", context.key(args[1]));
  context.reply.ok();
}

void lpos(Context& context, Args args) {
  const auto search = read_search(context, args.subspan(3));
  if (!search) return;
  std::optional<ListReader> list;
  if (!find_list(context, args[1], list)) return;
  const auto found = list ? find_matches(*list, args[2], *search) : std::vector<std::size_t>();
  if (search->matches) {
    context.reply.array(found.size());
    for (const std::size_t index : found) write_size(context, index);
  } else if (found.empty()) {
    context.reply.null();
  } else {
    write_size(context, found.front());
  }
}

}  // namespace borg::commands::run
