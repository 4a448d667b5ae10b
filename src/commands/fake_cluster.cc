// SPDX-License-Identifier: Apache-2.0
#include "commands/fake_cluster.h"

#include <gtest/gtest.h>

#include "base/slot.h"
#include "commands/key_values.h"
#include "storage/value_kinds.h"

namespace borg::commands::testing {

namespace {

/// All that is in a store, as text.
std::string contents(const storage::PartitionStore& store) {
  std::map<std::string, std::string> entries;
  auto cursor = std::optional(store.begin());
  while (cursor) {
    cursor = store.scan(*cursor, SIZE_MAX, SIZE_MAX, [&](const storage::EntryView& entry) {
      entries[std::string(entry.key)] =
          std::to_string(entry.expiry) + " " + std::to_string(storage::digest_of_value(entry));
    });
  }
  std::string text;
  for (const auto& [key, value] : entries) text += key + "=" + value + "\n";
  return text;
}

resp::Value parsed(const std::string& reply) {
  const auto result = resp::parse_reply(reply);
  EXPECT_TRUE(result.reply && result.reply->consumed == reply.size()) << reply;
  return result.reply ? result.reply->value : resp::Value();
}

/// Where each element of an array's encoding begins and ends.
std::vector<std::string> elements_of(const std::string& reply) {
  std::vector<std::string> elements;
  std::size_t at = reply.find("\r\n") + 2;
  while (at < reply.size()) {
    const auto result = resp::parse_reply(std::string_view(reply).substr(at));
    if (!result.reply) break;
    elements.push_back(reply.substr(at, result.reply->consumed));
    at += result.reply->consumed;
  }
  return elements;
}

}  // namespace

FakeCluster::Copies& FakeCluster::copies(PartitionId partition) {
  return partitions_
      .try_emplace(partition,
                   Copies{storage::PartitionStore(partition), storage::PartitionStore(partition)})
      .first->second;
}

std::string FakeCluster::run_part(const CommandSpec& spec, PartitionId partition, Args args) {
  Copies& here = copies(partition);
  const std::string before = contents(here.primary);
  const std::uint64_t seed = random_.next();
  ByteBuffer out;
  resp::Writer writer(out, version);
  Context context{here.primary, partition, now_ms, seed, writer, wall_offset_ms};
  spec.handler(context, args);
  met_expired_ |= context.met_expired;
  if (!context.waits_for.empty()) {
    // As if the time-out had passed.
    EXPECT_FALSE(context.changed) << spec.name;
    out.clear();
    writer.null_array();
  }
  EXPECT_TRUE(context.changed || contents(here.primary) == before) << spec.name;
  EXPECT_TRUE(spec.is(kWrite) || !context.changed) << spec.name;
  EXPECT_FALSE(spec.is(kWrite) && context.met_expired && !spec.is(kTransaction)) << spec.name;
  if (context.changed) {
    ByteBuffer copy_out;
    resp::Writer copy_writer(copy_out, version);
    Context copy{here.backup, partition, now_ms, seed, copy_writer, wall_offset_ms};
    const std::vector<std::string_view> outcome(context.outcome.begin(), context.outcome.end());
    const CommandSpec& copied = outcome.empty() ? spec : *resolve(outcome);
    copied.handler(copy, outcome.empty() ? args : Args(outcome));
    EXPECT_EQ(copy_out.view(), out.view()) << spec.name;
  }
  if (!context.afterwards.empty()) {
    EXPECT_TRUE(spec.is(kMayReplicate)) << spec.name;
    run_afterwards({context.afterwards.begin(), context.afterwards.end()}, partition);
  }
  EXPECT_EQ(contents(here.primary), contents(here.backup)) << spec.name;
  return std::string(out.view());
}

void FakeCluster::run_afterwards(const std::vector<std::string_view>& args, PartitionId partition) {
  Copies& here = copies(partition);
  for (storage::PartitionStore* const store : {&here.primary, &here.backup}) {
    ByteBuffer ignored;
    resp::Writer writer(ignored, version);
    Context context{*store, partition, now_ms, 0, writer, wall_offset_ms};
    resolve(args)->handler(context, args);
  }
}

std::string FakeCluster::run(Args args) {
  ByteBuffer out;
  resp::Writer writer(out, version);
  const CommandSpec* const spec = resolve(args);
  if (spec == nullptr || spec->is(kInternal)) {
    write_unknown(args, writer);
  } else if (check_arity(*spec, args, writer)) {
    if (spec->is(kEveryPartition)) return run_everywhere(*spec, args);
    if (spec->place == Place::kPartition) return run_split(*spec, args);
    if (spec->name.ends_with("|help")) {
      write_help(*spec, writer);
    } else if (spec->name.starts_with("command")) {
      write_command_command(args, writer);
    }
  }
  return std::string(out.view());
}

std::string FakeCluster::run_everywhere(const CommandSpec& spec, Args args) {
  copies(PartitionId(0));
  std::vector<std::string> parts;
  for (auto& [partition, copies] : partitions_) parts.push_back(run_part(spec, partition, args));
  return merge_parts(spec, parts);
}

std::string FakeCluster::run_split(const CommandSpec& spec, Args args) {
  const KeyRange range = key_range(spec, args);
  ByteBuffer error;
  resp::Writer writer(error, version);
  if (!check_values(spec, args, writer)) return std::string(error.view());
  if (spec.merge == Merge::kNone) {
    if (!check_one_slot(spec, args, writer)) return std::string(error.view());
    return run_part(spec, partition_of(slot_of_key(args[range.first])), args);
  }
  std::map<PartitionId, std::vector<std::string_view>> split;
  std::vector<PartitionId> order;
  for (std::size_t i = range.first; i <= range.last; i += range.step) {
    const PartitionId partition = partition_of(slot_of_key(args[i]));
    auto& part = split.try_emplace(partition, 1, args[0]).first->second;
    part.insert(part.end(), &args[i], &args[i] + range.step);
    order.push_back(partition);
  }
  std::map<PartitionId, std::string> replies;
  std::vector<std::string> parts;
  for (const auto& [partition, part] : split) {
    parts.push_back(replies[partition] = run_part(spec, partition, part));
  }
  if (spec.merge != Merge::kByPosition) return merge_parts(spec, parts);
  std::string out = "*" + std::to_string(order.size()) + "\r\n";
  std::map<PartitionId, std::size_t> next;
  for (const PartitionId partition : order) {
    out += elements_of(replies[partition]).at(next[partition]++);
  }
  return out;
}

std::string FakeCluster::merge_parts(const CommandSpec& spec,
                                     const std::vector<std::string>& parts) {
  ByteBuffer out;
  resp::Writer writer(out, version);
  std::int64_t sum = 0;
  std::vector<std::string> elements;
  for (const std::string& part : parts) {
    const resp::Value value = parsed(part);
    if (value.kind == resp::Value::Kind::kError) return part;
    sum += value.integer;
    if (spec.merge == Merge::kConcat) {
      for (std::string& element : elements_of(part)) elements.push_back(std::move(element));
    }
  }
  if (spec.merge == Merge::kSum) {
    writer.integer(sum);
  } else if (spec.merge == Merge::kAllOk) {
    writer.ok();
  } else {
    writer.array(elements.size());
    for (const std::string& element : elements) out.append(element);
  }
  return std::string(out.view());
}

}  // namespace borg::commands::testing
