// SPDX-License-Identifier: Apache-2.0
#include "commands/command_info.h"

#include <array>
#include <span>
#include <utility>

namespace borg::commands {

namespace {

using Names = std::vector<std::string_view>;
using FlagName = std::pair<std::uint32_t, std::string_view>;

constexpr std::array<FlagName, 10> kFlagNames{{{kWrite, "write"},
                                               {kReadOnly, "readonly"},
                                               {kDenyOom, "denyoom"},
                                               {kAdmin, "admin"},
                                               {kNoScript, "noscript"},
                                               {kLoading, "loading"},
                                               {kStale, "stale"},
                                               {kFast, "fast"},
                                               {kNoAuth, "no_auth"},
                                               {kAllowBusy, "allow_busy"}}};
constexpr std::array<FlagName, 9> kKeyUseNames{{{kKeyRo, "RO"},
                                                {kKeyRw, "RW"},
                                                {kKeyOw, "OW"},
                                                {kKeyRm, "RM"},
                                                {kKeyAccess, "access"},
                                                {kKeyUpdate, "update"},
                                                {kKeyInsert, "insert"},
                                                {kKeyDelete, "delete"},
                                                {kKeyVariable, "variable_flags"}}};

Names names_of(std::uint32_t bits, std::span<const FlagName> all) {
  Names names;
  for (const auto& [bit, name] : all) {
    if ((bits & bit) != 0) names.push_back(name);
  }
  return names;
}

// What Redis says of commands that act on all shards is left out: any Borg node answers for the
// whole cluster, and a client that asked each of them would count everything several times.
Names tips(const CommandSpec& spec) {
  Names names;
  if (spec.is(kNondeterministic)) names.push_back("nondeterministic_output");
  if (spec.is(kUnordered)) names.push_back("nondeterministic_output_order");
  if (spec.is(kEveryPartition) || spec.merge == Merge::kNone) return names;
  names.push_back("request_policy:multi_shard");
  if (spec.merge == Merge::kSum) names.push_back("response_policy:agg_sum");
  if (spec.merge == Merge::kAllOk) names.push_back("response_policy:all_succeeded");
  return names;
}

void write_key_specs(const CommandSpec& spec, resp::Writer& reply) {
  if (spec.first_key == 0) return reply.set(0);
  const std::int64_t last_behind_first =
      spec.last_key < 0 ? spec.last_key : spec.last_key - spec.first_key;
  reply.set(1);
  reply.map(3);
  reply.bulk("flags");
  write_status_set(key_use_names(spec.key_use), reply);
  reply.bulk("begin_search");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("index");
  reply.bulk("spec");
  reply.map(1);
  reply.bulk("index");
  reply.integer(spec.first_key);
  reply.bulk("find_keys");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("range");
  reply.bulk("spec");
  reply.map(3);
  reply.bulk("lastkey");
  reply.integer(last_behind_first);
  reply.bulk("keystep");
  reply.integer(spec.key_step);
  reply.bulk("limit");
  reply.integer(0);
}

}  // namespace

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
  if (spec.group == "string") names.push_back("@string");
  if (spec.is(kAdmin)) names.push_back("@admin");
  names.push_back(spec.is(kFast) ? "@fast" : "@slow");
  if (spec.is(kAdmin) || spec.is(kDangerous)) names.push_back("@dangerous");
  if (spec.is(kAboutConnection)) names.push_back("@connection");
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
  write_status_set(names_of(spec.flags, kFlagNames), reply);
  reply.integer(spec.first_key);
  reply.integer(spec.last_key);
  reply.integer(spec.key_step);
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
