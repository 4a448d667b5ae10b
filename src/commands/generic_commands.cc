// SPDX-License-Identifier: Apache-2.0
#include "commands/generic_commands.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "commands/arguments.h"
#include "commands/dump_format.h"
#include "commands/key_access.h"
#include "resp/integer.h"
#include "storage/value_kinds.h"

namespace borg::commands::run {

namespace {

// Redis keeps a value of up to so many bytes together with its header.
constexpr std::size_t kEmbeddedBytesMax = 44;
// Redis shares the objects of small integers; their count of references then stands still.
constexpr std::int64_t kSharedIntegers = 10'000;
constexpr std::int64_t kSharedReferences = std::numeric_limits<std::int32_t>::max();

/// The number that Redis would keep in place of a text.
std::optional<std::int64_t> number_of(const storage::EntryView& entry) {
  if (entry.type != storage::ValueType::kString) return std::nullopt;
  if (entry.form != storage::StringForm::kByContent) return std::nullopt;
  return resp::parse_integer(entry.value);
}

/// What Redis would say of a value.
std::string_view encoding_of(const storage::EntryView& entry) {
  if (entry.type != storage::ValueType::kString) return storage::encoding_of_container(entry);
  if (number_of(entry)) return "int";
  const bool is_embedded =
      entry.form != storage::StringForm::kInPlace && entry.value.size() <= kEmbeddedBytesMax;
  return is_embedded ? "embstr" : "raw";
}

std::int64_t references_of(const storage::EntryView& entry) {
  const auto integer = number_of(entry);
  return integer && *integer >= 0 && *integer < kSharedIntegers ? kSharedReferences : 1;
}

/// False if an option is wrong, and the error is written.
bool check_usage_options(Context& context, Args options) {
  for (std::size_t i = 0; i < options.size(); i += 2) {
    if (!equals_ignoring_case(options[i], "samples") || i + 1 == options.size()) {
      context.reply.error(kSyntaxError);
      return false;
    }
    const auto samples = read_integer(context, options[i + 1]);
    if (!samples) return false;
    if (*samples < 0) {
      context.reply.error(kSyntaxError);
      return false;
    }
  }
  return true;
}

}  // namespace

void del(Context& context, Args args) {
  std::int64_t count = 0;
  for (const std::string_view name : args.subspan(1)) {
    if (erase_live(context, context.key(name))) ++count;
  }
  context.reply.integer(count);
}

void exists(Context& context, Args args) {
  std::int64_t count = 0;
  for (const std::string_view name : args.subspan(1)) {
    if (find_for_read(context, context.key(name))) ++count;
  }
  context.reply.integer(count);
}

void type(Context& context, Args args) {
  const auto entry = find_for_read(context, context.key(args[1]));
  context.reply.simple(entry ? type_name(entry->type) : "none");
}

void object_encoding(Context& context, Args args) {
  const auto entry = find_without_event(context, context.key(args[2]));
  if (!entry) return context.reply.null();
  context.reply.bulk(encoding_of(*entry));
}

void object_refcount(Context& context, Args args) {
  const auto entry = find_without_event(context, context.key(args[2]));
  if (!entry) return context.reply.null();
  context.reply.integer(references_of(*entry));
}

void object_idletime(Context& context, Args args) {
  if (!find_without_event(context, context.key(args[2]))) return context.reply.null();
  context.reply.integer(0);
}

void object_freq(Context& context, Args args) {
  if (!find_without_event(context, context.key(args[2]))) return context.reply.null();
  context.reply.error(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
      "that when switching between policies at runtime LRU and LFU data will take some time to "
      "adjust.");
}

void debug_object(Context& context, Args args) {
  const auto entry = find_quietly(context, context.key(args[1]));
  if (!entry) return context.reply.error("ERR no such key");
  // Redis counts the value alone, without its type and what ends a dump.
  constexpr std::size_t kAroundValue = 11;
  const auto address = reinterpret_cast<std::uintptr_t>(entry->value.data());
  std::array<char, 2 * sizeof(address)> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), address, 16).ptr;
  context.reply.simple("Value at:0x" + std::string(hex.data(), end) +
                       " refcount:" + std::to_string(references_of(*entry)) +
                       " encoding:" + std::string(encoding_of(*entry)) +
                       " serializedlength:" + std::to_string(dumped(*entry).size() - kAroundValue) +
                       " lru:0 lru_seconds_idle:0");
}

void memory_usage(Context& context, Args args) {
  if (!check_usage_options(context, args.subspan(3))) return;
  const storage::KeyRef key = context.key(args[2]);
  if (!find_quietly(context, key)) return context.reply.null();
  context.reply.integer(static_cast<std::int64_t>(context.store.memory_bytes(key).value_or(0)));
}

}  // namespace borg::commands::run
