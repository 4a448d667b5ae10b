// SPDX-License-Identifier: Apache-2.0
#include "node/split_command.h"

#include <charconv>
#include <map>

#include "base/slot.h"

namespace borg::node {
namespace {

constexpr std::string_view kOddReply = "-ERR A part of the command got an unexpected reply\r\n";

constexpr std::string_view kTooLarge =
    "-ERR too large: what one command reads may have 1 GB together\r\n";

/// The integer behind a type byte, and where its line ends; false if there is none.
bool read_integer(std::string_view text, std::int64_t& value, std::size_t& line_end) {
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos || end < 1) return false;
  line_end = end + 2;
  const auto result = std::from_chars(text.data() + 1, text.data() + end, value);
  return result.ec == std::errc() && result.ptr == text.data() + end;
}

}  // namespace

RawElements raw_elements(std::string_view reply) {
  RawElements raw;
  std::int64_t count = 0;
  std::size_t end = 0;
  if (reply.empty() || (reply[0] != '*' && reply[0] != '~') || !read_integer(reply, count, end)) {
    return raw;
  }
  reply.remove_prefix(end);
  for (std::int64_t i = 0; i < count; ++i) {
    if (reply.empty()) return {};
    std::size_t size = reply.find("\r\n");
    if (size == std::string_view::npos) return {};
    size += 2;
    std::int64_t length = 0;
    if (reply[0] == '$') {
      if (!read_integer(reply, length, end)) return {};
      if (length >= 0) size = end + static_cast<std::size_t>(length) + 2;
    } else if (reply[0] != ':' && reply[0] != '_') {
      return {};
    }
    if (size > reply.size()) return {};
    raw.elements.push_back(reply.substr(0, size));
    reply.remove_prefix(size);
  }
  raw.ok = reply.empty();
  return raw;
}

SplitCommand::SplitCommand(Gateway& gateway, Client& client, commands::Merge merge,
                           std::size_t parts, std::size_t keys)
    : gateway_(gateway), client_(client), slot_(client.reserve()), merge_(merge), missing_(parts) {
  if (merge == commands::Merge::kByPosition) {
    elements_.resize(keys);
    positions_.resize(parts);
  }
}

void SplitCommand::start(Gateway& gateway, Client& client, const commands::CommandSpec& spec,
                         commands::Args args, const commands::KeyRange& range) {
  struct Part {
    std::vector<std::string_view> args;
    std::vector<std::size_t> positions;
  };
  std::map<PartitionId, Part> parts;
  std::size_t position = 0;
  for (std::size_t i = range.first; i <= range.last; i += range.step, ++position) {
    Part& part = parts[partition_of(slot_of_key(args[i]))];
    if (part.args.empty()) part.args.push_back(args[0]);
    // A key and what belongs to it (MSET's values).
    for (std::size_t k = 0; k < range.step && i + k < args.size(); ++k) {
      part.args.push_back(args[i + k]);
    }
    part.positions.push_back(position);
  }
  const auto split =
      std::make_shared<SplitCommand>(gateway, client, spec.merge, parts.size(), position);
  std::size_t index = 0;
  for (auto& [partition, part] : parts) {
    if (spec.merge == commands::Merge::kByPosition) {
      split->positions_[index] = std::move(part.positions);
    }
    gateway.submit_part(split, index++,
                        {.partition = partition,
                         .is_write = spec.is(commands::kWrite),
                         .version = client.version,
                         .args = part.args});
  }
}

void SplitCommand::start_everywhere(Gateway& gateway, Client& client,
                                    const commands::CommandSpec& spec, commands::Args args) {
  const auto split =
      std::make_shared<SplitCommand>(gateway, client, spec.merge, kPartitionCount, 0);
  for (std::uint16_t p = 0; p < kPartitionCount; ++p) {
    gateway.submit_part(split, p,
                        {.partition = PartitionId(p),
                         .is_write = spec.is(commands::kWrite),
                         .version = client.version,
                         .args = args});
  }
}

void SplitCommand::part_done(std::size_t part, std::string_view reply) {
  if (error_.empty()) {
    bytes_ += reply.size();
    if (reply.starts_with('-')) {
      error_ = reply;
    } else if (bytes_ > resp::Writer::kBytesMax) {
      error_ = kTooLarge;
      elements_ = {};
    } else {
      merge_part(part, reply);
    }
  }
  if (--missing_ == 0) finish();
}

void SplitCommand::merge_part(std::size_t part, std::string_view reply) {
  if (merge_ == commands::Merge::kSum) {
    std::int64_t value = 0;
    std::size_t end = 0;
    if (!reply.starts_with(':') || !read_integer(reply, value, end)) error_ = kOddReply;
    sum_ += value;
  } else if (merge_ == commands::Merge::kByPosition) {
    const RawElements raw = raw_elements(reply);
    if (!raw.ok || raw.elements.size() != positions_[part].size()) {
      error_ = kOddReply;
      return;
    }
    for (std::size_t i = 0; i < raw.elements.size(); ++i) {
      elements_[positions_[part][i]] = raw.elements[i];
    }
  } else if (merge_ == commands::Merge::kConcat) {
    const RawElements raw = raw_elements(reply);
    if (!raw.ok) error_ = kOddReply;
    for (const std::string_view element : raw.elements) elements_.emplace_back(element);
  }
}

void SplitCommand::finish() {
  ByteBuffer out;
  resp::Writer writer(out, client_.version);
  if (!error_.empty()) {
    out.append(error_);
  } else if (merge_ == commands::Merge::kSum) {
    writer.integer(sum_);
  } else if (merge_ == commands::Merge::kAllOk) {
    writer.ok();
  } else {
    writer.array(elements_.size());
    for (const std::string& element : elements_) out.append(element);
  }
  gateway_.finish(client_, slot_, out.view());
}

}  // namespace borg::node
