// SPDX-License-Identifier: Apache-2.0
#include "commands/command_info.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace borg::commands {

namespace {

using Names = std::vector<std::string_view>;
using FlagName = std::pair<std::uint32_t, std::string_view>;

constexpr auto kFlagNames = std::to_array<FlagName>({{kWrite, "write"},
                                                     {kReadOnly, "readonly"},
                                                     {kDenyOom, "denyoom"},
                                                     {kAdmin, "admin"},
                                                     {kPubSub, "pubsub"},
                                                     {kNoScript, "noscript"},
                                                     {kLoading, "loading"},
                                                     {kStale, "stale"},
                                                     {kSkipSlowlog, "skip_slowlog"},
                                                     {kFast, "fast"},
                                                     {kNoAuth, "no_auth"},
                                                     {kAllowBusy, "allow_busy"}});
constexpr std::array<FlagName, 10> kKeyUseNames{{{kKeyRo, "RO"},
                                                 {kKeyRw, "RW"},
                                                 {kKeyOw, "OW"},
                                                 {kKeyRm, "RM"},
                                                 {kKeyAccess, "access"},
                                                 {kKeyUpdate, "update"},
                                                 {kKeyInsert, "insert"},
                                                 {kKeyDelete, "delete"},
                                                 {kNotKey, "not_key"},
                                                 {kKeyVariable, "variable_flags"}}};

Names names_of(std::uint32_t bits, std::span<const FlagName> all) {
  Names names;
  for (const auto& [bit, name] : all) {
    if ((bits & bit) != 0) names.push_back(name);
  }
  return names;
}

/// In Redis's order: "blocking", which is no flag here, stands behind "noscript".
Names flag_names(const CommandSpec& spec) {
  Names names;
  for (const auto& [bit, name] : kFlagNames) {
    if ((spec.flags & bit) != 0) names.push_back(name);
    if (bit == kNoScript && spec.timeout_at != 0) names.push_back("blocking");
    if (bit == kNoAuth && spec.name == "shutdown") names.push_back("no_multi");
  }
  return names;
}

// Of commands on the whole key space Redis says that all shards must be asked. That is left out:
// any Borg node answers for the whole cluster, and a client that asked each of them would count
// everything several times. So it is of MSETNX, which must not be split.
Names tips(const CommandSpec& spec) {
  Names names = words_of(spec.tips);
  if (spec.is(kNondeterministic)) names.push_back("nondeterministic_output");
  if (spec.is(kUnordered)) names.push_back("nondeterministic_output_order");
  if (spec.is(kEveryPartition) || spec.merge == Merge::kNone) return names;
  names.push_back("request_policy:multi_shard");
  if (spec.merge == Merge::kSum) names.push_back("response_policy:agg_sum");
  if (spec.merge == Merge::kAllOk) names.push_back("response_policy:all_succeeded");
  return names;
}

void write_integer_field(std::string_view name, std::int64_t value, resp::Writer& reply) {
  reply.bulk(name);
  reply.integer(value);
}

/// The head of a map of `type` and `spec`, of which `size` fields follow.
void begin_search(std::string_view type, std::size_t size, resp::Writer& reply) {
  reply.map(2);
  reply.bulk("type");
  reply.bulk(type);
  reply.bulk("spec");
  reply.map(size);
}

void begin_key_spec(std::uint16_t key_use, resp::Writer& reply) {
  reply.map(3);
  reply.bulk("flags");
  write_status_set(key_use_names(key_use), reply);
  reply.bulk("begin_search");
}

void begin_at_index(std::uint16_t key_use, std::int64_t index, resp::Writer& reply) {
  begin_key_spec(key_use, reply);
  begin_search("index", 1, reply);
  write_integer_field("index", index, reply);
  reply.bulk("find_keys");
}

void find_range(std::int64_t last_behind, std::int64_t step, resp::Writer& reply) {
  begin_search("range", 3, reply);
  write_integer_field("lastkey", last_behind, reply);
  write_integer_field("keystep", step, reply);
  write_integer_field("limit", 0, reply);
}

void write_range_spec(std::uint16_t key_use, std::int64_t index, std::int64_t last_behind,
                      std::int64_t step, resp::Writer& reply) {
  begin_at_index(key_use, index, reply);
  find_range(last_behind, step, reply);
}

void write_counted_spec(std::uint16_t key_use, std::int64_t index, std::int64_t step,
                        resp::Writer& reply) {
  begin_at_index(key_use, index, reply);
  begin_search("keynum", 3, reply);
  write_integer_field("keynumidx", 0, reply);
  write_integer_field("firstkey", 1, reply);
  write_integer_field("keystep", step, reply);
}

void write_option_spec(const CommandSpec& spec, std::string_view option, resp::Writer& reply) {
  begin_key_spec(option.starts_with("STORE") ? kKeyOw | kKeyUpdate : kKeyRo | kKeyAccess, reply);
  if (option.ends_with('?')) {
    begin_search("unknown", 0, reply);
    reply.bulk("find_keys");
    return begin_search("unknown", 0, reply);
  }
  begin_search("keyword", 2, reply);
  reply.bulk("keyword");
  reply.bulk(option);
  write_integer_field("startfrom", -spec.arity, reply);
  reply.bulk("find_keys");
  find_range(0, 1, reply);
}

void write_plain_key_specs(const CommandSpec& spec, resp::Writer& reply) {
  const bool is_counted = spec.numkeys_at != 0;
  const bool has_two = spec.other_key_use != 0;
  if (has_two || !is_counted) {
    const bool is_alone = has_two || spec.last_key >= 0;
    const std::int64_t behind = has_two ? 0 : spec.last_key - (is_alone ? spec.first_key : 0);
    write_range_spec(spec.key_use, spec.first_key, behind, spec.key_step, reply);
  }
  const std::uint16_t counted_use = has_two ? spec.other_key_use : spec.key_use;
  if (is_counted) {
    const std::int64_t step = std::max<std::int64_t>(spec.key_step, 1);
    return write_counted_spec(counted_use, spec.numkeys_at, step, reply);
  }
  if (!has_two) return;
  const int second = spec.first_key + spec.key_step;
  const std::int64_t behind = spec.last_key < 0 ? spec.last_key : spec.last_key - second;
  write_range_spec(spec.other_key_use, second, behind, spec.key_step, reply);
}

void write_key_specs(const CommandSpec& spec, resp::Writer& reply) {
  if (spec.first_key == 0 && spec.numkeys_at == 0) return reply.set(0);
  const Names options = words_of(spec.key_options);
  reply.set((spec.other_key_use != 0 ? 2 : 1) + options.size());
  write_plain_key_specs(spec, reply);
  for (const std::string_view option : options) write_option_spec(spec, option, reply);
}

/// The ACL category of the commands of one type; empty for the other groups.
std::string_view type_category(std::string_view group) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kCategories{
      {{"string", "@string"},
       {"bitmap", "@bitmap"},
       {"hyperloglog", "@hyperloglog"},
       {"hash", "@hash"},
       {"list", "@list"},
       {"set", "@set"},
       {"sorted-set", "@sortedset"},
       {"geo", "@geo"}}};
  for (const auto& [name, category] : kCategories) {
    if (name == group) return category;
  }
  return {};
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view text) {
  Names words;
  while (!text.empty()) {
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(words.back().size() + 1, text.size()));
  }
  return words;
}

