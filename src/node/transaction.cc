// SPDX-License-Identifier: Apache-2.0
#include "node/transaction.h"

#include <algorithm>

#include "base/slot.h"

namespace borg::node {

namespace {

/// What keeping an argument takes beside its bytes.
constexpr std::size_t kArgumentBytes = sizeof(std::string);

std::size_t bytes_of(commands::Args args) {
  std::size_t bytes = sizeof(Transaction::Step);
  for (const std::string_view arg : args) bytes += arg.size() + kArgumentBytes;
  return bytes;
}

/// False if a key is of another slot than `slot`, which is that of the first if there is none.
bool join_slot(std::optional<SlotId>& slot, std::string_view key) {
  const SlotId own = slot_of_key(key);
  if (!slot) slot = own;
  return *slot == own;
}

std::string_view row_for(bool is_write, bool needs_memory) {
  if (!is_write) return "_execread";
  return needs_memory ? "_exec" : "_execfree";
}

}  // namespace

void Transaction::abort() {
  if (!is_open_) return;
  is_aborted_ = true;
  steps_ = {};
  watched_ = {};
  bytes_ = arguments_ = 0;
}

bool Transaction::has_room_for(std::size_t bytes, std::size_t arguments) const {
  return bytes_ + bytes <= kBytesMax && arguments_ + arguments <= kArgumentsMax;
}

void Transaction::add(std::size_t bytes, std::size_t arguments) {
  bytes_ += bytes;
  arguments_ += arguments;
}

Transaction::Added Transaction::queue(const commands::CommandSpec& spec, commands::Args args) {
  if (is_aborted_) return Added::kYes;
  std::optional<SlotId> slot = slot_;
  bool is_one_slot = true;
  if (spec.place == commands::Place::kPartition) {
    commands::key_range(spec, args).for_each([&](std::size_t i) {
      is_one_slot = is_one_slot && join_slot(slot, args[i]);
    });
  }
  if (!is_one_slot) return Added::kOtherSlot;
  const std::size_t bytes = bytes_of(args);
  if (!has_room_for(bytes, args.size() + 1)) return Added::kTooLarge;
  slot_ = slot;
  add(bytes, args.size() + 1);
  steps_.push_back({&spec, {args.begin(), args.end()}});
  return Added::kYes;
}

bool Transaction::has_slot_of(commands::Args keys) const {
  std::optional<SlotId> slot = slot_;
  return std::ranges::all_of(keys, [&](std::string_view key) { return join_slot(slot, key); });
}

Transaction::Added Transaction::watch(std::string_view key, std::string_view token) {
  const auto is_it = [&](const Watched& watched) { return watched.key == key; };
  if (std::ranges::any_of(watched_, is_it)) return Added::kYes;
  const std::size_t bytes = key.size() + token.size() + sizeof(Watched);
  if (!has_room_for(bytes, 2)) return Added::kTooLarge;
  slot_ = slot_of_key(key);
  add(bytes, 2);
  watched_.push_back({std::string(key), std::string(token)});
  return Added::kYes;
}

bool Transaction::has_writes() const {
  return std::ranges::any_of(steps_, [](const Step& step) {
    return step.spec->is(commands::kWrite) || step.spec->is(commands::kMayReplicate);
  });
}

std::unique_ptr<Transaction::Request> Transaction::request() const {
  const auto is_asked = [](const Step& step) { return step.is_for_primary(); };
  if (watched_.empty() && std::ranges::none_of(steps_, is_asked)) return nullptr;
  auto request = std::make_unique<Request>();
  request->partition = partition_of(slot_.value_or(SlotId()));
  request->counts.reserve(1 + steps_.size());  // views into them must stay
  request->args.reserve(2 + arguments_);
  const auto add_count = [&](std::size_t count) {
    request->args.push_back(request->counts.emplace_back(std::to_string(count)));
  };
  request->args.emplace_back();
  add_count(watched_.size());
  for (const Watched& watched : watched_) {
    request->args.insert(request->args.end(), {watched.key, watched.token});
  }
  bool needs_memory = false;
  for (const Step& step : steps_) {
    if (!step.is_for_primary()) continue;
    request->is_write = request->is_write || step.spec->is(commands::kWrite);
    needs_memory = needs_memory || step.spec->is(commands::kDenyOom);
    add_count(step.args.size());
    request->args.insert(request->args.end(), step.args.begin(), step.args.end());
  }
  request->args.front() = row_for(request->is_write, needs_memory);
  return request;
}

}  // namespace borg::node
