// SPDX-License-Identifier: Apache-2.0
#include "commands/score_range.h"

#include <algorithm>

#include "commands/float_text.h"

namespace borg::commands {

using storage::Scored;
using storage::SortedSetReader;

namespace {

RankRange between(std::size_t first, std::size_t last) { return {first, std::max(first, last)}; }

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

RankRange MemberRange::ranks(const SortedSetReader& set) const {
  // How many members are before a border; one that is at it counts if `with_it`.
  const auto before = [&](const Border& border, bool with_it) -> std::size_t {
    if (border.kind == Border::Kind::kLowest) return 0;
    if (border.kind == Border::Kind::kHighest) return set.size();
    return set.count_while([&](const Scored& each) {
      return with_it ? each.member <= border.member : each.member < border.member;
    });
  };
  return between(before(min_, min_.kind == Border::Kind::kOut),
                 before(max_, max_.kind == Border::Kind::kIn));
}

RankRange clamped_ranks(std::int64_t start, std::int64_t stop, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(count + start, 0);
  if (stop < 0) stop += count;
  if (start > stop || start >= count) return {};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(std::min(stop, count - 1)) + 1};
}

}  // namespace borg::commands
