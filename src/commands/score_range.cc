// SPDX-License-Identifier: Apache-2.0
#include "commands/score_range.h"

#include <algorithm>

#include "commands/float_text.h"

namespace borg::commands {

using storage::Scored;
using storage::SortedSetReader;

namespace {

RankRange between(std::size_t first, std::size_t last) { return {first, std::max(first, last)}; }

/// Redis looks through a set of so many members (zset-max-listpack-entries) one by one. In a larger
/// one it searches, and where members are not in order finds what chance has made of its skip list.
constexpr std::size_t kLookedThroughMax = 128;

/// How many members have it in a row: the one of rank `first` and those behind it.
template <class Has>
std::size_t count_from(const SortedSetReader& set, std::size_t first, const Has& has) {
  std::size_t count = 0;
  if (first == set.size()) return count;
  set.walk(first, [&](const Scored& each) {
    if (!has(each)) return false;
    ++count;
    return true;
  });
  return count;
}

/// The same of those before rank `last`, from there on down.
template <class Has>
std::size_t count_back_from(const SortedSetReader& set, std::size_t last, const Has& has) {
  std::size_t count = 0;
  if (last == 0) return count;
  set.walk_back(last - 1, [&](const Scored& each) {
    if (!has(each)) return false;
    ++count;
    return true;
  });
  return count;
}

bool is_of_one_score(const SortedSetReader& set) {
  return set.size() == 0 || set.at(0).score == set.at(set.size() - 1).score;
}

}  // namespace

std::optional<ScoreRange> ScoreRange::parse(std::string_view min, std::string_view max) {
  ScoreRange range;
  range.min_is_out = min.starts_with('(');
  range.max_is_out = max.starts_with('(');
  const auto low = parse_score_border(min.substr(range.min_is_out ? 1 : 0));
  const auto high = parse_score_border(max.substr(range.max_is_out ? 1 : 0));
  if (!low || !high) return std::nullopt;
  range.min = *low;
  range.max = *high;
  return range;
}

RankRange ScoreRange::ranks(const SortedSetReader& set) const {
  return between(set.count_while([&](const Scored& each) {
    return min_is_out ? each.score <= min : each.score < min;
  }),
                 set.count_while([&](const Scored& each) {
                   return max_is_out ? each.score < max : each.score <= max;
                 }));
}

std::optional<MemberRange::Border> MemberRange::parse_border(std::string_view text) {
  using Kind = Border::Kind;
  if (text.empty()) return std::nullopt;
  const char head = text.front();
  text.remove_prefix(1);
  if (head == '[') return Border{Kind::kIn, text};
  if (head == '(') return Border{Kind::kOut, text};
  // As Redis takes it for a string that ends with a NUL.
  const bool is_alone = text.empty() || text.front() == '\0';
  if (!is_alone || (head != '-' && head != '+')) return std::nullopt;
  return Border{head == '-' ? Kind::kLowest : Kind::kHighest, {}};
}

std::optional<MemberRange> MemberRange::parse(std::string_view min, std::string_view max) {
  const auto low = parse_border(min);
  const auto high = parse_border(max);
  if (!low || !high) return std::nullopt;
  return MemberRange(*low, *high);
}

bool MemberRange::is_before(std::string_view member) const {
  if (min_.kind == Border::Kind::kLowest) return false;
  if (min_.kind == Border::Kind::kHighest) return true;
  return min_.kind == Border::Kind::kOut ? member <= min_.member : member < min_.member;
}

bool MemberRange::is_behind(std::string_view member) const {
  if (max_.kind == Border::Kind::kLowest) return true;
  if (max_.kind == Border::Kind::kHighest) return false;
  return max_.kind == Border::Kind::kOut ? member >= max_.member : member > max_.member;
}

/// As Redis guesses it from the first and the last member.
bool MemberRange::may_hold(const SortedSetReader& set) const {
  return !is_before(set.at(set.size() - 1).member) && !is_behind(set.at(0).member);
}

RankRange MemberRange::ordered_ranks(const SortedSetReader& set) const {
  return between(set.count_while([this](const Scored& each) { return is_before(each.member); }),
                 set.count_while([this](const Scored& each) { return !is_behind(each.member); }));
}

RankRange MemberRange::ranks(const SortedSetReader& set) const {
  if (is_of_one_score(set)) return ordered_ranks(set);
  if (!may_hold(set)) return {};
  const auto comes_before = [this](const Scored& each) { return is_before(each.member); };
  const std::size_t first = set.size() > kLookedThroughMax ? set.count_while(comes_before)
                                                           : count_from(set, 0, comes_before);
  const auto is_taken = [this](const Scored& each) { return !is_behind(each.member); };
  return {first, first + count_from(set, first, is_taken)};
}

RankRange MemberRange::ranks_from_end(const SortedSetReader& set) const {
  if (is_of_one_score(set)) return ordered_ranks(set);
  if (!may_hold(set)) return {};
  const auto comes_before = [this](const Scored& each) { return !is_behind(each.member); };
  const auto comes_behind = [this](const Scored& each) { return is_behind(each.member); };
  const std::size_t last = set.size() > kLookedThroughMax
                               ? set.count_while(comes_before)
                               : set.size() - count_back_from(set, set.size(), comes_behind);
  const auto is_taken = [this](const Scored& each) { return !is_before(each.member); };
  return {last - count_back_from(set, last, is_taken), last};
}

RankRange clamped_ranks(std::int64_t start, std::int64_t stop, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(count + start, 0);
  if (stop < 0) stop += count;
  if (start > stop || start >= count) return {};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(std::min(stop, count - 1)) + 1};
}

}  // namespace borg::commands
