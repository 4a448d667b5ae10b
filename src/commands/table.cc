// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "commands/admin_commands.h"
#include "commands/bit_commands.h"
#include "commands/borg_commands.h"
#include "commands/client_commands.h"
#include "commands/cluster_commands.h"
#include "commands/command.h"
#include "commands/conditional_commands.h"
#include "commands/connection_commands.h"
#include "commands/counter_commands.h"
#include "commands/diagnosis_commands.h"
#include "commands/expiry_commands.h"
#include "commands/generic_commands.h"
#include "commands/geo_commands.h"
#include "commands/hash_commands.h"
#include "commands/hyperloglog_commands.h"
#include "commands/internal_commands.h"
#include "commands/keyspace_commands.h"
#include "commands/list_commands.h"
#include "commands/name_index.h"
#include "commands/pubsub_commands.h"
#include "commands/range_commands.h"
#include "commands/rename_commands.h"
#include "commands/server_commands.h"
#include "commands/set_commands.h"
#include "commands/sort_command.h"
#include "commands/sorted_set_commands.h"
#include "commands/string_commands.h"
#include "commands/transaction_commands.h"
#include "resp/integer.h"

namespace borg::commands {

namespace {

template <std::size_t... kSizes>
constexpr auto concatenate(const std::array<CommandSpec, kSizes>&... parts) {
  std::array<CommandSpec, (kSizes + ...)> rows{};
  auto out = rows.begin();
  ((out = std::copy(parts.begin(), parts.end(), out)), ...);
  return rows;
}

constexpr auto kRows = concatenate(
    kStringRows, kConditionalRows, kRangeRows, kCounterRows, kHashRows, kListRows, kSetRows,
    kSortedSetRows, kGeoRows, kExpiryRows, kGenericRows, kKeyspaceRows, kConnectionRows,
    kClientRows, kBitRows, kServerRows, kPubSubRows, kDiagnosisRows, kAdminRows, kClusterRows,
    kBorgRows, kHyperLogLogRows, kRenameRows, kSortRows, kTransactionRows, kInternalRows);
constexpr NameIndex kIndex(kRows);

constexpr bool is_sound(const CommandSpec& spec) {
  const bool is_split = spec.last_key < 0 || spec.is(kEveryPartition);
  return spec.arity != 0 && (spec.merge == Merge::kNone || is_split) &&
         (spec.merge != Merge::kNone || !spec.is(kEveryPartition)) &&
         (spec.first_key == 0 || (spec.key_step > 0 && spec.key_use != 0));
}
static_assert(std::ranges::all_of(kRows, is_sound));

/// By row: of a container.
constexpr auto kIsSubcommand = [] {
  std::array<bool, kRows.size()> marks{};
  std::ranges::transform(kRows, marks.begin(), [](const CommandSpec& row) {
    return row.name.find('|') != std::string_view::npos;
  });
  return marks;
}();

// Redis prints with %.128s: not beyond a NUL either.
constexpr std::size_t kShownBytesMax = 128;

std::string_view shown(std::string_view text, std::size_t bytes_max) {
  return text.substr(0, std::min(bytes_max, text.find('\0')));
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

/// The row of a subcommand.
const CommandSpec* find_subcommand(const CommandSpec& container, std::string_view name) {
  std::array<char, NameIndex::kNameBytesMax> full{};
  if (container.name.size() + 1 + name.size() > full.size()) return nullptr;
  char* end = std::ranges::copy(container.name, full.begin()).out;
  *end++ = '|';
  end = std::ranges::copy(name, end).out;
  return kIndex.find(kRows, {full.data(), static_cast<std::size_t>(end - full.data())});
}

}  // namespace

std::span<const CommandSpec> all_commands() { return kRows; }

const CommandSpec* find_command(std::string_view name) { return kIndex.find(kRows, name); }

const CommandSpec* resolve(Args args) {
  if (args.empty()) return nullptr;
  const CommandSpec* const spec = find_command(args[0]);
  if (spec == nullptr) return nullptr;
  if (spec->is(kContainer) && args.size() > 1) return find_subcommand(*spec, args[1]);
  return kIsSubcommand[static_cast<std::size_t>(spec - kRows.data())] ? nullptr : spec;
}

void write_unknown(Args args, resp::Writer& reply) {
  const CommandSpec* const container = find_command(args[0]);
  if (container != nullptr && container->is(kContainer) && args.size() > 1) {
    return reply.error("ERR unknown subcommand '" + std::string(shown(args[1], kShownBytesMax)) +
                       "'. Try " + upper_case(args[0]) + " HELP.");
  }
  std::string begin;
  for (std::size_t i = 1; i < args.size() && begin.size() < kShownBytesMax; ++i) {
    begin += "'";
    begin += shown(args[i], kShownBytesMax - begin.size() + 1);
    begin += "' ";
  }
  reply.error("ERR unknown command '" + std::string(shown(args[0], kShownBytesMax)) +
              "', with args beginning with: " + begin);
}

bool check_arity(const CommandSpec& spec, Args args, resp::Writer& reply) {
  const auto count = static_cast<std::int64_t>(args.size());
  const bool fits = spec.arity >= 0 ? count == spec.arity : count >= -spec.arity;
  if (fits) [[likely]]
    return true;
  reply.error("ERR wrong number of arguments for '" + std::string(spec.name) + "' command");
  return false;
}

namespace {

KeyRange counted_keys(const CommandSpec& spec, Args args) {
  const auto at = static_cast<std::size_t>(spec.numkeys_at);
  const auto count = at < args.size() ? resp::parse_integer(args[at]) : std::nullopt;
  const auto step = static_cast<std::size_t>(std::max<std::int8_t>(spec.key_step, 1));
  const bool is_sane = count && *count >= 1 && at < args.size() &&
                       *count <= static_cast<std::int64_t>((args.size() - at - 1) / step);
  if (!is_sane) return {};
  return {.first = at + 1,
          .last = at + 1 + (static_cast<std::size_t>(*count) - 1) * step,
          .step = step,
          .before = static_cast<std::size_t>(spec.first_key)};
}

}  // namespace

KeyRange key_range(const CommandSpec& spec, Args args) {
  if (spec.numkeys_at != 0) return counted_keys(spec, args);
  if (spec.first_key == 0) return {};
  const auto count = static_cast<std::int64_t>(args.size());
  const std::int64_t last = spec.last_key < 0 ? count + spec.last_key : spec.last_key;
  if (last >= count || last < spec.first_key) return {};
  return {.first = static_cast<std::size_t>(spec.first_key),
          .last = static_cast<std::size_t>(last),
          .step = static_cast<std::size_t>(spec.key_step),
          .behind = spec.key_in_options != nullptr ? spec.key_in_options(args) : 0};
}

}  // namespace borg::commands
