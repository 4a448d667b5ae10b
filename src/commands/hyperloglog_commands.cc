// SPDX-License-Identifier: Apache-2.0
#include "commands/hyperloglog_commands.h"

#include <memory>

#include "commands/arguments.h"
#include "commands/hyperloglog.h"
#include "commands/key_access.h"
#include "resp/integer.h"

namespace borg::commands::run {

namespace {

using storage::EntryView;
using storage::KeyRef;
using Added = HyperLogLog::Added;
using Registers = HyperLogLog::Registers;

constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

/// False if there is something else, and the error is written.
bool is_one(Context& context, const std::optional<EntryView>& entry) {
  if (!has_type(context, entry, storage::ValueType::kString)) return false;
  if (!entry || HyperLogLog::is_one(entry->value)) return true;
  context.reply.error("WRONGTYPE Key is not a valid HyperLogLog string value.");
  return false;
}

void store(Context& context, const KeyRef& key, const std::optional<EntryView>& old,
           const HyperLogLog& value) {
  const storage::ExpiryMs expiry = old ? old->expiry : storage::kNoExpiry;
  context.store.put(key, value.bytes(), expiry);
  context.store.set_form(key, storage::StringForm::kInPlace);
  context.changed = true;
}

void count_one(Context& context, const EntryView& entry) {
  if (const auto known = HyperLogLog::last_estimate(entry.value)) {
    return context.reply.integer(static_cast<std::int64_t>(*known));
  }
  const auto registers = std::make_unique<Registers>();
  if (!HyperLogLog::raise_to(entry.value, *registers)) return context.reply.error(kCorrupt);
  const auto estimate = static_cast<std::int64_t>(HyperLogLog::estimate(*registers));
  context.afterwards = {"_pfestimate", std::string(entry.key), std::to_string(estimate)};
  context.reply.integer(estimate);
}

/// False if one is no HyperLogLog or corrupt, and the error is written.
bool raise_to_all(Context& context, Args keys, Registers& registers, bool& is_any_dense) {
  for (const std::string_view key : keys) {
    const auto entry = context.store.find(context.key(key));
    const bool is_there = entry && !entry->expired_at(context.now_ms);
    context.note_lookup(is_there, key);
    if (!is_there) continue;
    if (!is_one(context, entry)) return false;
    is_any_dense = is_any_dense || HyperLogLog::is_dense(entry->value);
    if (HyperLogLog::raise_to(entry->value, registers)) continue;
    context.reply.error(kCorrupt);
    return false;
  }
  return true;
}

/// False if it was corrupt.
bool raise(HyperLogLog& value, const Registers& registers) {
  for (std::size_t i = 0; i < registers.size(); ++i) {
    if (registers[i] != 0 && value.raise(i, registers[i]) == Added::kCorrupt) return false;
  }
  return true;
}

void show_registers(Context& context, const HyperLogLog& value) {
  const auto registers = std::make_unique<Registers>();
  static_cast<void>(HyperLogLog::raise_to(value.bytes(), *registers));
  context.reply.array(registers->size());
  for (const std::uint8_t each : *registers) context.reply.integer(each);
}

void debug(Context& context, std::string_view what, const KeyRef& key, const EntryView& entry) {
  HyperLogLog value(entry.value);
  if (equals_ignoring_case(what, "encoding")) {
    return context.reply.simple(value.is_dense() ? "dense" : "sparse");
  }
  if (equals_ignoring_case(what, "decode")) {
    if (value.is_dense()) return context.reply.error("ERR HLL encoding is not sparse");
    return context.reply.bulk(HyperLogLog::describe_runs(entry.value));
  }
  const bool shows = equals_ignoring_case(what, "getreg");
  if (!shows && !equals_ignoring_case(what, "todense")) {
    return context.reply.error("ERR Unknown PFDEBUG subcommand '" + std::string(what) + "'");
  }
  const bool was_sparse = !value.is_dense();
  if (!value.make_dense()) return context.reply.error(kCorrupt);
  if (was_sparse) store(context, key, entry, value);
  if (shows) return show_registers(context, value);
  context.reply.integer(was_sparse ? 1 : 0);
}

}  // namespace

void pfadd(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = find_for_write(context, key);
  if (!is_one(context, entry)) return;
  HyperLogLog value = entry ? HyperLogLog(entry->value) : HyperLogLog();
  bool is_changed = !entry;
  for (const std::string_view element : args.subspan(2)) {
    const Added added = value.add(element);
    if (added == Added::kCorrupt) return context.reply.error(kCorrupt);
    is_changed = is_changed || added == Added::kChanged;
  }
  if (is_changed) {
    value.forget_estimate();
    store(context, key, entry, value);
    note_stored(context, !entry, EventClass::kString, "pfadd", args[1]);
  }
  context.reply.integer(is_changed ? 1 : 0);
}

void pfcount(Context& context, Args args) {
  if (args.size() == 2) {
    const auto entry = find_for_read(context, context.key(args[1]));
    if (!is_one(context, entry)) return;
    if (entry) return count_one(context, *entry);
    return context.reply.integer(0);
  }
  for (const std::string_view key : args.subspan(1)) {
    static_cast<void>(find_quietly(context, context.key(key)));  // notes what is expired
  }
  const auto registers = std::make_unique<Registers>();
  bool is_any_dense = false;
  if (!raise_to_all(context, args.subspan(1), *registers, is_any_dense)) return;
  context.reply.integer(static_cast<std::int64_t>(HyperLogLog::estimate(*registers)));
}

void pfmerge(Context& context, Args args) {
  for (const std::string_view key : args.subspan(1)) {
    static_cast<void>(find_for_write(context, context.key(key)));
  }
  const auto registers = std::make_unique<Registers>();
  bool is_any_dense = false;
  if (!raise_to_all(context, args.subspan(1), *registers, is_any_dense)) return;
  const KeyRef key = context.key(args[1]);
  const auto entry = context.store.find(key);
  HyperLogLog value = entry ? HyperLogLog(entry->value) : HyperLogLog();
  if ((is_any_dense && !value.make_dense()) || !raise(value, *registers)) {
    return context.reply.error(kCorrupt);
  }
  value.forget_estimate();
  store(context, key, entry, value);
  note_stored(context, !entry, EventClass::kString, "pfadd", args[1]);
  context.reply.ok();
}

void pfdebug(Context& context, Args args) {
  const KeyRef key = context.key(args[2]);
  const auto entry = find_for_write(context, key);
  if (!entry) return context.reply.error("ERR The specified key does not exist");
  if (!is_one(context, entry)) return;
  debug(context, args[1], key, *entry);
}

/// Nothing came between PFCOUNT and this, on any replica.
void keep_estimate(Context& context, Args args) {
  const KeyRef key = context.key(args[1]);
  const auto entry = context.store.find(key);
  const auto estimate = resp::parse_integer(args[2]);
  context.reply.ok();
  if (!entry || entry->type != storage::ValueType::kString || !estimate) return;
  if (!HyperLogLog::is_one(entry->value)) return;
  const std::string bytes = HyperLogLog::estimate_bytes(static_cast<std::uint64_t>(*estimate));
  char* const value = context.store.resize_value(key, entry->value.size());
  bytes.copy(value + HyperLogLog::kEstimateAt, bytes.size());
  context.changed = true;
}

}  // namespace borg::commands::run
