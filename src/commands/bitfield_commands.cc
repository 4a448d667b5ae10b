// SPDX-License-Identifier: Apache-2.0
// BITFIELD: integers of 1 to 64 bits, anywhere within a string.
#include <algorithm>
#include <vector>

#include "commands/arguments.h"
#include "commands/bit_arguments.h"
#include "commands/bit_commands.h"
#include "commands/key_access.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

// Wide enough for the sum of two of any type.
__extension__ using Wide = __int128;

enum class Overflow : std::uint8_t { kWrap, kSaturate, kFail };
enum class Action : std::uint8_t { kGet, kSet, kIncrement };

struct FieldType {
  bool is_signed = false;
  std::uint64_t bits = 0;

  [[nodiscard]] Wide highest() const { return (Wide{1} << (is_signed ? bits - 1 : bits)) - 1; }
  [[nodiscard]] Wide lowest() const { return is_signed ? -highest() - 1 : 0; }
  /// The lowest bits of a number, as one of this type.
  [[nodiscard]] Wide cut(Wide number) const {
    const Wide low = number & ((Wide{1} << bits) - 1);
    return low > highest() ? low - (Wide{1} << bits) : low;
  }
};

struct Step {
  Action action = Action::kGet;
  Overflow overflow = Overflow::kWrap;
  FieldType type;
  std::uint64_t offset = 0;
  std::int64_t number = 0;
};

struct Steps {
  std::vector<Step> all;
  std::optional<std::uint64_t> last_written;  // bit
};

std::optional<FieldType> read_type(Context& context, std::string_view text) {
  FieldType type;
  type.is_signed = text.starts_with('i');
  const bool has_kind = type.is_signed || text.starts_with('u');
  const auto bits = has_kind ? resp::parse_integer(text.substr(1)) : std::nullopt;
  if (bits && *bits >= 1 && *bits <= (type.is_signed ? 64 : 63)) {
    type.bits = static_cast<std::uint64_t>(*bits);
    return type;
  }
  context.reply.error(
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
      "i64 is.");
  return std::nullopt;
}

std::optional<Overflow> read_overflow(Context& context, std::string_view text) {
  if (equals_ignoring_case(text, "wrap")) return Overflow::kWrap;
  if (equals_ignoring_case(text, "sat")) return Overflow::kSaturate;
  if (equals_ignoring_case(text, "fail")) return Overflow::kFail;
  context.reply.error("ERR Invalid OVERFLOW type specified");
  return std::nullopt;
}

std::optional<Action> action_of(std::string_view name, std::size_t behind) {
  if (equals_ignoring_case(name, "get") && behind >= 2) return Action::kGet;
  if (equals_ignoring_case(name, "set") && behind >= 3) return Action::kSet;
  if (equals_ignoring_case(name, "incrby") && behind >= 3) return Action::kIncrement;
  return std::nullopt;
}

/// What follows the step's name; false if it is wrong, and the error is written.
bool read_operands(Context& context, Args operands, Step& step) {
  const auto type = read_type(context, operands[0]);
  if (!type) return false;
  step.type = *type;
  const auto offset = read_bit_offset(context, operands[1], type->bits);
  if (!offset) return false;
  step.offset = *offset;
  if (step.action == Action::kGet) return true;
  const auto number = read_integer(context, operands[2]);
  if (!number) return false;
  step.number = *number;
  return true;
}

/// Nullopt if they are wrong, and the error is written.
std::optional<Steps> read_steps(Context& context, Args words) {
  Steps steps;
  Overflow overflow = Overflow::kWrap;
  for (std::size_t i = 0; i < words.size();) {
    const std::size_t behind = words.size() - i - 1;
    if (equals_ignoring_case(words[i], "overflow") && behind >= 1) {
      const auto given = read_overflow(context, words[i + 1]);
      if (!given) return std::nullopt;
      overflow = *given;
      i += 2;
      continue;
    }
    const auto action = action_of(words[i], behind);
    if (!action) {
      context.reply.error(kSyntaxError);
      return std::nullopt;
    }
    Step step{.action = *action, .overflow = overflow, .type = {}, .offset = 0, .number = 0};
    if (!read_operands(context, words.subspan(i + 1), step)) return std::nullopt;
    if (*action != Action::kGet) {
      const std::uint64_t last = step.offset + step.type.bits - 1;
      steps.last_written = std::max(steps.last_written.value_or(0), last);
    }
    steps.all.push_back(step);
    i += *action == Action::kGet ? 3 : 4;
  }
  return steps;
}

