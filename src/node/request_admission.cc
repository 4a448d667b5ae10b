// SPDX-License-Identifier: Apache-2.0
#include "node/request_admission.h"

#include <algorithm>

#include "base/probe.h"

namespace borg::node {
namespace {

/// That a client which is alive needs less than: some seconds, and time to send what it has said.
constexpr Duration kPatience = Duration::seconds(10);
constexpr std::int64_t kBytesPerMilli = 1000;

}  // namespace

bool RequestAdmission::is_waiting(ConnectionId client) const {
  const auto at = requests_.find(client);
  return at != requests_.end() && at->second.is_waiting;
}

void RequestAdmission::note_unfinished(ConnectionId client, std::size_t bytes, NodeMemory& node,
                                       Instant now) {
  // Of the next one only the beginning may be here: it counts when it says that it is large.
  if (node.limit() == 0 || bytes <= kLargeBytes) return note_whole(client);
  auto at = requests_.find(client);
  if (at == requests_.end()) {
    at = requests_.emplace(client, Request{.ticket = node.draw_ticket(), .began = now}).first;
    tell_oldest(node);
  }
  Request& request = at->second;
  request.is_whole = false;
  request.wanted = std::max<std::uint64_t>(request.wanted, bytes * kTimesTaken);
  try_to_take(request, node, now);
}

void RequestAdmission::try_to_take(Request& request, NodeMemory& node, Instant now) {
  if (request.taken < request.wanted) {
    const std::uint64_t more = request.wanted - request.taken;
    if (!node.admit(more, node.is_oldest(request.ticket))) {
      return set_waiting(request, true, node, now);
    }
    request.taken = request.wanted;
  }
  set_waiting(request, false, node, now);
}

void RequestAdmission::set_waiting(Request& request, bool waits, NodeMemory& node, Instant now) {
  if (request.is_waiting == waits) return;
  request.is_waiting = waits;
  node.add_waiting(waits ? 1 : -1);
  if (waits) {
    reached<"a large request waits for memory">();
    request.waits_since = now;
  } else {
    request.began = request.began + (now - request.waits_since);
  }
}

void RequestAdmission::tell_oldest(NodeMemory& node) const {
  std::uint64_t oldest = 0;
  for (const auto& [client, request] : requests_) {
    if (oldest == 0 || request.ticket < oldest) oldest = request.ticket;
  }
  node.set_oldest(self_, oldest);
}

void RequestAdmission::note_whole(ConnectionId client) {
  const auto at = requests_.find(client);
  if (at != requests_.end() && !at->second.is_waiting) at->second.is_whole = true;
}

void RequestAdmission::end(ConnectionId client, NodeMemory& node, Instant now) {
  const auto at = requests_.find(client);
  if (at == requests_.end()) return;
  set_waiting(at->second, false, node, now);
  node.release(at->second.taken);
  requests_.erase(at);
  tell_oldest(node);
}

void RequestAdmission::retry(NodeMemory& node, Instant now) {
  std::vector<Request*> waiting;
  for (auto& [client, request] : requests_) {
    if (request.is_waiting) waiting.push_back(&request);
  }
  std::ranges::sort(waiting, {}, &Request::ticket);
  for (Request* const request : waiting) try_to_take(*request, node, now);
}

std::vector<ConnectionId> RequestAdmission::whole() const {
  std::vector<ConnectionId> clients;
  for (const auto& [client, request] : requests_) {
    if (request.is_whole) clients.push_back(client);
  }
  return clients;
}

std::vector<ConnectionId> RequestAdmission::overdue(const NodeMemory& node, Instant now) const {
  std::vector<ConnectionId> clients;
  if (!node.anybody_waits()) return clients;
  for (const auto& [client, request] : requests_) {
    const bool comes = !request.is_whole && !request.is_waiting;
    const auto bytes = static_cast<std::int64_t>(request.wanted / kTimesTaken);
    const Duration patience = kPatience + Duration::millis(bytes / kBytesPerMilli);
    if (comes && now - request.began >= patience) clients.push_back(client);
  }
  return clients;
}

}  // namespace borg::node
