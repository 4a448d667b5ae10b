// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/borgctl/connection.h"
#include "app/borgctl/endpoint.h"

namespace borg::borgctl {

inline constexpr std::uint16_t kFirstPort = 7001;
inline constexpr std::uint16_t kLastPort = 7010;

/// What the user said about which node to talk to.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: the first one that answers of [kFirstPort, kLastPort]
  Milliseconds timeout{5000};
};

/// A connection to some node of a cluster, and the way to another node when that one dies.
///
/// Errors: what ends the command is thrown as a Failure; what the caller may want to survive
///         is returned.
class ClusterClient {
 public:
  /// Throws a Failure when nothing answers.
  [[nodiscard]] static ClusterClient connect(const Target& target);

  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] Milliseconds timeout() const { return timeout_; }

  /// One reply; throws a Failure that names the node when there is none.
  resp::Value call(const Words& words);
  /// Like call(), and a Failure too when the reply is an error.
  resp::Value call_or_fail(const Words& words);

  /// Asks the node for the others' addresses. A server without BORG INFO is its own cluster.
  void learn_nodes();
  enum class Prefer { kOthers, kCurrent };
  /// Tries each known node once. False if none answers; then the old connection stays.
  bool reconnect(Prefer prefer = Prefer::kOthers);

 private:
  ClusterClient(Endpoint endpoint, Connection connection, Milliseconds timeout)
      : endpoint_(std::move(endpoint)), connection_(std::move(connection)), timeout_(timeout) {
    known_.push_back(endpoint_);
  }

  Endpoint endpoint_;
  Connection connection_;
  Milliseconds timeout_;
  std::vector<Endpoint> known_;
};

/// Connects and asks for a sign of life: a paused process still accepts connections.
[[nodiscard]] Result<Connection, NetError> open_live(const Endpoint& endpoint,
                                                     Milliseconds timeout);

}  // namespace borg::borgctl
