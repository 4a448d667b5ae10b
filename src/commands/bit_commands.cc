// SPDX-License-Identifier: Apache-2.0
#include "commands/bit_commands.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "commands/arguments.h"
#include "commands/bit_arguments.h"
#include "commands/key_access.h"
#include "resp/integer.h"

namespace borg::commands {

namespace {

using storage::KeyRef;

constexpr storage::ValueType kString = storage::ValueType::kString;

}  // namespace

std::optional<std::uint64_t> read_bit_offset(Context& context, std::string_view text,
                                             std::uint64_t field_bits) {
  const bool in_fields = field_bits > 0 && text.starts_with('#');
  const auto number = resp::parse_integer(in_fields ? text.substr(1) : text);
  std::int64_t offset = 0;
  const auto factor = static_cast<std::int64_t>(in_fields ? field_bits : 1);
  const bool fits = number && !__builtin_mul_overflow(*number, factor, &offset) && offset >= 0 &&
                    static_cast<std::uint64_t>(offset) >> 3 < kValueBytesMax;
  if (fits) return static_cast<std::uint64_t>(offset);
  context.reply.error("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

std::optional<Bits> bits_for_write(Context& context, std::string_view key, std::uint64_t last_bit) {
  const KeyRef ref = context.key(key);
  const auto entry = find_for_write(context, ref);
  if (!has_type(context, entry, kString)) return std::nullopt;
  const std::size_t old_size = entry ? entry->value.size() : 0;
  const std::size_t size = std::max<std::size_t>(old_size, (last_bit >> 3) + 1);
  if (!entry) {
    context.store.put(ref, {}, storage::kNoExpiry);
    context.notify(EventClass::kNew, "new", key);
  }
  const bool has_grown = !entry || size > old_size;
  if (!has_grown) return Bits{ref, entry->value, false};
  context.changed = true;
  return Bits{ref, {context.store.resize_value(ref, size), size}, true};
}

namespace {

std::uint8_t mask_of(std::uint64_t bit) { return static_cast<std::uint8_t>(0x80u >> (bit & 7)); }

bool bit_at(std::string_view value, std::uint64_t bit) {
  return bit >> 3 < value.size() &&
         (static_cast<std::uint8_t>(value[bit >> 3]) & mask_of(bit)) != 0;
}

std::uint64_t word_at(std::string_view value, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, value.data() + at, sizeof word);
  return word;
}

/// REQUIRES: [first, last) is within the value, in bits.
std::int64_t count_bits(std::string_view value, std::uint64_t first, std::uint64_t last) {
  std::int64_t count = 0;
  for (; first < last && (first & 7) != 0; ++first) count += bit_at(value, first) ? 1 : 0;
  for (; last - first >= 64; first += 64) count += std::popcount(word_at(value, first >> 3));
  for (; first < last; ++first) count += bit_at(value, first) ? 1 : 0;
  return count;
}

/// The first bit of [first, last) that is so, or last.
std::uint64_t find_bit(std::string_view value, std::uint64_t first, std::uint64_t last, bool bit) {
  const std::uint64_t without = bit ? 0 : ~std::uint64_t{0};
  while (first < last) {
    if ((first & 7) == 0 && last - first >= 64 && word_at(value, first >> 3) == without) {
      first += 64;
    } else if (bit_at(value, first) == bit) {
      return first;
    } else {
      ++first;
    }
  }
  return last;
}

/// A part of a value as BITCOUNT and BITPOS give it, in bits: [first, last).
struct BitRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

BitRange range_of(std::size_t value_bytes, std::int64_t start, std::int64_t end, bool in_bits) {
  const auto total = static_cast<std::int64_t>(value_bytes) * (in_bits ? 8 : 1);
  if (start < 0) start = std::max<std::int64_t>(total + start, 0);
  if (end < 0) end = std::max<std::int64_t>(total + end, 0);
  end = std::min(end, total - 1);
  if (start > end) return {};
  const std::uint64_t unit = in_bits ? 1 : 8;
  return {static_cast<std::uint64_t>(start) * unit, static_cast<std::uint64_t>(end + 1) * unit};
}

/// Nullopt if the text is no unit, and the error is written.
std::optional<bool> read_in_bits(Context& context, std::string_view text) {
  if (equals_ignoring_case(text, "bit")) return true;
  if (equals_ignoring_case(text, "byte")) return false;
  context.reply.error(kSyntaxError);
  return std::nullopt;
}

enum class BitOperation : std::uint8_t { kAnd, kOr, kXor, kNot, kDiff, kDiff1, kAndOr, kOne };

std::uint64_t word_of(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Eight bytes at a time: `function` takes words, or single bytes in the lowest of theirs.
template <class Function>
void combine_with(char* result, std::string_view with, Function function) {
  std::size_t i = 0;
  for (; i + 8 <= with.size(); i += 8) {
    const std::uint64_t word = function(word_of(result + i), word_of(with.data() + i));
    std::memcpy(result + i, &word, sizeof word);
  }
  for (; i < with.size(); ++i) {
    result[i] = static_cast<char>(
        function(static_cast<std::uint64_t>(result[i]), static_cast<std::uint64_t>(with[i])));
  }
}

void combine_and(char* result, std::string_view with) {
  combine_with(result, with, [](std::uint64_t a, std::uint64_t b) { return a & b; });
}

void combine_or(char* result, std::string_view with) {
  combine_with(result, with, [](std::uint64_t a, std::uint64_t b) { return a | b; });
}

void combine_xor(char* result, std::string_view with) {
  combine_with(result, with, [](std::uint64_t a, std::uint64_t b) { return a ^ b; });
}

void invert(char* result, std::size_t size) {
  combine_with(result, {result, size}, [](std::uint64_t a, std::uint64_t) { return ~a; });
}

void combine_diff(char* result, std::string_view with) {
  combine_with(result, with, [](std::uint64_t a, std::uint64_t b) { return a & ~b; });
}

/// The eight bytes from `at` on; zeros follow the value.
std::uint64_t word_of(std::string_view value, std::size_t at) {
  if (at + 8 <= value.size()) return word_of(value.data() + at);
  std::uint64_t word = 0;
  if (at < value.size()) std::memcpy(&word, value.data() + at, value.size() - at);
  return word;
}

/// Which bits only one of the values has, and which one of those behind the first has.
struct Occurrences {
  std::uint64_t in_one = 0;
  std::uint64_t behind_first = 0;
};

Occurrences occurrences(const std::vector<std::string_view>& values, std::size_t at) {
  std::uint64_t any = word_of(values.front(), at);
  std::uint64_t many = 0;
  std::uint64_t behind = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t word = word_of(values[i], at);
    many |= any & word;
    any |= word;
    behind |= word;
  }
  return {any & ~many, behind};
}

/// For what cannot be made of two values at a time.
void combine_together(char* result, std::size_t size, const std::vector<std::string_view>& values,
                      BitOperation operation) {
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t first = word_of(values.front(), at);
    const Occurrences found = occurrences(values, at);
    const std::uint64_t word = operation == BitOperation::kOne     ? found.in_one
                               : operation == BitOperation::kDiff1 ? found.behind_first & ~first
                                                                   : found.behind_first & first;
    std::memcpy(result + at, &word, std::min<std::size_t>(8, size - at));
  }
}

std::optional<BitOperation> read_bit_operation(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, BitOperation>, 8> kNames{
      {{"and", BitOperation::kAnd},
       {"or", BitOperation::kOr},
       {"xor", BitOperation::kXor},
       {"not", BitOperation::kNot},
       {"diff", BitOperation::kDiff},
       {"diff1", BitOperation::kDiff1},
       {"andor", BitOperation::kAndOr},
       {"one", BitOperation::kOne}}};
  for (const auto& [word, operation] : kNames) {
    if (equals_ignoring_case(name, word)) return operation;
  }
  return std::nullopt;
}

/// Redis's error if an operation cannot be made of so many values; empty if it can.
std::string_view error_of_sources(BitOperation operation, std::size_t sources) {
  if (operation == BitOperation::kNot && sources != 1) {
    return "ERR BITOP NOT must be called with a single source key.";
  }
  if (sources > 1) return {};
  if (operation == BitOperation::kDiff) {
    return "ERR BITOP DIFF must be called with at least two source keys.";
  }
  if (operation == BitOperation::kDiff1) {
    return "ERR BITOP DIFF1 must be called with at least two source keys.";
  }
  if (operation == BitOperation::kAndOr) {
    return "ERR BITOP ANDOR must be called with at least two source keys.";
  }
  return {};
}

/// Nullopt if one is of another type, and the error is written.
std::optional<std::vector<std::string_view>> find_sources(Context& context, Args keys) {
  // First all that may erase an expired one, as views do not outlive a change.
  for (const std::string_view key : keys) {
    const auto entry = find_for_write(context, context.key(key));
    note_lookup(context, context.key(key), entry);
    if (!has_type(context, entry, kString)) return std::nullopt;
  }
  std::vector<std::string_view> values;
  for (const std::string_view key : keys) {
    const auto entry = context.store.find(context.key(key));
    values.push_back(entry ? entry->value : std::string_view());
  }
  return values;
}

/// Makes of `result`, which is a copy of the first value and as long as the longest, what BITOP
/// wants. `values` are all of them; the shorter ones are as if zeros were behind them.
void combine_all(char* result, std::size_t size, const std::vector<std::string_view>& values,
                 BitOperation operation) {
  if (operation == BitOperation::kNot) return invert(result, size);
  for (std::size_t i = 1; i < values.size(); ++i) {
    switch (operation) {
      case BitOperation::kAnd:
        combine_and(result, values[i]);
        std::memset(result + values[i].size(), 0, size - values[i].size());
        break;
      case BitOperation::kOr:
        combine_or(result, values[i]);
        break;
      case BitOperation::kXor:
        combine_xor(result, values[i]);
        break;
      case BitOperation::kDiff:
        combine_diff(result, values[i]);
        break;
      default:
        return combine_together(result, size, values, operation);
    }
  }
}

std::size_t longest(const std::vector<std::string_view>& values) {
  std::size_t size = 0;
  for (const std::string_view value : values) size = std::max(size, value.size());
  return size;
}

/// In place, if the target is none of the sources: values may be large. REQUIRES: one is not empty.
void store_combined(Context& context, std::string_view target, Args sources,
                    const std::vector<std::string_view>& values, BitOperation operation) {
  const KeyRef key = context.key(target);
  const std::size_t size = longest(values);
  if (std::ranges::find(sources, target) != sources.end()) {
    std::string result(values.front());
    result.resize(size);
    combine_all(result.data(), size, values, operation);
    return store_value(context, key, result, storage::kNoExpiry);
  }
  store_value(context, key, values.front(), storage::kNoExpiry);
  char* const result = context.store.resize_value(key, size);
  std::vector<std::string_view> found;  // views do not outlive a change
  for (const std::string_view source : sources) {
    const auto entry = context.store.find(context.key(source));
    found.push_back(entry ? entry->value : std::string_view());
  }
  combine_all(result, size, found, operation);
}

}  // namespace

namespace run {

void setbit(Context& context, Args args) {
  const auto offset = read_bit_offset(context, args[2]);
  if (!offset) return;
  const auto bit = resp::parse_integer(args[3]);
  if (!bit || (*bit != 0 && *bit != 1)) {
    return context.reply.error("ERR bit is not an integer or out of range");
  }
  auto bits = bits_for_write(context, args[1], *offset);
  if (!bits) return;
  const bool was = bit_at(bits->bytes, *offset);
  if (bits->has_grown || was != (*bit == 1)) {
    char& byte = bits->writable(context)[*offset >> 3];
    const std::uint8_t mask = mask_of(*offset);
    byte = static_cast<char>(*bit == 1 ? byte | mask : byte & ~mask);
    context.changed = true;
    context.notify(EventClass::kString, "setbit", args[1]);
  }
  context.reply.integer(was ? 1 : 0);
}

void getbit(Context& context, Args args) {
  const auto offset = read_bit_offset(context, args[2]);
  if (!offset) return;
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, kString)) return;
  context.reply.integer(entry && bit_at(entry->value, *offset) ? 1 : 0);
}

