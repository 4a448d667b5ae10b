// SPDX-License-Identifier: Apache-2.0
#include "node/client.h"

#include <algorithm>

#include "base/check.h"

namespace borg::node {

void Client::note_error(std::string_view reply) {
  if (!reply.starts_with('-') || counts == nullptr) [[likely]]
    return;
  counts->errors.add(reply);
}

void Client::reply_now(std::string_view reply, Instant valid_until) {
  if (nothing_pending()) {
    note_error(reply);
    if (silenced) return;
    confirm_before(valid_until);
    output.append(reply);
  } else {
    finish(reserve(), reply, valid_until);
  }
}

void Client::finish(Slot slot, std::string_view reply, Instant valid_until) {
  BORG_CHECK(slot >= first_slot_ && slot - first_slot_ < pending_.size());
  note_error(reply);
  Pending& place = pending_[slot - first_slot_];
  BORG_CHECK(!place.ready);
  reply_bytes_ = std::max(reply.size(), reply_bytes_ - reply_bytes_ / 8);
  if (!place.silenced) confirm_before(valid_until);
  if (slot != first_slot_) {
    place.ready = true;
    if (!spare_.empty()) {
      place.reply.swap(spare_.back());
      spare_.pop_back();
    }
    place.reply = reply;
    return;
  }
  if (!place.silenced) output.append(reply);
  pending_.pop_front();
  ++first_slot_;
  while (!pending_.empty() && pending_.front().ready) move_front();
}

void Client::move_front() {
  Pending& front = pending_.front();
  if (!front.silenced) output.append(front.reply);
  if (spare_.size() < kSpareMax && front.reply.capacity() <= kSpareBytesMax) {
    spare_.push_back(std::move(front.reply));
  }
  pending_.pop_front();
  ++first_slot_;
}

}  // namespace borg::node
