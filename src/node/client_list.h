// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/gateway.h"

namespace borg::node {

/// A client as a line of CLIENT LIST, without the newline.
[[nodiscard]] std::string describe(const Client& client, Instant now);

/// Which clients CLIENT LIST shows.
struct ClientFilter {
  bool none = false;               ///< of a type that Borg does not have
  std::vector<std::uint64_t> ids;  ///< empty: all
};

/// CLIENT LIST: the clients of all workers of this node.
class ClientListCommand : public Composite {
 public:
  /// What a worker is asked for its part; not a command of the table.
  static constexpr std::string_view kRequest = "_clients";
  static void start(Gateway& gateway, Client& client, ClientFilter filter);
  ClientListCommand(Gateway& gateway, Client& client, ClientFilter filter);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return client_; }

 private:
  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const ClientFilter filter_;
  std::size_t missing_ = 0;
  std::string text_;
};

}  // namespace borg::node
