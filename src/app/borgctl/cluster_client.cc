// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/cluster_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/borgctl/cluster_info.h"
#include "app/borgctl/failure.h"

namespace borg::borgctl {
namespace {

/// So that one paused node does not use up the time for all that are tried.
constexpr Milliseconds kTryTimeout{1000};

}  // namespace

Result<Connection, NetError> open_live(const Endpoint& endpoint, Milliseconds timeout) {
  auto connection = Connection::open(endpoint, std::min(timeout, kTryTimeout));
  if (!connection) return connection;
  const auto pong = connection->call({"PING"});
  if (!pong) return pong.error();
  connection->set_timeout(timeout);
  return connection;
}

ClusterClient ClusterClient::connect(const Target& target) {
  if (target.port != 0) {
    const Endpoint endpoint{target.host, target.port};
    auto connection = Connection::open(endpoint, target.timeout);
    if (!connection) {
      throw Failure(
          fmt::format("cannot connect to {}: {}", endpoint.text(), connection.error().text));
    }
    return {endpoint, std::move(*connection), target.timeout};
  }
  for (std::uint16_t port = kFirstPort; port <= kLastPort; ++port) {
    const Endpoint endpoint{target.host, port};
    auto connection = open_live(endpoint, target.timeout);
    if (connection) return {endpoint, std::move(*connection), target.timeout};
  }
  throw Failure(
      fmt::format("no node answers on {}, ports {} to {}; start one with borgd, or "
                  "say --host and --port",
                  target.host, kFirstPort, kLastPort));
}

resp::Value ClusterClient::call(const Words& words) {
  auto reply = connection_.call(words);
  if (!reply) throw Failure(fmt::format("{}: {}", endpoint_.text(), reply.error().text));
  return std::move(*reply);
}

resp::Value ClusterClient::call_or_fail(const Words& words) {
  resp::Value reply = call(words);
  if (reply.kind == resp::Value::Kind::kError) throw Failure(reply.text);
  return reply;
}

void ClusterClient::learn_nodes() {
  const auto reply = connection_.call({"BORG", "INFO"});
  if (!reply || reply->kind != resp::Value::Kind::kBulk) return;
  const std::optional<ClusterInfo> info = parse_cluster_info(reply->text);
  if (!info) return;
  known_ = {endpoint_};
  for (const NodeInfo& node : info->nodes) {
    const std::optional<Endpoint> address = parse_endpoint(node.address);
    if (address && *address != endpoint_) known_.push_back(*address);
  }
}

bool ClusterClient::reconnect(Prefer prefer) {
  // The current one stands first: after the turn it is tried last.
  if (prefer == Prefer::kOthers) std::rotate(known_.begin(), known_.begin() + 1, known_.end());
  for (std::size_t i = 0; i < known_.size(); ++i) {
    auto connection = open_live(known_[i], timeout_);
    if (!connection) {
      if (connection.error().kind == NetError::Kind::kInterrupted) return false;
      continue;
    }
    connection_ = std::move(*connection);
    endpoint_ = known_[i];
    std::rotate(known_.begin(), known_.begin() + static_cast<std::ptrdiff_t>(i), known_.end());
    learn_nodes();
    return true;
  }
  return false;
}

}  // namespace borg::borgctl
