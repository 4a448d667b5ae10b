// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/loader.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_set>
#include <utility>

#include "app/borgctl/interrupt.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

constexpr std::size_t kBatchRecordsMax = 1000;
constexpr int kRetriesPerNode = 3;
constexpr std::size_t kBatchBytesMax = 4 * 1024 * 1024;
/// A file of the wrong format would otherwise fill the screen for hours.
constexpr std::uint64_t kComplaintsMax = 1000;

/// As SET, in one command: what was there before is replaced as a whole.
void append_restore(ByteBuffer& out, const Record& record) {
  const std::string payload = dump_of_container(*record.container);
  const auto time = record.expires_at_ms ? record.expires_at_ms : record.ttl_ms;
  const std::string ttl = std::to_string(time.value_or(0));
  std::vector<std::string_view> words = {"RESTORE", record.key, ttl, payload, "REPLACE"};
  if (record.expires_at_ms) words.emplace_back("ABSTTL");
  append_request(out, words);
}

void append_set(ByteBuffer& out, const Record& record) {
  if (record.container) return append_restore(out, record);
  std::vector<std::string_view> words = {"SET", record.key, record.value};
  std::string number;
  if (record.expires_at_ms) {
    number = std::to_string(*record.expires_at_ms);
    words.insert(words.end(), {"PXAT", number});
  } else if (record.ttl_ms) {
    number = std::to_string(*record.ttl_ms);
    words.insert(words.end(), {"PX", number});
  }
  append_request(out, words);
}

}  // namespace

LoadCounts Loader::run() {
  Batch batch = read_batch();
  while (!batch.empty() && !counts_.is_stopped) {
    send(batch);
    Batch following = read_batch();  // while the cluster is at work
    finish(std::move(batch));
    batch = std::move(following);
    show_progress();
  }
  if (interrupted()) counts_.is_stopped = true;
  return counts_;
}

Loader::Batch Loader::read_batch() {
  Batch batch;
  std::size_t bytes = 0;
  while (batch.size() < kBatchRecordsMax && bytes < kBatchBytesMax && !interrupted()) {
    std::optional<LineRecord> item = parts_.records.next();
    if (!item) break;
    if (!item->record) {
      ++counts_.bad_lines;
      complain(item->line, item->record.error().why);
      continue;
    }
    bytes += item->record->bytes();
    batch.push_back({item->line, std::move(*item->record)});
  }
  return batch;
}

void Loader::send(const Batch& batch) {
  if (net_failure_) return;
  ByteBuffer requests;
  for (const Item& item : batch) append_set(requests, item.record);
  net_failure_ = parts_.client.connection().send(requests.view());
}

void Loader::finish(Batch batch) {
  batch = take_replies(std::move(batch));
  if (batch.empty()) return;
  if (interrupted()) {
    give_up(batch);
    return;
  }
  complain(batch.front().line,
           fmt::format("{}: {}; trying again", shown(batch.front().record.key), retry_reason_));
  while (!batch.empty()) {
    if (!prepare_retry()) {
      give_up(batch);
      return;
    }
    send(batch);
    const std::size_t before = batch.size();
    batch = take_replies(std::move(batch));
    if (batch.size() < before) {
      patience_.refill();
      retries_in_vain_ = 0;
    }
  }
}

Loader::Batch Loader::take_replies(Batch batch) {
  Batch again;
  std::unordered_set<std::string> keys_again;
  for (Item& item : batch) {
    std::string reason;
    resp::Value reply;
    if (!net_failure_) {
      auto received = parts_.client.connection().receive();
      if (received) {
        reply = std::move(*received);
      } else {
        net_failure_ = received.error();
      }
    }
    if (net_failure_) {
      reason = fmt::format("{}: {}", parts_.client.endpoint().text(), net_failure_->text);
    } else if (is_passing_error(reply)) {
      reason = reply.text;
    } else if (keys_again.contains(item.record.key)) {
      reason = "an earlier value of the key is sent again";
    } else if (reply.kind == resp::Value::Kind::kError) {
      ++counts_.failed;
      complain(item.line, fmt::format("{}: {}", shown(item.record.key), reply.text));
      continue;
    } else {
      ++counts_.loaded;
      continue;
    }
    if (again.empty()) retry_reason_ = reason;
    keys_again.insert(item.record.key);
    again.push_back(std::move(item));
  }
  return again;
}

bool Loader::prepare_retry() {
  if (!patience_.wait()) return false;
  // A node that goes on saying "not now" may be the one that is cut off from the others.
  const bool should_change_node = ++retries_in_vain_ % kRetriesPerNode == 0;
  if (net_failure_ || should_change_node) {
    if (parts_.client.reconnect()) net_failure_.reset();
  }
  return !interrupted();
}

void Loader::give_up(const Batch& batch) {
  counts_.failed += batch.size();
  if (interrupted() || net_failure_) {
    counts_.is_stopped = true;
    complain(batch.front().line, fmt::format("stopped: {}; not loaded: from this line on",
                                             interrupted() ? "interrupted" : retry_reason_));
    return;
  }
  for (const Item& item : batch) {
    complain(item.line, fmt::format("{}: not loaded: {}", shown(item.record.key), retry_reason_));
  }
}

void Loader::complain(std::uint64_t line, const std::string& what) {
  if (++complaints_ > kComplaintsMax) return;
  parts_.progress.message(fmt::format("{}:{}: {}", parts_.lines.name(), line, what));
  if (complaints_ == kComplaintsMax) parts_.progress.message("… more lines failed; not shown");
}

void Loader::show_progress() {
  parts_.progress.update({.part = parts_.lines.bytes_read(),
                          .whole = parts_.lines.file_bytes(),
                          .units = counts_.loaded});
}

}  // namespace borg::borgctl
