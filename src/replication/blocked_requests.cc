// SPDX-License-Identifier: Apache-2.0
#include "replication/blocked_requests.h"

#include "base/check.h"

namespace borg::replication {

void BlockedRequests::add(Blocked blocked) {
  blocked.ticket = ++last_ticket_;
  BORG_CHECK(by_number_.emplace(number_of(blocked.origin), blocked.ticket).second);
  for (std::size_t i = 0; i < blocked.keys; ++i) {
    by_key_[blocked.args[blocked.first_key + i]].insert(blocked.ticket);
  }
  blocked_.emplace(blocked.ticket, std::move(blocked));
}

bool BlockedRequests::refresh(const wire::Origin& origin, Instant now) {
  const auto at = by_number_.find(number_of(origin));
  if (at == by_number_.end()) return false;
  blocked_.at(at->second).asked_at = now;
  return true;
}

bool BlockedRequests::remove(const wire::Origin& origin) {
  const auto at = by_number_.find(number_of(origin));
  if (at == by_number_.end()) return false;
  const auto blocked = blocked_.find(at->second);
  forget(blocked->second);
  blocked_.erase(blocked);
  return true;
}

void BlockedRequests::forget(const Blocked& blocked) {
  by_number_.erase(number_of(blocked.origin));
  for (std::size_t i = 0; i < blocked.keys; ++i) {
    const auto waiting = by_key_.find(blocked.args[blocked.first_key + i]);
    if (waiting == by_key_.end()) continue;  // a key that it names twice
    waiting->second.erase(blocked.ticket);
    if (waiting->second.empty()) by_key_.erase(waiting);
  }
}

std::vector<BlockedRequests::Blocked> BlockedRequests::take_all() {
  std::vector<Blocked> all;
  for (auto& [ticket, blocked] : blocked_) all.push_back(std::move(blocked));
  blocked_.clear();
  by_number_.clear();
  by_key_.clear();
  return all;
}

void BlockedRequests::remove_if(const std::function<bool(const Blocked&)>& is_gone) {
  for (auto at = blocked_.begin(); at != blocked_.end();) {
    if (!is_gone(at->second)) {
      ++at;
      continue;
    }
    forget(at->second);
    at = blocked_.erase(at);
  }
}

const BlockedRequests::Blocked* BlockedRequests::next(std::string_view key, Ticket after) const {
  const auto waiting = by_key_.find(key);
  if (waiting == by_key_.end()) return nullptr;
  const auto ticket = waiting->second.upper_bound(after);
  return ticket == waiting->second.end() ? nullptr : &blocked_.at(*ticket);
}

}  // namespace borg::replication
