// SPDX-License-Identifier: Apache-2.0
#include "node/scan_command.h"

#include <algorithm>
#include <numeric>

#include "commands/arguments.h"
#include "commands/element_scan.h"
#include "resp/integer.h"
#include "resp/parser.h"

namespace borg::node {

using commands::equals_ignoring_case;

namespace {

constexpr unsigned kPositionBits = 38;
constexpr std::uint64_t kPositionMask = (1ULL << kPositionBits) - 1;
constexpr std::size_t kWindowMax = 128;
constexpr std::uint64_t kLocalPage = 1000;

std::uint64_t cursor_of(std::uint64_t slot, std::uint64_t position) {
  return slot << kPositionBits | position;
}

void reply_error(Gateway& gateway, Client& client, std::string_view error) {
  ByteBuffer out;
  resp::Writer(out, client.version).error(error);
  client.reply_now(out.view());
  gateway.host().client_has_output(client);
}

constexpr std::string_view kUnserved = "-CLUSTERDOWN ";

/// The first and the last slot of each.
void write_ranges(resp::Writer& writer, const std::vector<PartitionId>& partitions) {
  writer.array(partitions.size());
  for (const PartitionId p : partitions) {
    writer.array(2);
    writer.integer(first_slot(p).value());
    writer.integer(first_slot(p).value() + kSlotsPerPartition - 1);
  }
}

}  // namespace

ScanCommand::ScanCommand(Gateway& gateway, Client& client, std::uint64_t cursor, Kind kind)
    : gateway_(gateway), client_(client), slot_(client.reserve()), kind_(kind), cursor_(cursor) {}

void ScanCommand::start_scan(Gateway& gateway, Client& client, commands::Args args) {
  start(gateway, client, args, Kind::kCluster);
}

void ScanCommand::start_over_losses(Gateway& gateway, Client& client, commands::Args args) {
  start(gateway, client, args.subspan(1), Kind::kOverLosses);
}

void ScanCommand::start(Gateway& gateway, Client& client, commands::Args args, Kind kind) {
  std::uint64_t cursor = 0;
  if (!commands::read_cursor(args[1], cursor)) {
    reply_error(gateway, client, "ERR invalid cursor");
    return;
  }
  const auto scan = std::make_shared<ScanCommand>(gateway, client, cursor, kind);
  if (const char* const error = scan->read_options(args.subspan(2))) {
    scan->gateway_.finish(client, scan->slot_, error);
    return;
  }
  if (scan->is_probing_) return scan->probe();
  scan->ask_next_partitions();
}

const char* ScanCommand::read_options(commands::Args options) {
  constexpr const char* kSyntax = "-ERR syntax error\r\n";
  for (std::size_t i = 0; i < options.size(); i += 2) {
    if (i + 1 == options.size()) return kSyntax;
    const std::string_view name = options[i];
    const std::string_view value = options[i + 1];
    if (equals_ignoring_case(name, "count")) {
      std::int64_t count = 0;
      if (!resp::parse_whole(value, count)) {
        return "-ERR value is not an integer or out of range\r\n";
      }
      if (count < 1) return kSyntax;
      count_ = static_cast<std::uint64_t>(count);
    } else if (equals_ignoring_case(name, "match") || equals_ignoring_case(name, "type")) {
      filters_.emplace_back(name);
      filters_.emplace_back(value);
    } else if (kind_ != Kind::kOverLosses || !equals_ignoring_case(name, "unserved") ||
               !read_unserved(value)) {
      return kSyntax;
    }
  }
  return nullptr;
}

/// Of whole partitions.
bool ScanCommand::read_unserved(std::string_view ranges) {
  passes_unserved_ = true;
  is_probing_ = ranges.empty();
  while (!ranges.empty()) {
    const std::size_t end = std::min(ranges.find(','), ranges.size());
    const std::string_view range = ranges.substr(0, end);
    ranges.remove_prefix(std::min(end + 1, ranges.size()));
    const std::size_t dash = std::min(range.find('-'), range.size());
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const bool is_range = dash < range.size() && resp::parse_whole(range.substr(0, dash), first) &&
                          resp::parse_whole(range.substr(dash + 1), last);
    if (!is_range || first > last || last >= kSlotCount) return false;
    for (std::uint64_t slot = first; slot <= last; ++slot) {
      is_unserved_.set(slot / kSlotsPerPartition);
    }
  }
  return true;
}

/// The cheapest question: it is answered wherever a partition is served.
void ScanCommand::probe() {
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) parts_.push_back({PartitionId(p), {}});
  missing_ = parts_.size();
  const auto self = shared_from_this();
  const std::vector<std::string_view> args{"_count"};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    gateway_.submit_part(self, p, {.partition = PartitionId(p), .args = args});
  }
}