Wide read_field(std::string_view value, const Step& step) {
  std::uint64_t number = 0;
  for (std::uint64_t bit = step.offset; bit < step.offset + step.type.bits; ++bit) {
    const std::uint8_t byte =
        bit >> 3 < value.size() ? static_cast<std::uint8_t>(value[bit >> 3]) : 0;
    number = number << 1 | (byte >> (7 - (bit & 7)) & 1);
  }
  return step.type.cut(number);
}

void write_field(char* value, const Step& step, Wide wide) {
  const auto number = static_cast<std::uint64_t>(wide);
  for (std::uint64_t i = 0; i < step.type.bits; ++i) {
    const std::uint64_t bit = step.offset + step.type.bits - 1 - i;
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit & 7));
    char& byte = value[bit >> 3];
    byte = static_cast<char>((number >> i & 1) != 0 ? byte | mask : byte & ~mask);
  }
}

/// What the field becomes; nullopt if it must stay. A number that SET gives to an unsigned field
/// counts as 64 bits without a sign, as in Redis.
std::optional<Wide> result_of(const Step& step, Wide old) {
  const FieldType& type = step.type;
  const Wide given =
      type.is_signed ? Wide{step.number} : Wide{static_cast<std::uint64_t>(step.number)};
  const Wide wanted = step.action == Action::kSet ? given : old + step.number;
  if (wanted >= type.lowest() && wanted <= type.highest()) return wanted;
  switch (step.overflow) {
    case Overflow::kWrap:
      return type.cut(wanted);
    case Overflow::kSaturate:
      return wanted > type.highest() ? type.highest() : type.lowest();
    case Overflow::kFail:
      break;
  }
  return std::nullopt;
}

void change(Context& context, std::string_view key, const Steps& steps) {
  auto bits = bits_for_write(context, key, *steps.last_written);
  if (!bits) return;
  bool has_changed = false;
  context.reply.array(steps.all.size());
  for (const Step& step : steps.all) {
    const Wide old = read_field(bits->bytes, step);
    if (step.action == Action::kGet) {
      context.reply.integer(static_cast<std::int64_t>(old));
      continue;
    }
    const auto result = result_of(step, old);
    if (!result) {
      context.reply.null();
      continue;
    }
    if (*result != old) write_field(bits->writable(context), step, *result);
    has_changed = has_changed || bits->has_grown || *result != old;
    context.reply.integer(static_cast<std::int64_t>(step.action == Action::kSet ? old : *result));
  }
  if (!has_changed) return;
  context.changed = true;
  context.notify(EventClass::kString, "setbit", key);
}

void show(Context& context, const std::optional<storage::EntryView>& entry, const Steps& steps) {
  if (!has_type(context, entry, storage::ValueType::kString)) return;
  context.reply.array(steps.all.size());
  for (const Step& step : steps.all) {
    const Wide number = read_field(entry ? entry->value : std::string_view(), step);
    context.reply.integer(static_cast<std::int64_t>(number));
  }
}

}  // namespace

void bitfield(Context& context, Args args) {
  const auto steps = read_steps(context, args.subspan(2));
  if (!steps) return;
  if (steps->last_written) return change(context, args[1], *steps);
  const storage::KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  note_lookup(context, key, entry);
  show(context, entry, *steps);
}

void bitfield_ro(Context& context, Args args) {
  const auto steps = read_steps(context, args.subspan(2));
  if (!steps) return;
  if (steps->last_written) {
    return context.reply.error("ERR BITFIELD_RO only supports the GET subcommand");
  }
  show(context, find_for_read(context, context.key(args[1])), *steps);
}

}  // namespace borg::commands::run