bool is_top_level(const CommandSpec& spec) {
  return !spec.is(kInternal) && spec.name.find('|') == std::string_view::npos;
}

std::vector<const CommandSpec*> subcommands(const CommandSpec& container) {
  std::vector<const CommandSpec*> rows;
  for (const CommandSpec& spec : all_commands()) {
    if (spec.name.starts_with(container.name) && spec.name.size() > container.name.size() &&
        spec.name[container.name.size()] == '|') {
      rows.push_back(&spec);
    }
  }
  return rows;
}

std::vector<std::string_view> acl_categories(const CommandSpec& spec) {
  Names names;
  if (spec.is(kAboutKeyspace)) names.push_back("@keyspace");
  if (spec.is(kReadOnly)) names.push_back("@read");
  if (spec.is(kWrite)) names.push_back("@write");
  if (spec.is(kOfCollections)) names.insert(names.end(), {"@set", "@sortedset", "@list"});
  if (const auto category = type_category(spec.group); !category.empty()) {
    names.push_back(category);
  }
  if (spec.is(kPubSub)) names.push_back("@pubsub");
  if (spec.is(kAdmin)) names.push_back("@admin");
  names.push_back(spec.is(kFast) ? "@fast" : "@slow");
  if (spec.is(kAdmin) || spec.is(kDangerous)) names.push_back("@dangerous");
  if (spec.is(kAboutConnection)) names.push_back("@connection");
  if (spec.group == "transactions") names.push_back("@transaction");
  if (spec.timeout_at != 0) names.push_back("@blocking");
  return names;
}

std::vector<std::string_view> key_use_names(std::uint16_t key_use) {
  return names_of(key_use, kKeyUseNames);
}

void write_status_set(const std::vector<std::string_view>& names, resp::Writer& reply) {
  reply.set(names.size());
  for (const std::string_view name : names) reply.simple(name);
}

void write_info(const CommandSpec& spec, resp::Writer& reply) {
  reply.array(10);
  reply.bulk(spec.name);
  reply.integer(spec.arity);
  Names flags = flag_names(spec);
  if (spec.numkeys_at != 0 || !spec.key_options.empty()) flags.push_back("movablekeys");
  write_status_set(flags, reply);
  reply.integer(spec.first_key);
  reply.integer(spec.last_key);
  reply.integer(spec.first_key == 0 ? 0 : spec.key_step);
  write_status_set(acl_categories(spec), reply);
  const Names tip_names = tips(spec);
  reply.set(tip_names.size());
  for (const std::string_view tip : tip_names) reply.bulk(tip);
  write_key_specs(spec, reply);
  const auto rows = subcommands(spec);
  if (rows.empty()) return reply.set(0);
  reply.array(rows.size());
  for (const CommandSpec* row : rows) write_info(*row, reply);
}

}  // namespace borg::commands
