// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "node/gateway.h"
#include "node/gateway_commands.h"

namespace borg::node {

/// CLUSTER SLOT-STATS: how many keys the slots have of which this node is primary. One request for
/// each of those partitions.
class SlotStatsCommand : public Composite {
 public:
  enum class Order : std::uint8_t { kBySlot, kFewestKeys, kMostKeys };

  struct Query {
    std::uint16_t first_slot = 0;
    std::uint16_t last_slot = 0;  ///< inclusive
    Order order = Order::kBySlot;
    std::size_t limit = SIZE_MAX;
  };

  static void start(const GatewayCall& call);

  SlotStatsCommand(Gateway& gateway, Client& client, const Query& query,
                   std::vector<PartitionId> partitions);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return client_; }

 private:
  void ask(const std::shared_ptr<SlotStatsCommand>& self);
  void finish();

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const Query query_;
  const std::vector<PartitionId> partitions_;
  std::size_t missing_;
  std::string error_;
  std::vector<std::pair<std::uint16_t, std::int64_t>> keys_of_slots_;
};

}  // namespace borg::node
