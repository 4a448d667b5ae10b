// SPDX-License-Identifier: Apache-2.0
#include "commands/growth.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "commands/arguments.h"
#include "commands/transaction.h"
#include "resp/integer.h"

namespace borg::commands {
namespace {

using storage::PartitionStore;
using Estimate = std::uint64_t (*)(const CommandSpec& spec, Args args, const PartitionStore& store);

/// What is smaller is found out when it is there.
constexpr std::uint64_t kSmallBytes = 64 * 1024;
constexpr std::uint64_t kBitsPerByte = 8;

std::uint64_t size_of(std::string_view key, const PartitionStore& store) {
  return store.memory_bytes(storage::key_ref(key)).value_or(0);
}

/// To a string of so many bytes.
std::uint64_t up_to(std::uint64_t bytes, std::string_view key, const PartitionStore& store) {
  if (bytes <= kSmallBytes) return 0;
  const std::uint64_t here = size_of(key, store);
  return bytes > here ? bytes - here : 0;
}

std::uint64_t number_of(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(resp::parse_integer(text).value_or(0), 0));
}

std::uint64_t of_offset(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  return args[3].empty() ? 0 : up_to(number_of(args[2]), args[1], store);
}

std::uint64_t of_bit(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  return up_to(number_of(args[2]) / kBitsPerByte, args[1], store);
}

/// `SET type offset value`, `INCRBY type offset increment`: "#n" is the n-th of its type.
std::uint64_t of_fields(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  std::uint64_t last = 0;
  for (std::size_t i = 2; i + 3 < args.size(); ++i) {
    const bool writes =
        equals_ignoring_case(args[i], "set") || equals_ignoring_case(args[i], "incrby");
    if (!writes || args[i + 1].empty()) continue;
    const bool in_fields = args[i + 2].starts_with('#');
    const std::uint64_t field = in_fields ? number_of(args[i + 1].substr(1)) : 1;
    const std::uint64_t at = number_of(args[i + 2].substr(in_fields ? 1 : 0));
    std::uint64_t bit = 0;
    if (!__builtin_mul_overflow(at, field, &bit)) last = std::max(last, bit);
  }
  return up_to(last / kBitsPerByte, args[1], store);
}

/// Of a result that is a part of what is read: no more than so many elements of a usual size.
std::uint64_t of_elements(std::uint64_t count, std::uint64_t source_bytes) {
  constexpr std::uint64_t kElementBytes = 128;
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(count, kElementBytes, &bytes)) return source_bytes;
  return bytes <= kSmallBytes ? 0 : std::min(bytes, source_bytes);
}

/// The number at this distance behind the option, or more than any if it is not there.
std::uint64_t count_behind(Args args, std::string_view option, std::size_t distance) {
  for (std::size_t i = 1; i + distance < args.size(); ++i) {
    if (!equals_ignoring_case(args[i], option)) continue;
    const auto count = resp::parse_integer(args[i + distance]);
    return count && *count >= 0 ? static_cast<std::uint64_t>(*count) : UINT64_MAX;
  }
  return UINT64_MAX;
}

std::uint64_t of_second(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  return size_of(args[1], store);
}

/// ZRANGESTORE: by rank, or LIMIT offset count.
std::uint64_t of_range(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  std::uint64_t count = count_behind(args, "limit", 2);
  const auto first = resp::parse_integer(args[3]);
  const auto last = resp::parse_integer(args[4]);
  const bool is_by_rank = std::none_of(args.begin() + 5, args.end(), [](std::string_view word) {
    return equals_ignoring_case(word, "byscore") || equals_ignoring_case(word, "bylex");
  });
  if (is_by_rank && first && last && *first >= 0 && *last >= 0) {
    count = *last < *first ? 0 : static_cast<std::uint64_t>(*last - *first) + 1;
  }
  return of_elements(count, size_of(args[2], store));
}

/// GEOSEARCHSTORE.
std::uint64_t of_search(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  return of_elements(count_behind(args, "count", 1), size_of(args[2], store));
}

/// The key that is read is the third argument.
std::uint64_t of_third(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  return size_of(args[2], store);
}

/// Of the keys behind the destination.
template <class Combine>
std::uint64_t of_sources(const CommandSpec& spec, Args args, const PartitionStore& store,
                         std::uint64_t first, Combine combine) {
  std::uint64_t bytes = first;
  bool is_destination = true;
  for_each_key(spec, args, [&](std::size_t i) {
    if (!is_destination) bytes = combine(bytes, size_of(args[i], store));
    is_destination = false;
  });
  return bytes;
}

std::uint64_t of_all(const CommandSpec& spec, Args args, const PartitionStore& store) {
  return of_sources(spec, args, store, 0,
                    [](std::uint64_t sum, std::uint64_t next) { return sum + next; });
}

std::uint64_t of_largest(const CommandSpec& spec, Args args, const PartitionStore& store) {
  return of_sources(spec, args, store, 0,
                    [](std::uint64_t most, std::uint64_t next) { return std::max(most, next); });
}

std::uint64_t of_smallest(const CommandSpec& spec, Args args, const PartitionStore& store) {
  const std::uint64_t least =
      of_sources(spec, args, store, UINT64_MAX,
                 [](std::uint64_t so_far, std::uint64_t next) { return std::min(so_far, next); });
  return least == UINT64_MAX ? 0 : least;
}

/// Only if an option names a key for the result.
std::uint64_t of_stored(const CommandSpec& spec, Args args, const PartitionStore& store) {
  std::size_t keys = 0;
  for_each_key(spec, args, [&](std::size_t) { ++keys; });
  if (keys <= 1) return 0;
  const std::uint64_t count =
      std::min(count_behind(args, "limit", 2), count_behind(args, "count", 1));
  return of_elements(count, size_of(args[1], store));
}

std::uint64_t of_steps(const CommandSpec& /*spec*/, Args args, const PartitionStore& store) {
  const auto transaction = read_transaction(args);
  if (!transaction) return 0;
  std::uint64_t bytes = 0;
  for (const TransactionArgs::Step& step : transaction->steps) {
    bytes += growth(*step.spec, step.of(args), store);
  }
  return bytes;
}

struct Row {
  std::string_view name;
  Estimate estimate;
};

constexpr Row kRows[] = {
    {"_exec", of_steps},           {"bitfield", of_fields},      {"bitop", of_largest},
    {"copy", of_second},           {"georadius", of_stored},     {"georadiusbymember", of_stored},
    {"geosearchstore", of_search}, {"sdiffstore", of_third},     {"setbit", of_bit},
    {"setrange", of_offset},       {"sinterstore", of_smallest}, {"sort", of_stored},
    {"sunionstore", of_all},       {"zdiffstore", of_all},       {"zinterstore", of_smallest},
    {"zrangestore", of_range},     {"zunionstore", of_all}};

std::vector<Estimate> by_index() {
  std::vector<Estimate> estimates(all_commands().size());
  for (const Row& row : kRows) {
    const CommandSpec* const spec = find_command(row.name);
    BORG_CHECK(spec != nullptr);
    estimates[static_cast<std::size_t>(spec - all_commands().data())] = row.estimate;
  }
  return estimates;
}

}  // namespace

std::uint64_t growth(const CommandSpec& spec, Args args, const PartitionStore& store) {
  static const std::vector<Estimate> kEstimates = by_index();
  const Estimate estimate = kEstimates[static_cast<std::size_t>(&spec - all_commands().data())];
  return estimate == nullptr ? 0 : estimate(spec, args, store);
}

}  // namespace borg::commands