void ScanCommand::take_probe() {
  is_probing_ = false;
  for (const Part& part : parts_) {
    if (!part.reply.starts_with(kUnserved)) continue;
    is_unserved_.set(part.partition.value());
    unserved_.push_back(part.partition);
  }
  ask_next_partitions();
}

void ScanCommand::start_local(Gateway& gateway, Client& client, commands::Args args) {
  std::uint64_t cursor = 0;
  if (args.size() > 2 && !resp::parse_whole(args[2], cursor)) {
    reply_error(gateway, client, "ERR invalid cursor");
    return;
  }
  const auto scan = std::make_shared<ScanCommand>(gateway, client, cursor, Kind::kLocal);
  scan->count_ = kLocalPage;
  scan->ask_next_partitions();
}

/// The first partition at or behind `from` that this scan must look at.
std::optional<PartitionId> ScanCommand::next_partition(std::uint32_t from) const {
  const NodeId self = gateway_.host().self().node;
  for (std::uint32_t p = from; p < kPartitionCount; ++p) {
    const PartitionId partition(static_cast<std::uint16_t>(p));
    if (is_unserved_.test(p)) continue;
    if (kind_ != Kind::kLocal || gateway_.host().config(partition).is_replica(self))
      return partition;
  }
  return std::nullopt;
}

void ScanCommand::ask_next_partitions() {
  parts_.clear();
  const std::uint64_t slot = cursor_ >> kPositionBits;
  std::uint64_t partition = slot / kSlotsPerPartition;
  for (std::size_t i = 0; i < window_; ++i) {
    const auto next = next_partition(
        static_cast<std::uint32_t>(std::min<std::uint64_t>(partition, kPartitionCount)));
    if (!next) break;
    parts_.push_back({*next, {}});
    partition = next->value() + 1u;
  }
  if (parts_.empty()) {
    finish(0);
    return;
  }
  missing_ = parts_.size();
  const auto self = shared_from_this();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const PartitionId p = parts_[i].partition;
    const bool begun = slot / kSlotsPerPartition == p.value();
    const std::string from_slot = std::to_string(begun ? slot : first_slot(p).value());
    const std::string position = std::to_string(begun ? cursor_ & kPositionMask : 0);
    const std::string count = std::to_string(count_);
    std::vector<std::string_view> args{"_scan", from_slot, position, count};
    args.insert(args.end(), filters_.begin(), filters_.end());
    gateway_.submit_part(self, i,
                         {.partition = p,
                          .any_replica = kind_ == Kind::kLocal,
                          .version = resp::Version::kResp2,
                          .args = args});
  }
}

void ScanCommand::part_done(std::size_t part, std::string_view reply) {
  parts_[part].reply = reply;
  if (--missing_ == 0) gateway_.defer(shared_from_this());
}

void ScanCommand::go_on() {
  if (is_probing_) return take_probe();
  take_results();
}

