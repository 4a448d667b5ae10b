// SPDX-License-Identifier: Apache-2.0
#include "commands/sort_command.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "commands/arguments.h"
#include "commands/key_access.h"
#include "commands/sort_options.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::KeyRef;
using storage::ValueType;

struct Item {
  std::string element;
  double score = 0;
  std::optional<std::string> weight;  // alphabetic, by a pattern
  std::size_t position = 0;           // before they are sorted, where that decides
};
using Items = std::vector<Item>;

Items elements_of(const EntryView& entry) {
  Items items;
  if (entry.type == ValueType::kList) {
    storage::ListReader(entry).walk(0, [&](std::size_t, std::string_view element) {
      items.push_back({std::string(element)});
      return true;
    });
  } else if (entry.type == ValueType::kSortedSet) {
    storage::SortedSetReader(entry).for_each(
        [&](const storage::Scored& each) { items.push_back({std::string(each.member)}); });
  } else {
    storage::SetReader(entry).for_each(
        [&](std::string_view member) { items.push_back({std::string(member)}); });
  }
  return items;
}

bool can_be_sorted(const EntryView& entry) {
  return entry.type == ValueType::kList || entry.type == ValueType::kSet ||
         entry.type == ValueType::kSortedSet;
}

/// As C's strtod reads it, to the end or the first NUL.
std::optional<double> score_of(std::string_view text) {
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

/// False if one is no number.
bool weigh(Context& context, const SortOptions& options, Items& items) {
  bool are_numbers = true;
  for (Item& item : items) {
    const auto weight = options.by ? options.by->lookup(context, item.element)
                                   : std::optional<std::string_view>(item.element);
    if (!weight) continue;
    if (options.is_alphabetic) {
      if (options.by) item.weight = *weight;
      continue;
    }
    const auto score = score_of(*weight);
    are_numbers = are_numbers && score;
    item.score = score.value_or(0);
  }
  return are_numbers;
}

/// A total order: what is alike is in the order of its bytes.
bool is_before(const Item& a, const Item& b) {
  if (a.score != b.score) return a.score < b.score;
  if (a.weight != b.weight) return a.weight < b.weight;
  return a.element < b.element;
}

/// Redis leaves elements of equal weight in their order. In a list that means something; members of
/// sets and sorted sets come in the order of its hash table there.
bool keeps_order(const SortOptions& options, const EntryView& entry) {
  return options.by && options.is_alphabetic && entry.type == ValueType::kList;
}

void note_positions(Items& items) {
  for (std::size_t i = 0; i < items.size(); ++i) items[i].position = i;
}

/// The part that LIMIT wants: [first, last).
struct Part {
  std::size_t first = 0;
  std::size_t last = 0;
};

Part part_of(const SortOptions& options, std::size_t size) {
  const auto all = static_cast<std::int64_t>(size);
  const std::int64_t first = std::clamp<std::int64_t>(options.offset, 0, all);
  const std::int64_t left = all - first;
  const std::int64_t count = options.count < 0 ? left : std::min(options.count, left);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(first + count)};
}

/// Nullopt if they cannot be sorted, and the error is written. The options may change.
std::optional<Items> sorted(Context& context, const std::optional<EntryView>& entry,
                            SortOptions& options) {
  if (!entry) return Items();
  if (!can_be_sorted(*entry)) {
    context.reply.error(kWrongType);
    return std::nullopt;
  }
  Items items = elements_of(*entry);
  const bool stays = options.by && !options.by->names_keys();
  if (stays && entry->type == ValueType::kSet && options.destination) {
    // Each replica has its own order of a set's members.
    options.is_alphabetic = true;
    options.by.reset();
  } else if (stays) {
    if (options.descends && entry->type != ValueType::kSet) std::ranges::reverse(items);
    return items;
  }
  if (!weigh(context, options, items)) {
    context.reply.error("ERR One or more scores can't be converted into double");
    return std::nullopt;
  }
  const bool is_stable = keeps_order(options, *entry);
  if (is_stable) note_positions(items);
  const auto order = [&](const Item& a, const Item& b) {
    if (is_stable && a.weight == b.weight) return a.position < b.position;
    return options.descends ? is_before(b, a) : is_before(a, b);
  };
  const Part part = part_of(options, items.size());
  const auto at = [&](std::size_t i) { return items.begin() + static_cast<std::ptrdiff_t>(i); };
  std::partial_sort(items.begin(), at(part.last), items.end(), order);
  return items;
}

