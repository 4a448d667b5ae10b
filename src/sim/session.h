// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "node/client.h"

namespace borg::sim {

/// One connection of a client to a worker; both ends know it.
struct Session {
  std::uint64_t id = 0;
  node::Client* client = nullptr;  ///< of the worker's core, once accepted
  std::string input;               ///< at the worker, not consumed yet
  bool closed = false;             ///< by either side, or lost
  Duration last_sent;              ///< when the last bytes arrive: they keep their order
  Duration last_answered;
  // At the client, after the latency.
  std::function<void(std::string)> on_reply;
  std::function<void()> on_closed;
};

}  // namespace borg::sim
