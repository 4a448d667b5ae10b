// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "coordination/schema.h"
#include "node/address_check.h"
#include "server/asio.h"
#include "wire/probe.h"

namespace borg::server {

/// Dials announced addresses to find out who is there, for a node that wants to join and for those
/// that it asks.
///
/// Runs: on the control thread. Destroying it cancels what is under way.
class AddressProber {
 public:
  struct Finding {
    wire::Found found = wire::Found::kNothing;
    std::string detail;
    // What who was found there says of `probe`'s address.
    wire::Found found_back = wire::Found::kNothing;
    std::string detail_back;
  };

  AddressProber(asio::io_context& context, std::string cluster, NodeId self);
  ~AddressProber();

  /// Who is at this address, where `expected` should be. With `back` that node is asked in its turn
  /// to dial it. Takes 1 s at most, with `back` 2.5 s.
  void probe(const HostPort& to, NodeId expected, std::optional<HostPort> back,
             std::function<void(Finding)> done);
  /// All of them at once, and `self`.
  void probe_all(const std::vector<coordination::Member>& members, const coordination::Member& self,
                 std::function<void(std::vector<node::AddressFinding>)> done);
  void stop();

 private:
  struct Probing;
  void read_answer(const std::shared_ptr<Probing>& probing);
  void end(const std::shared_ptr<Probing>& probing, Finding finding);

  asio::io_context& context_;
  const std::string cluster_;
  const NodeId self_;
  std::vector<std::shared_ptr<Probing>> under_way_;
};

}  // namespace borg::server