/// The partitions' results in order, up to the first that is not finished.
void ScanCommand::take_results() {
  for (const Part& part : parts_) {
    if (kind_ == Kind::kOverLosses && part.reply.starts_with("-DATALOSS ")) {
      lost_.push_back(part.partition);
      continue;
    }
    if (passes_unserved_ && part.reply.starts_with(kUnserved)) {
      is_unserved_.set(part.partition.value());
      unserved_.push_back(part.partition);
      continue;
    }
    if (part.reply.starts_with('-')) {
      gateway_.finish(client_, slot_, part.reply);
      return;
    }
    const resp::ReplyResult parsed = resp::parse_reply(part.reply);
    if (!parsed.reply || parsed.reply->value.elements.size() != 3) {
      gateway_.finish(client_, slot_, "-ERR A part of the scan got an unexpected reply\r\n");
      return;
    }
    const auto& elements = parsed.reply->value.elements;
    for (const resp::Value& key : elements[2].elements) {
      keys_.push_back(key.text);
      key_partitions_.push_back(part.partition);
    }
    if (elements[0].integer >= 0) {
      finish(cursor_of(static_cast<std::uint64_t>(elements[0].integer),
                       static_cast<std::uint64_t>(elements[1].integer)));
      return;
    }
  }
  const std::uint32_t behind = parts_.back().partition.value() + 1u;
  if (!next_partition(behind)) {
    finish(0);
    return;
  }
  cursor_ = cursor_of(std::uint64_t{behind} * kSlotsPerPartition, 0);
  if (keys_.size() >= count_) {
    finish(cursor_);
    return;
  }
  window_ = std::min(window_ * 2, kWindowMax);
  ask_next_partitions();
}

void ScanCommand::finish(std::uint64_t cursor) {
  ByteBuffer out;
  resp::Writer writer(out, client_.version);
  writer.array(kind_ != Kind::kOverLosses ? 2 : passes_unserved_ ? 4 : 3);
  writer.bulk(std::to_string(cursor));
  writer.array(keys_.size());
  const NodeId self = gateway_.host().self().node;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (kind_ != Kind::kLocal) {
      writer.bulk(keys_[i]);
      continue;
    }
    const PartitionConfig& config = gateway_.host().config(key_partitions_[i]);
    writer.array(2);
    writer.bulk(keys_[i]);
    writer.bulk(config.primary() == self        ? "primary"
                : config.in_sync.contains(self) ? "backup"
                                                : "syncing");
  }
  if (kind_ == Kind::kOverLosses) write_ranges(writer, lost_);
  if (passes_unserved_) write_ranges(writer, unserved_);
  gateway_.finish(client_, slot_, out.view());
}

RandomKeyCommand::RandomKeyCommand(Gateway& gateway, Client& client)
    : gateway_(gateway),
      client_(client),
      slot_(client.reserve()),
      counts_(kPartitionCount),
      missing_(kPartitionCount) {}

void RandomKeyCommand::start(Gateway& gateway, Client& client) {
  const auto command = std::make_shared<RandomKeyCommand>(gateway, client);
  const std::vector<std::string_view> args{"_count"};
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    gateway.submit_part(command, p, {.partition = PartitionId(p), .args = args});
  }
}

void RandomKeyCommand::part_done(std::size_t part, std::string_view reply) {
  if (drawing_) {
    const bool is_nil = reply == "$-1\r\n" || reply == "_\r\n";
    if (is_nil && ++tries_ < 16) {
      gateway_.defer(shared_from_this());
    } else {
      finish(reply);
    }
    return;
  }
  if (reply.starts_with(':')) {
    std::from_chars(reply.data() + 1, reply.data() + reply.size(), counts_[part]);
  } else if (error_.empty()) {
    error_ = reply;
  }
  if (--missing_ == 0) gateway_.defer(shared_from_this());
}

void RandomKeyCommand::go_on() {
  const std::uint64_t total = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  if (total == 0 && !error_.empty()) {
    finish(error_);  // there may be keys where nobody could be asked
    return;
  }
  if (total == 0) {
    ByteBuffer out;
    resp::Writer(out, client_.version).null();
    finish(out.view());
    return;
  }
  std::uint64_t draw = gateway_.host().draw_random() % total;
  std::uint16_t partition = 0;
  while (draw >= counts_[partition]) draw -= counts_[partition++];
  drawing_ = true;
  const std::vector<std::string_view> args{"_randomkey"};
  gateway_.submit_part(
      shared_from_this(), 0,
      {.partition = PartitionId(partition), .version = client_.version, .args = args});
}

void RandomKeyCommand::finish(std::string_view reply) { gateway_.finish(client_, slot_, reply); }

}  // namespace borg::node
