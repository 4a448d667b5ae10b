// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/node_memory.h"

namespace borg::node {

/// Decides which clients may go on sending large requests where memory is limited: a request tells
/// its size before its bytes come, and what is not read waits in the client's own machine.
///
/// Budget:    a quarter of the limit, or what is left below it if that is less, for all clients of
///            the node together. A request takes kTimesTaken its size from its beginning to its
///            answer: as input, as value, and on its way to the replicas.
/// Order:     whoever fits may go on; the oldest of the node's large requests may in any case. So
///            one of them always makes progress, and each becomes the oldest in time.
/// Patience:  one that does not come in, while others wait, is given up: see overdue().
/// Runs:      on the worker of these clients.
class RequestAdmission {
 public:
  /// Of less than this each client may have an unfinished request.
  static constexpr std::size_t kLargeBytes = 64 * 1024;
  static constexpr std::uint64_t kTimesTaken = 4;

  explicit RequestAdmission(WorkerIndex self) : self_(self) {}
  RequestAdmission(const RequestAdmission&) = delete;
  RequestAdmission& operator=(const RequestAdmission&) = delete;

  /// True of a request that could not be executed within the limit, however little else there is.
  [[nodiscard]] static bool exceeds(std::size_t bytes, const NodeMemory& node) {
    return node.limit() > 0 && bytes > kLargeBytes && bytes > node.limit() / kTimesTaken;
  }
  /// The request that the client has begun to send will have so many bytes, as far as is known.
  void note_unfinished(ConnectionId client, std::size_t bytes, NodeMemory& node, Instant now);
  /// The client has sent all of what it had begun, which is not answered yet.
  void note_whole(ConnectionId client);
  /// It is answered, or nobody waits for the answer any more.
  void end(ConnectionId client, NodeMemory& node, Instant now);
  /// True if no more is to be read from the client for now.
  [[nodiscard]] bool holds_back(ConnectionId client) const {
    return !requests_.empty() && is_waiting(client);
  }
  /// Lets those go on that may now.
  void retry(NodeMemory& node, Instant now);
  [[nodiscard]] bool empty() const { return requests_.empty(); }
  /// Whose requests are known to be whole.
  [[nodiscard]] std::vector<ConnectionId> whole() const;
  /// Clients whose requests should long be whole, and keep others waiting.
  [[nodiscard]] std::vector<ConnectionId> overdue(const NodeMemory& node, Instant now) const;

 private:
  struct Request {
    std::uint64_t ticket = 0;
    std::uint64_t wanted = 0;  // of the budget
    std::uint64_t taken = 0;
    bool is_whole = false;
    bool is_waiting = false;
    Instant began;  // but for the time when it had to wait
    Instant waits_since;
  };
  [[nodiscard]] bool is_waiting(ConnectionId client) const;
  static void try_to_take(Request& request, NodeMemory& node, Instant now);
  static void set_waiting(Request& request, bool waits, NodeMemory& node, Instant now);
  void tell_oldest(NodeMemory& node) const;

  const WorkerIndex self_;
  std::map<ConnectionId, Request> requests_;
};

}  // namespace borg::node
