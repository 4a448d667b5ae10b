// SPDX-License-Identifier: Apache-2.0
#include "node/client.h"

#include <algorithm>

#include "base/check.h"

namespace borg::node {

void Client::write(std::string_view reply, Instant valid_until) {
  output.append(reply);
  output_valid_until = std::min(output_valid_until, valid_until);
}

void Client::reply_now(std::string_view reply, Instant valid_until) {
  if (nothing_pending()) {
    if (!silenced) write(reply, valid_until);
  } else {
    finish(reserve(), reply, valid_until);
  }
}

void Client::finish(Slot slot, std::string_view reply, Instant valid_until) {
  BORG_CHECK(slot >= first_slot_ && slot - first_slot_ < pending_.size());
  Pending& place = pending_[slot - first_slot_];
  BORG_CHECK(!place.ready);
  reply_bytes_ = std::max(reply.size(), reply_bytes_ - reply_bytes_ / 8);
  if (slot != first_slot_) {
    place.ready = true;
    place.reply = reply;
    place.valid_until = valid_until;
    return;
  }
  if (!place.silenced) write(reply, valid_until);
  pending_.pop_front();
  ++first_slot_;
  while (!pending_.empty() && pending_.front().ready) {
    const Pending& next = pending_.front();
    if (!next.silenced) write(next.reply, next.valid_until);
    pending_.pop_front();
    ++first_slot_;
  }
}

}  // namespace borg::node
