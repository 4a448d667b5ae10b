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

/// Members between two borders; they should be of one score, and so in order.
class MemberRange {
 public:
  /// As Redis writes it: "[member", "(member" for a border that is out, "-" and "+" for the lowest
  /// and the highest of all. Nullopt if one is none of that. Borrows the bytes.
  [[nodiscard]] static std::optional<MemberRange> parse(std::string_view min, std::string_view max);
  /// Looked for from the front, or from the end. What that is of members of different scores Redis
  /// leaves undefined; it is what Redis takes of a small set: from the first that reaches the near
  /// border up to one beyond the far border.
  [[nodiscard]] RankRange ranks(const storage::SortedSetReader& set) const;
  [[nodiscard]] RankRange ranks_from_end(const storage::SortedSetReader& set) const;

 private:
  struct Border {
    enum class Kind : std::uint8_t { kLowest, kIn, kOut, kHighest } kind;
    std::string_view member;
  };
  [[nodiscard]] bool is_before(std::string_view member) const;
  [[nodiscard]] bool is_behind(std::string_view member) const;
  [[nodiscard]] bool may_hold(const storage::SortedSetReader& set) const;
  [[nodiscard]] RankRange ordered_ranks(const storage::SortedSetReader& set) const;
  [[nodiscard]] static std::optional<Border> parse_border(std::string_view text);
  MemberRange(Border min, Border max) : min_(min), max_(max) {}

  Border min_;
  Border max_;
};

/// Members by their ranks as Redis counts them: from 0, or -1 from the end; the last included.
[[nodiscard]] RankRange clamped_ranks(std::int64_t start, std::int64_t stop, std::size_t size);

}  // namespace borg::commands
