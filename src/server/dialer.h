// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordination/schema.h"
#include "server/asio.h"
#include "wire/messages.h"

namespace borg::server {

/// Keeps one thread's outgoing bus connections: dials, greets, and dials again after a break.
///
/// Runs: on the thread that owns it.
class Dialer {
 public:
  /// A connection whose greeting was accepted.
  using OnConnected = std::function<void(tcp::socket socket, wire::Endpoint peer)>;
  using OnRefused = std::function<void(const wire::Endpoint& peer, const std::string& reason)>;

  Dialer(asio::io_context& context, std::string cluster, wire::Endpoint self,
         OnConnected on_connected, OnRefused on_refused);
  ~Dialer();

  struct Wanted {
    wire::Endpoint peer;
    std::string host;  ///< an address, or a name: looked up each time
    std::uint16_t bus_port = 0;
  };
  /// Replaces the list of peers to be connected to.
  void set_wanted(const std::vector<Wanted>& wanted);
  /// The connection to this peer broke: dial again, if it is still wanted.
  void disconnected(const wire::Endpoint& peer);
  void stop();

 private:
  struct Attempt;
  void dial(const std::shared_ptr<Attempt>& attempt);
  void greet(const std::shared_ptr<Attempt>& attempt);
  void read_answer(const std::shared_ptr<Attempt>& attempt);
  void retry(const std::shared_ptr<Attempt>& attempt);
  [[nodiscard]] bool is_current(const std::shared_ptr<Attempt>& attempt) const;

  asio::io_context& context_;
  const std::string cluster_;
  const wire::Endpoint self_;
  const OnConnected on_connected_;
  const OnRefused on_refused_;
  std::map<wire::Endpoint, std::shared_ptr<Attempt>> attempts_;
};

}  // namespace borg::server
