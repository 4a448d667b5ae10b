// SPDX-License-Identifier: Apache-2.0
#include "commands/sort_options.h"

#include <algorithm>

#include "base/slot.h"
#include "commands/arguments.h"
#include "commands/sort_command.h"
#include "storage/hash_value.h"

namespace borg::commands {

SortPattern::SortPattern(std::string_view text) : text_(text) {
  const std::size_t star = text.find('*');
  if (star == std::string_view::npos) return;
  has_star_ = true;
  before_ = text.substr(0, star);
  behind_ = text.substr(star + 1);
  const std::size_t arrow = behind_.find("->");
  if (arrow == std::string_view::npos || arrow + 2 == behind_.size()) return;
  field_ = behind_.substr(arrow + 2);
  behind_ = behind_.substr(0, arrow);
}

bool SortPattern::is_of_slot(SlotId slot) const {
  const std::size_t open = before_.find('{');
  if (open == std::string_view::npos) return false;
  const std::size_t close = before_.find('}', open + 1);
  const bool is_tag = close != std::string_view::npos && close > open + 1;
  return is_tag && slot_of_key(before_) == slot;
}

std::optional<std::string_view> SortPattern::lookup(Context& context,
                                                    std::string_view element) const {
  if (is_element()) return element;
  if (!has_star_) return std::nullopt;
  std::string name(before_);
  name.append(element).append(behind_);
  const auto entry = context.store.find(storage::key_ref(name));
  const bool is_there = entry && !entry->expired_at(context.now_ms);
  context.note_lookup(is_there, name);
  if (!is_there) return std::nullopt;
  if (!field_) {
    if (entry->type != storage::ValueType::kString) return std::nullopt;
    return entry->value;
  }
  if (entry->type != storage::ValueType::kHash) return std::nullopt;
  return storage::HashReader(*entry).find(*field_);
}

bool SortOptions::looks_elsewhere() const {
  return (by && by->names_keys()) || std::ranges::any_of(get, &SortPattern::names_keys);
}

namespace {

/// Reads SORT's options one by one.
class OptionReader {
 public:
  OptionReader(Context& context, Args args, bool may_store)
      : context_(context), args_(args), may_store_(may_store), slot_(slot_of_key(args[1])) {}

  std::optional<SortOptions> read() {
    for (at_ = 2; at_ < args_.size(); ++at_) {
      if (!read_flag() && !read_option()) return std::nullopt;
    }
    return std::move(options_);
  }

 private:
  bool is_option(std::string_view name, std::size_t operands) const {
    return equals_ignoring_case(args_[at_], name) && args_.size() - at_ - 1 >= operands;
  }

  bool read_flag() {
    if (is_option("asc", 0)) {
      options_.descends = false;
    } else if (is_option("desc", 0)) {
      options_.descends = true;
    } else if (is_option("alpha", 0)) {
      options_.is_alphabetic = true;
    } else {
      return false;
    }
    return true;
  }

  /// False if it is wrong, and the error is written.
  bool read_option() {
    if (is_option("limit", 2)) return read_limit();
    if (may_store_ && is_option("store", 1)) {
      options_.destination = args_[++at_];
      return true;
    }
    if (is_option("by", 1)) {
      options_.by.emplace(args_[++at_]);
      return can_look_up(*options_.by, "ERR BY option of SORT denied in cluster mode.");
    }
    if (is_option("get", 1)) {
      const SortPattern& pattern = options_.get.emplace_back(args_[++at_]);
      return can_look_up(pattern, "ERR GET option of SORT denied in cluster mode.");
    }
    context_.reply.error(kSyntaxError);
    return false;
  }

  bool read_limit() {
    const auto offset = read_integer(context_, args_[++at_]);
    const auto count = offset ? read_integer(context_, args_[++at_]) : std::nullopt;
    if (!count) return false;
    options_.offset = *offset;
    options_.count = *count;
    return true;
  }

  /// Keys of other slots may be anywhere.
  bool can_look_up(const SortPattern& pattern, std::string_view error) {
    if (!pattern.names_keys() || pattern.is_of_slot(slot_)) return true;
    context_.reply.error(error);
    return false;
  }

  Context& context_;
  Args args_;
  bool may_store_;
  SlotId slot_;
  std::size_t at_ = 2;
  SortOptions options_;
};

}  // namespace

std::optional<SortOptions> read_sort_options(Context& context, Args args, bool may_store) {
  return OptionReader(context, args, may_store).read();
}

std::size_t sort_destination(Args args) {
  std::size_t destination = 0;
  for (std::size_t i = 2; i < args.size(); ++i) {
    const std::size_t behind = args.size() - i - 1;
    if (equals_ignoring_case(args[i], "limit") && behind >= 2) {
      i += 2;
    } else if ((equals_ignoring_case(args[i], "by") || equals_ignoring_case(args[i], "get")) &&
               behind >= 1) {
      ++i;
    } else if (equals_ignoring_case(args[i], "store") && behind >= 1) {
      destination = ++i;
    }
  }
  return destination;
}

}  // namespace borg::commands
