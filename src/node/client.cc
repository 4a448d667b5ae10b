// SPDX-License-Identifier: Apache-2.0
#include "node/client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace borg::node {

void Client::note_late_reply(const commands::CommandSpec* spec, std::string_view reply) {
  if (!reply.starts_with('-') || counts == nullptr) [[likely]]
    return;
  counts->errors.add(reply);
  if (spec != nullptr) counts->note_error(*spec, reply);
}

/// To what is being executed. A command that is refused is none that was executed.
void Client::note_reply(std::string_view reply) {
  if (!reply.starts_with('-')) [[likely]]
    return;
  if (is_refusal_to_execute(reply)) answers = nullptr;
  note_late_reply(answers, reply);
}

void Client::begin_step(const commands::CommandSpec& spec) {
  answers = &spec;
  if (counts != nullptr) ++counts->of(spec).calls;
}

void Client::put_out(std::string_view reply) {
  constexpr std::size_t kTakenBytesMin = 16 * 1024;
  const bool is_whole_workspace = workspace != nullptr && reply.data() == workspace->data() &&
                                  reply.size() == workspace->size();
  if (is_whole_workspace && reply.size() >= kTakenBytesMin && output.empty()) {
    output.swap(*workspace);
  } else {
    output.append(reply);
  }
}

void Client::reply_now(std::string_view reply, Instant valid_until) {
  if (nothing_pending()) {
    note_reply(reply);
    if (silenced) return;
    confirm_before(valid_until);
    put_out(reply);
  } else {
    finish(reserve(), reply, valid_until);
  }
}

void Client::end_reply_of_parts() {
  has_parts_ = false;
  hold_pushes();
  if (!pushed_later_.empty()) push(std::exchange(pushed_later_, {}));
}

void Client::push(std::string_view message) {
  if (has_parts_) {
    pushed_later_ += message;
    return;
  }
  if (first_slot_ >= pushes_from_) {
    output.append(message);
    return;
  }
  pending_.push_back({.ready = true, .reply = std::string(message)});
  held_bytes_ += message.size();
  hold_pushes();
}

void Client::finish(Slot slot, std::string_view reply, Instant valid_until) {
  BORG_CHECK(slot >= first_slot_ && slot - first_slot_ < pending_.size());
  Pending& place = pending_[slot - first_slot_];
  note_late_reply(place.answers, reply);
  BORG_CHECK(!place.ready);
  reply_bytes_ = std::max(reply.size(), reply_bytes_ - reply_bytes_ / 8);
  if (!place.silenced) confirm_before(valid_until);
  if (slot != first_slot_) {
    place.ready = true;
    if (place.silenced) return;
    if (!spare_.empty()) {
      place.reply.swap(spare_.back());
      spare_.pop_back();
    }
    place.reply = reply;
    held_bytes_ += reply.size();
    return;
  }
  if (!place.silenced) put_out(reply);
  pending_.pop_front();
  ++first_slot_;
  while (!pending_.empty() && pending_.front().ready) move_front();
}

void Client::move_front() {
  Pending& front = pending_.front();
  output.append(front.reply);  // of a silenced one there is none
  held_bytes_ -= front.reply.size();
  if (spare_.size() < kSpareMax && front.reply.capacity() <= kSpareBytesMax) {
    spare_.push_back(std::move(front.reply));
  }
  pending_.pop_front();
  ++first_slot_;
}

std::size_t Client::held() const {
  return static_cast<std::size_t>(std::ranges::count_if(pending_, &Pending::ready));
}

std::size_t Client::memory_bytes() const {
  const std::size_t names = name.capacity() + library_name.capacity() + library_version.capacity() +
                            address_.capacity() + local_address_.capacity();
  const std::size_t queued = transaction == nullptr ? 0 : transaction->bytes();
  return sizeof *this + names + input_bytes + output.capacity() + held_bytes() +
         pending_.size() * sizeof(Pending) + queued;
}

}  // namespace borg::node