// As in Redis 7.0 the options of a key that is not there are not looked at.
void bitcount(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, kString)) return;
  if (!entry) return context.reply.integer(0);
  BitRange range{0, entry->value.size() * 8};
  if (args.size() == 3 || args.size() > 5) return context.reply.error(kSyntaxError);
  if (args.size() > 3) {
    const auto start = read_integer(context, args[2]);
    if (!start) return;
    const auto end = read_integer(context, args[3]);
    if (!end) return;
    if (*start < 0 && *end < 0 && *start > *end) return context.reply.integer(0);
    const auto in_bits = args.size() == 5 ? read_in_bits(context, args[4]) : false;
    if (!in_bits) return;
    range = range_of(entry->value.size(), *start, *end, *in_bits);
  }
  context.reply.integer(count_bits(entry->value, range.first, range.last));
}

void bitpos(Context& context, Args args) {
  const auto bit = read_integer(context, args[2]);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return context.reply.error("ERR The bit argument must be 1 or 0.");
  const auto entry = find_for_read(context, context.key(args[1]));
  if (!has_type(context, entry, kString)) return;
  if (!entry) return context.reply.integer(*bit == 1 ? -1 : 0);
  if (args.size() > 6) return context.reply.error(kSyntaxError);
  std::int64_t start = 0;
  std::int64_t end = -1;
  bool in_bits = false;
  if (args.size() > 3) {
    const auto given = read_integer(context, args[3]);
    if (!given) return;
    start = *given;
  }
  if (args.size() > 5) {
    const auto unit = read_in_bits(context, args[5]);
    if (!unit) return;
    in_bits = *unit;
  }
  if (args.size() > 4) {
    const auto given = read_integer(context, args[4]);
    if (!given) return;
    end = *given;
  }
  const BitRange range = range_of(entry->value.size(), start, end, in_bits);
  if (range.first == range.last) return context.reply.integer(-1);
  const std::uint64_t found = find_bit(entry->value, range.first, range.last, *bit == 1);
  // Without an end zeros follow the value.
  const bool is_found = found < range.last || (*bit == 0 && args.size() <= 4);
  context.reply.integer(is_found ? static_cast<std::int64_t>(found) : -1);
}

void bitop(Context& context, Args args) {
  const auto operation = read_bit_operation(args[1]);
  if (!operation) return context.reply.error(kSyntaxError);
  if (const auto error = error_of_sources(*operation, args.size() - 3); !error.empty()) {
    return context.reply.error(error);
  }
  const auto values = find_sources(context, args.subspan(3));
  if (!values) return;
  const KeyRef target = context.key(args[2]);
  const std::size_t size = longest(*values);
  if (size > 0) {
    const bool was_absent = !find_for_write(context, target);
    store_combined(context, args[2], args.subspan(3), *values, *operation);
    context.store.set_form(target, storage::StringForm::kInPlace);
    note_stored(context, was_absent, EventClass::kString, "set", args[2]);
  } else {
    static_cast<void>(erase_live(context, target));
  }
  context.reply.integer(static_cast<std::int64_t>(size));
}

}  // namespace run

}  // namespace borg::commands
