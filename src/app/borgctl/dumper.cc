// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/dumper.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "app/borgctl/failure.h"
#include "app/borgctl/interrupt.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using Kind = resp::Value::Kind;

constexpr const char* kScanCount = "1000";
/// Both bound what is on its way at a time: values may be large.
constexpr std::size_t kKeysPerReadMax = 200;
constexpr std::size_t kBytesPerRead = 8 * 1024 * 1024;
/// A key that is written all the time is taken as it was seen last.
constexpr int kTriesOfChangingKey = 5;
constexpr std::uint64_t kComplaintsMax = 20;
constexpr std::chrono::seconds kSayEvery{5};
constexpr std::string_view kUnserved = "CLUSTERDOWN ";

struct Page {
  std::string cursor;
  std::vector<std::string> keys;
};

std::optional<Page> page_of(const resp::Value& reply) {
  if (reply.kind != Kind::kArray || reply.elements.size() < 2) return std::nullopt;
  Page page{.cursor = reply.elements[0].text, .keys = {}};
  for (const resp::Value& key : reply.elements[1].elements) page.keys.push_back(key.text);
  return page;
}

/// In their order; what is there already is left out.
void note_ranges(const resp::Value& ranges, std::vector<SlotRange>& noted) {
  for (const resp::Value& range : ranges.elements) {
    if (range.elements.size() != 2) continue;
    const SlotRange found{range.elements[0].integer, range.elements[1].integer};
    const auto behind = std::find_if(noted.begin(), noted.end(),
                                     [&](const SlotRange& r) { return r.last >= found.first; });
    if (behind != noted.end() && behind->first <= found.first) continue;
    noted.insert(behind, found);
  }
}

}  // namespace

std::vector<SlotRange> joined(const std::vector<SlotRange>& ranges) {
  std::vector<SlotRange> result;
  for (const SlotRange& range : ranges) {
    const bool goes_on = !result.empty() && result.back().last + 1 == range.first;
    if (goes_on) result.back().last = range.last;
    if (!goes_on) result.push_back(range);
  }
  return result;
}

std::string ranges_text(const std::vector<SlotRange>& ranges, std::string_view between) {
  std::string text;
  for (const SlotRange& range : joined(ranges)) {
    text += fmt::format("{}{}-{}", text.empty() ? "" : between, range.first, range.last);
  }
  return text;
}

void Dumper::run() {
  learn_size();
  while (!walk()) {
    do {
      wait_or_fail("the connection was lost");
    } while (!parts_.client.reconnect());
    parts_.progress.message(
        fmt::format("the connection was lost; going on at {}", parts_.client.endpoint().text()));
  }
}

void Dumper::learn_size() {
  const auto reply = parts_.client.connection().call({"DBSIZE"});
  if (reply && reply->kind == Kind::kInteger) {
    keys_in_all_ = static_cast<std::uint64_t>(reply->integer);
  }
}

/// Says now and then what it waits for.
bool Dumper::wait(const std::string& why) {
  const Clock::time_point now = Clock::now();
  const bool may_wait = !interrupted() && patience_.wait();
  if (may_wait && now - said_at_ >= kSayEvery) {
    said_at_ = now;
    parts_.progress.message(fmt::format("{}; waiting", why));
  }
  return may_wait;
}

void Dumper::fail(const std::string& why) const {
  if (interrupted()) throw DumpCutShort("interrupted", kExitInterrupted);
  throw DumpCutShort(
      fmt::format("the dump is not complete: {}: {}", parts_.client.endpoint().text(), why));
}

void Dumper::wait_or_fail(const std::string& why) {
  if (!wait(why)) fail(why);
}

void Dumper::wait_or_pass_over(const std::string& why) {
  if (wait(why)) return;
  if (interrupted() || passes_over_unserved_ || !why.starts_with(kUnserved)) fail(why);
  passes_over_losses_ = passes_over_unserved_ = true;
  parts_.progress.message(fmt::format("{}; going on without the slots that no node serves", why));
}

/// SCAN is what every server knows; BORG SCAN goes on behind what is lost.
Words Dumper::next_request(const std::string& cursor) const {
  if (!passes_over_losses_) return {"SCAN", cursor, "COUNT", kScanCount};
  Words words{"BORG", "SCAN", cursor, "COUNT", kScanCount};
  if (passes_over_unserved_) {
    words.emplace_back("UNSERVED");
    words.push_back(ranges_text(counts_.unserved, ","));
  }
  return words;
}

