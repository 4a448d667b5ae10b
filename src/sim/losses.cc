// SPDX-License-Identifier: Apache-2.0
#include "sim/losses.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/slot.h"
#include "sim/workload.h"
#include "storage/hash_value.h"
#include "storage/list_value.h"
#include "storage/set_value.h"
#include "storage/sorted_set_value.h"
#include "storage/value_kinds.h"

namespace borg::sim {
namespace {

/// Beyond the numbers of all clients: what happens is nobody's doing.
constexpr std::uint64_t kFirstClient = std::uint64_t{1} << 61;

Operation unknown(const std::vector<Operation>& others, const std::string& key, std::string name,
                  std::int64_t from, std::vector<std::string> args) {
  return {.client = kFirstClient + others.size(),
          .key = key,
          .name = std::move(name),
          .args = std::move(args),
          .invoked = from,
          .returned = from,
          .outcome = Outcome::kUnknown,
          .reply = {}};
}

/// As a SequenceModel has it.
std::string sequence_of(const storage::EntryView& entry) {
  std::string elements;
  if (entry.type == storage::ValueType::kList) {
    storage::ListReader(entry).walk(0, [&](std::size_t, std::string_view element) {
      elements += std::string(element) + ",";
      return true;
    });
  } else {
    storage::SortedSetReader(entry).for_each(
        [&](const storage::Scored& each) { elements += std::string(each.member) + ","; });
  }
  std::erase(elements, kPadding);
  return elements;
}

/// Exact, and a whole number as the models have it.
std::string score_text(double score) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, score, std::chars_format::general, 17);
  return {text, end.ptr};
}

}  // namespace

Content content_of(const storage::PartitionStore& store) {
  Content content;
  auto cursor = std::optional(store.begin());
  while (cursor) {
    cursor = store.scan(*cursor, 1000, 1 << 20, [&](const storage::EntryView& e) {
      if (e.type == storage::ValueType::kString) {
        content[std::string(e.key)] = {std::string(e.value), e.expiry};
      } else if (e.type == storage::ValueType::kHash) {
        storage::HashReader(e).for_each([&](std::string_view field, std::string_view value) {
          content[element_object(e.key, field)] = {std::string(value), e.expiry};
        });
      } else if (Workload::is_sequence(e.key)) {
        content[std::string(e.key)] = {sequence_of(e), e.expiry};
      } else if (e.type == storage::ValueType::kSet) {
        storage::SetReader(e).for_each([&](std::string_view member) {
          content[element_object(e.key, member)] = {"1", e.expiry};
        });
      } else if (e.type == storage::ValueType::kSortedSet) {
        storage::SortedSetReader(e).for_each([&](const storage::Scored& each) {
          content[element_object(e.key, each.member)] = {score_text(each.score), e.expiry};
        });
      } else {
        content[std::string(e.key)] = {std::to_string(storage::digest_of_value(e)), e.expiry};
      }
    });
  }
  return content;
}

void Losses::add(std::uint16_t partition, Epoch term, const Content& held, std::int64_t clock_ms) {
  by_partition_[partition].push_back({.term = term, .at = sim_.queue.now(), .left = {}});
  ++count_;
  add_content(partition, term, held, clock_ms);
}

void Losses::add_content(std::uint16_t partition, Epoch term, const Content& held,
                         std::int64_t clock_ms) {
  for (Loss& loss : by_partition_[partition]) {
    if (loss.term != term) continue;
    ++loss.looks;
    if (!held.empty()) {
      const std::int64_t lag_ms = sim_.queue.now().as_millis() - clock_ms;
      loss.lag_least_ms = std::min(loss.lag_least_ms, lag_ms);
      loss.lag_most_ms = std::max(loss.lag_most_ms, lag_ms);
    }
    for (const auto& [key, value] : held) {
      Loss::Left& left = loss.left[key];
      ++left.seen;
      left.values.insert(value);
    }
  }
}

const Losses::Loss* Losses::find(std::uint16_t partition, Epoch term) const {
  const auto at = by_partition_.find(partition);
  if (at == by_partition_.end()) return nullptr;
  const auto loss = std::find_if(at->second.begin(), at->second.end(),
                                 [&](const Loss& each) { return each.term == term; });
  return loss == at->second.end() ? nullptr : &*loss;
}

bool Losses::has(std::uint16_t partition, Epoch term) const {
  return count_ > 0 && find(partition, term) != nullptr;
}

bool Losses::has(std::uint16_t partition) const { return by_partition_.contains(partition); }

void Losses::add_to(std::vector<Operation>& operations, const std::string& key,
                    const LifeBounds& lives) const {
  const auto at = by_partition_.find(partition_of(slot_of_key(key)).value());
  if (at == by_partition_.end()) return;
  // With the data the records are lost: what was under way, and is sent again, may happen in the
  // old life of the partition as well as in the new one.
  const std::size_t count = operations.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Operation o = operations[i];
    const bool spans = o.outcome == Outcome::kOk &&
                       std::any_of(at->second.begin(), at->second.end(), [&](const Loss& loss) {
                         const std::int64_t moment = loss.at.as_nanos();
                         return o.invoked < moment && o.returned > moment;
                       });
    if (spans) operations.push_back(unknown(operations, key, o.name, o.invoked, o.args));
  }
  for (const Loss& loss : at->second) {
    Operation lose = unknown(operations, key, "lose", loss.at.as_nanos(), {});
    lose.outcome = Outcome::kOk;
    lose.reply = Reply::ok();
    operations.push_back(std::move(lose));
    add_what_is_left(operations, key, loss, lives);
  }
}

void Losses::add_what_is_left(std::vector<Operation>& operations, const std::string& key,
                              const Loss& loss, const LifeBounds& lives) const {
  const std::int64_t moment = loss.at.as_nanos();
  const auto left = loss.left.find(key);
  const bool is_kept = left != loss.left.end() && loss.looks > 1 && left->second.seen == loss.looks;
  if (!is_kept) operations.push_back(unknown(operations, key, "recover", moment, {}));
  if (left == loss.left.end()) return;
  for (const auto& [value, expiry] : left->second.values) {
    if (expiry == storage::kNoExpiry) {
      operations.push_back(unknown(operations, key, "recover", moment, {value}));
      continue;
    }
    constexpr std::int64_t kNanosPerMilli = 1'000'000;
    const auto away = [&](std::int64_t lag_ms) {
      return std::max<std::int64_t>((expiry + lag_ms) * kNanosPerMilli - moment, 0);
    };
    const std::int64_t from = lives.after(moment, moment, away(loss.lag_least_ms)).from;
    const std::int64_t until = lives.after(moment, moment, away(loss.lag_most_ms)).until;
    const std::string id = "#r" + std::to_string(operations.size());
    operations.push_back(unknown(operations, key, "recover", moment,
                                 {value, std::to_string(from), std::to_string(until), id}));
    operations.push_back(unknown(operations, key, "expire", std::max(from, moment), {id}));
  }
}

}  // namespace borg::sim
