// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/key_access.h"
#include "storage/sorted_set_value.h"

namespace borg::commands {

/// The sorted set of a command that reads, if it is there. False if the key is of another type,
/// and the error is written.
[[nodiscard]] inline bool find_sorted_set(Context& context, std::string_view key,
                                          std::optional<storage::SortedSetReader>& set) {
  return find_container(context, key, storage::ValueType::kSortedSet, set);
}

/// Nullopt if the key is of another type, and the error is written.
[[nodiscard]] inline std::optional<storage::SortedSetWriter> sorted_set_for_write(
    Context& context, std::string_view key) {
  return container_for_write<storage::SortedSetWriter>(context, key,
                                                       storage::ValueType::kSortedSet);
}

/// The header of an array of members, each perhaps with its score: in RESP3 as a pair.
inline void write_scored_header(Context& context, std::size_t count, bool with_scores) {
  const bool is_flat = with_scores && context.reply.version() == resp::Version::kResp2;
  context.reply.array(is_flat ? count * 2 : count);
}

inline void write_scored(Context& context, const storage::Scored& each, bool with_scores) {
  if (with_scores && context.reply.version() == resp::Version::kResp3) context.reply.array(2);
  context.reply.bulk(each.member);
  if (with_scores) context.reply.real(each.score);
}

/// Makes the key a sorted set of these members, or erases it if there are none, and writes how
/// many there are. The event is named after the command.
void store_members(Context& context, std::string_view key,
                   const std::vector<storage::Scored>& members, std::string_view event);

/// From which end members are taken.
enum class ScoreEnd : std::uint8_t { kMin, kMax };

/// How a command writes what it takes.
enum class PopReply : std::uint8_t {
  kFlat,     ///< member, score, member, score …
  kNested,   ///< an array for each member with its score
  kWithKey,  ///< as kFlat, with the key in front
};

/// Removes up to `count` members from an end of a set that exists, and writes them as an array,
/// the outermost first.
void pop_members(Context& context, std::string_view key, storage::SortedSetWriter& set,
                 ScoreEnd end, std::size_t count, PopReply reply);

}  // namespace borg::commands
