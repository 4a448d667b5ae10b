// SPDX-License-Identifier: Apache-2.0
#include "node/slot_stats_command.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/slot.h"
#include "commands/arguments.h"
#include "node/split_command.h"
#include "resp/integer.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

using Query = SlotStatsCommand::Query;
using Order = SlotStatsCommand::Order;

constexpr std::string_view kOddReply = "-ERR A part of the command got an unexpected reply\r\n";

// These return Valkey's error; empty if there is none.

std::string wrong_form(commands::Args args) {
  return "ERR unknown subcommand or wrong number of arguments for '" + std::string(args[1]) +
         "'. Try CLUSTER HELP.";
}

std::string read_range(commands::Args range, Query& query) {
  std::array<std::int64_t, 2> slots{};
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i] = resp::parse_integer(range[i]).value_or(-1);
    if (slots[i] < 0 || slots[i] >= kSlotCount) return "ERR Invalid or out of range slot";
  }
  if (slots[0] > slots[1]) {
    return "ERR Start slot number " + std::to_string(slots[0]) +
           " is greater than end slot number " + std::to_string(slots[1]);
  }
  query.first_slot = static_cast<std::uint16_t>(slots[0]);
  query.last_slot = static_cast<std::uint16_t>(slots[1]);
  return {};
}

/// What stands behind ORDERBY.
std::string read_order(commands::Args words, Query& query) {
  constexpr std::string_view kTwice = "ERR Multiple filters of the same type are disallowed.";
  if (!equals_ignoring_case(words[0], "key-count")) {
    return "ERR Unrecognized sort metric for ORDERBY.";
  }
  query = {.last_slot = kSlotCount - 1, .order = Order::kMostKeys};
  bool has_order = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool ascends = equals_ignoring_case(words[i], "asc");
    if (ascends || equals_ignoring_case(words[i], "desc")) {
      if (has_order) return std::string(kTwice);
      has_order = true;
      query.order = ascends ? Order::kFewestKeys : Order::kMostKeys;
    } else if (equals_ignoring_case(words[i], "limit") && i + 1 < words.size()) {
      if (query.limit != SIZE_MAX) return std::string(kTwice);
      const auto limit = resp::parse_integer(words[++i]);
      if (!limit || *limit < 1 || *limit > kSlotCount) {
        return "ERR Limit has to lie in between 1 and " + std::to_string(kSlotCount) +
               " (maximum number of slots).";
      }
      query.limit = static_cast<std::size_t>(*limit);
    } else {
      return std::string(commands::kSyntaxError);
    }
  }
  return {};
}

std::string read_query(commands::Args args, Query& query) {
  if (equals_ignoring_case(args[2], "slotsrange") && args.size() == 5) {
    return read_range(args.subspan(3), query);
  }
  if (equals_ignoring_case(args[2], "orderby")) return read_order(args.subspan(3), query);
  return wrong_form(args);
}

std::vector<PartitionId> own_partitions(const GatewayHost& host, const Query& query) {
  std::vector<PartitionId> partitions;
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    const std::uint16_t first = first_slot(PartitionId(p)).value();
    const bool is_asked_for =
        first <= query.last_slot && first + kSlotsPerPartition > query.first_slot;
    const PartitionConfig& config = host.config(PartitionId(p));
    const bool is_own = !config.in_sync.empty() && config.primary() == host.self().node;
    if (is_asked_for && is_own) partitions.emplace_back(p);
  }
  return partitions;
}

}  // namespace

SlotStatsCommand::SlotStatsCommand(Gateway& gateway, Client& client, const Query& query,
                                   std::vector<PartitionId> partitions)
    : gateway_(gateway),
      client_(client),
      slot_(client.reserve()),
      query_(query),
      partitions_(std::move(partitions)),
      missing_(partitions_.size()) {}

void SlotStatsCommand::start(const GatewayCall& call) {
  Query query;
  if (const std::string error = read_query(call.args, query); !error.empty()) {
    return call.error(error);
  }
  auto partitions = own_partitions(call.gateway.host(), query);
  if (partitions.empty()) return call.reply([](resp::Writer& w) { w.array(0); });
  const auto command =
      std::make_shared<SlotStatsCommand>(call.gateway, call.client, query, std::move(partitions));
  command->ask(command);
}

void SlotStatsCommand::ask(const std::shared_ptr<SlotStatsCommand>& self) {
  const std::array<std::string_view, 1> args{"_slotcounts"};
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    gateway_.submit_part(
        self, i,
        {.partition = partitions_[i], .is_write = false, .version = client_.version, .args = args});
  }
}

void SlotStatsCommand::part_done(std::size_t part, std::string_view reply) {
  const RawElements counts = raw_elements(reply);
  if (reply.starts_with('-')) {
    error_ = reply;
  } else if (!counts.ok || counts.elements.size() != kSlotsPerPartition) {
    error_ = kOddReply;
  } else {
    std::uint16_t slot = first_slot(partitions_[part]).value();
    for (const std::string_view element : counts.elements) {
      const auto keys = resp::parse_integer(element.substr(1, element.size() - 3));
      const bool is_asked_for = slot >= query_.first_slot && slot <= query_.last_slot;
      if (is_asked_for) keys_of_slots_.emplace_back(slot, keys.value_or(0));
      ++slot;
    }
  }
  if (--missing_ == 0) finish();
}

void SlotStatsCommand::finish() {
  std::ranges::sort(keys_of_slots_, [&](const auto& a, const auto& b) {
    if (query_.order == Order::kBySlot || a.second == b.second) return a.first < b.first;
    return query_.order == Order::kMostKeys ? a.second > b.second : a.second < b.second;
  });
  ByteBuffer out;
  resp::Writer writer(out, client_.version);
  const std::size_t shown = std::min(keys_of_slots_.size(), query_.limit);
  if (error_.empty()) {
    writer.array(shown);
  } else {
    out.append(error_);
  }
  for (std::size_t i = 0; i < shown && error_.empty(); ++i) {
    writer.array(2);
    writer.integer(keys_of_slots_[i].first);
    writer.map(1);
    writer.bulk("key-count");
    writer.integer(keys_of_slots_[i].second);
  }
  gateway_.finish(client_, slot_, out.view());
}

}  // namespace borg::node
