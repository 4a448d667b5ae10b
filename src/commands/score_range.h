// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "storage/sorted_set_value.h"

namespace borg::commands {

/// Ranks in [first, last).
struct RankRange {
  std::size_t first = 0;
  std::size_t last = 0;
  [[nodiscard]] std::size_t size() const { return last - first; }
};

/// Scores between two borders, each of which may itself be out.
struct ScoreRange {
  double min = 0;
  double max = 0;
  bool min_is_out = false;
  bool max_is_out = false;

  /// As Redis writes it: "1.5", or "(1.5" for a border that is out. Nullopt if one is no number.
  [[nodiscard]] static std::optional<ScoreRange> parse(std::string_view min, std::string_view max);
  [[nodiscard]] RankRange ranks(const storage::SortedSetReader& set) const;
};

/// Members, all of one score, between two borders.
class MemberRange {
 public:
  /// As Redis writes it: "[member", "(member" for a border that is out, "-" and "+" for the lowest
  /// and the highest of all. Nullopt if one is none of that. Borrows the bytes.
  [[nodiscard]] static std::optional<MemberRange> parse(std::string_view min, std::string_view max);
  [[nodiscard]] RankRange ranks(const storage::SortedSetReader& set) const;

 private:
  struct Border {
    enum class Kind : std::uint8_t { kLowest, kIn, kOut, kHighest } kind;
    std::string_view member;
  };
  [[nodiscard]] static std::optional<Border> parse_border(std::string_view text);
  MemberRange(Border min, Border max) : min_(min), max_(max) {}

  Border min_;
  Border max_;
};

/// Members by their ranks as Redis counts them: from 0, or -1 from the end; the last included.
[[nodiscard]] RankRange clamped_ranks(std::int64_t start, std::int64_t stop, std::size_t size);

}  // namespace borg::commands