using Results = std::vector<std::optional<std::string_view>>;

/// What of each element is wanted.
Results results_of(Context& context, const SortOptions& options, const Items& items) {
  Results results;
  const Part part = part_of(options, items.size());
  for (std::size_t i = part.first; i < part.last; ++i) {
    if (options.get.empty()) results.emplace_back(items[i].element);
    for (const SortPattern& pattern : options.get) {
      results.push_back(pattern.lookup(context, items[i].element));
    }
  }
  return results;
}

void show(Context& context, const Results& results) {
  context.reply.array(results.size());
  for (const auto& result : results) {
    if (result) {
      context.reply.bulk(*result);
    } else {
      context.reply.null();
    }
  }
}

void store(Context& context, std::string_view name, const std::vector<std::string>& elements) {
  const KeyRef key = context.key(name);
  const bool was_there = find_for_write(context, key).has_value();
  if (was_there) context.store.erase(key);
  storage::ListWriter list(context.store, key, std::nullopt);
  for (const std::string& element : elements) list.push(storage::ListEnd::kRight, element);
  if (!elements.empty()) {
    note_stored(context, !was_there, EventClass::kList, "sortstore", name);
  } else if (was_there) {
    context.notify(EventClass::kGeneric, "del", name);
  }
  if (was_there || !elements.empty()) context.changed = true;
  context.reply.integer(static_cast<std::int64_t>(elements.size()));
}

/// Other keys may be on their way to a replica that is being synced: it gets what was found.
std::vector<std::string> outcome_of(std::string_view source, std::string_view destination,
                                    const std::vector<std::string>& elements) {
  std::vector<std::string> outcome{"_sortstore", std::string(source), std::string(destination)};
  outcome.insert(outcome.end(), elements.begin(), elements.end());
  return outcome;
}

void sort_entry(Context& context, Args args, const std::optional<EntryView>& entry,
                SortOptions options) {
  const bool looks_elsewhere = options.looks_elsewhere();
  const auto items = sorted(context, entry, options);
  if (!items) return;
  const Results results = results_of(context, options, *items);
  if (!options.destination) return show(context, results);
  std::vector<std::string> elements;
  std::size_t bytes = args[1].size() + options.destination->size();
  for (const auto& result : results) {
    elements.emplace_back(result.value_or(std::string_view()));
    bytes += elements.back().size();
  }
  if (looks_elsewhere && !fits_outcome(context, elements.size() + 3, bytes)) return;
  if (looks_elsewhere) context.outcome = outcome_of(args[1], *options.destination, elements);
  store(context, *options.destination, elements);
}

}  // namespace

void sort(Context& context, Args args) {
  auto options = read_sort_options(context, args, true);
  if (!options) return;
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  note_lookup(context, key, entry);
  sort_entry(context, args, entry, std::move(*options));
}

void sort_ro(Context& context, Args args) {
  auto options = read_sort_options(context, args, false);
  if (!options) return;
  const auto entry = find_for_read(context, context.key(args[1]));
  sort_entry(context, args, entry, std::move(*options));
}

void store_sorted(Context& context, Args args) {
  static_cast<void>(find_for_write(context, context.key(args[1])));
  const Args elements = args.subspan(3);
  store(context, args[2], {elements.begin(), elements.end()});
}

}  // namespace borg::commands::run