bool Dumper::walk() {
  std::string cursor = "0";
  // It meets them again, or they have come back meanwhile.
  counts_.lost.clear();
  counts_.unserved.clear();
  while (true) {
    if (interrupted()) fail("");
    const auto reply = parts_.client.connection().call(next_request(cursor));
    if (!reply) return false;
    if (is_passing_error(*reply)) {
      wait_or_pass_over(reply->text);
      continue;
    }
    if (!passes_over_losses_ && reply->kind == Kind::kError &&
        reply->text.starts_with("DATALOSS ")) {
      passes_over_losses_ = true;
      continue;
    }
    if (reply->kind == Kind::kError) throw DumpCutShort("SCAN: " + reply->text);
    std::optional<Page> page = page_of(*reply);
    if (!page) throw DumpCutShort("SCAN: not the reply of Redis");
    patience_.refill();
    if (reply->elements.size() > 2) note_ranges(reply->elements[2], counts_.lost);
    if (reply->elements.size() > 3) note_ranges(reply->elements[3], counts_.unserved);
    // If they have come back, the next ones are waited for again.
    passes_over_unserved_ = passes_over_unserved_ && !counts_.unserved.empty();
    if (!read_page(std::move(page->keys))) return false;
    cursor = std::move(page->cursor);
    if (cursor == "0") return true;
  }
}

bool Dumper::read_page(std::vector<std::string> keys) {
  std::erase_if(keys, [this](const std::string& key) { return seen_.contains(key); });
  for (std::size_t at = 0; at < keys.size();) {
    const std::size_t n = std::min(keys_per_read_, keys.size() - at);
    const auto first = std::make_move_iterator(keys.begin() + static_cast<std::ptrdiff_t>(at));
    if (!read_keys({first, first + static_cast<std::ptrdiff_t>(n)})) return false;
    at += n;
  }
  return true;
}

bool Dumper::read_keys(std::vector<std::string> keys) {
  for (int tries = 1; !keys.empty(); ++tries) {
    auto items = KeyReader::read(parts_.client.connection(), std::move(keys));
    if (!items) return false;
    const auto not_now = std::find_if(
        items->begin(), items->end(),
        [](const KeyReader::Item& item) { return item.state == KeyReader::State::kNotNow; });
    const std::string why = not_now != items->end() ? not_now->error : "";
    keys = take_items(std::move(*items), tries >= kTriesOfChangingKey);
    if (why.empty() || wait(why)) continue;
    if (interrupted() || !why.starts_with(kUnserved)) fail(why);
    // Their slots ceased to be served after they had been listed.
    for (std::string& key : keys) {
      if (!seen_.add(key)) continue;
      ++counts_.failed;
      complain({.key = std::move(key), .error = why});
    }
    keys.clear();
  }
  patience_.refill();
  return true;
}

void Dumper::complain(const KeyReader::Item& item) {
  if (++complaints_ > kComplaintsMax) return;
  parts_.progress.message(fmt::format("{}: {}", shown(item.key), item.error));
  if (complaints_ == kComplaintsMax) parts_.progress.message("further keys are only counted");
}

std::vector<std::string> Dumper::take_items(std::vector<KeyReader::Item> items, bool is_last_try) {
  std::vector<std::string> again;
  std::size_t bytes = 0;
  for (KeyReader::Item& item : items) {
    using State = KeyReader::State;
    const bool is_settled =
        item.state == State::kRead || (item.state == State::kChanged && is_last_try);
    if (is_settled) {
      if (!seen_.add(item.key)) continue;  // twice in one page
      bytes += item.record.bytes();
      parts_.write(item.record);
      ++counts_.written;
    } else if (item.state == State::kRefused) {
      if (!seen_.add(item.key)) continue;
      ++counts_.failed;
      complain(item);
    } else if (item.state != State::kGone) {
      again.push_back(std::move(item.key));
    }
  }
  const std::size_t bytes_per_key = bytes / items.size() + 1;
  keys_per_read_ = std::clamp<std::size_t>(kBytesPerRead / bytes_per_key, 1, kKeysPerReadMax);
  parts_.progress.update({.part = counts_.written,
                          .whole = keys_in_all_ > 0 ? std::optional(keys_in_all_) : std::nullopt,
                          .units = counts_.written});
  return again;
}

}  // namespace borg::borgctl
