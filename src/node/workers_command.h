// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "node/gateway.h"
#include "resp/parser.h"

namespace borg::node {

/// A command whose answer lies with other workers of this node: what clients they have, and what
/// the first of them keeps for all (slow commands, latency events).
///
/// Order: a worker takes what another one asks it, and tells it, in the order of the calls.
class WorkersCommand : public Composite {
 public:
  /// The name of the requests, which no table has: WorkerCore answers them itself.
  static constexpr std::string_view kRequest = "_worker";
  /// Makes one reply of the workers' replies; none of them is an error.
  using Answer = std::function<void(std::vector<resp::Value>& replies, resp::Writer& out)>;

  /// Asks all workers. `args` begin with what is asked.
  static void ask_all(Gateway& gateway, Client& client, const std::vector<std::string_view>& args,
                      Answer answer);
  /// Asks the first worker; its reply is the client's.
  static void ask_first(Gateway& gateway, Client& client,
                        const std::vector<std::string_view>& args);
  /// Tells one worker something; its reply is nobody's.
  static void tell(Gateway& gateway, WorkerIndex worker, const std::vector<std::string_view>& args);

  WorkersCommand(Gateway& gateway, Client* client, std::size_t workers, Answer answer);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return *client_; }

 private:
  void finish();

  Gateway& gateway_;
  Client* const client_;  // null: nobody waits
  const Client::Slot slot_;
  const Answer answer_;  // null: the only reply is passed on
  std::size_t missing_;
  std::vector<std::string> replies_;
};

}  // namespace borg::node
