// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "node/gateway.h"

namespace borg::node {

/// SCAN over the whole cluster from any node, BORG SCAN, which passes over what is lost and says
/// what that is, and BORG LOCAL over one node.
///
/// BORG SCAN … UNSERVED ranges passes over what nobody serves, too: `ranges` ("0-15,32-47") is what
/// is known of that and not asked any more. With "" all partitions are asked first, at once, so
/// that what nobody serves costs the deadline once and not for each. The reply has a fourth
/// element then: the ranges that were found, wherever the cursor is.
///
/// A cursor is a slot and a position in the order of hashes within it, below 2^52 in all. It
/// stays valid while keys come and go, while partitions move and while primaries change,
/// because every replica orders its keys alike.
class ScanCommand : public Composite, public std::enable_shared_from_this<ScanCommand> {
 public:
  static void start_scan(Gateway& gateway, Client& client, commands::Args args);
  static void start_over_losses(Gateway& gateway, Client& client, commands::Args args);
  static void start_local(Gateway& gateway, Client& client, commands::Args args);

  enum class Kind : std::uint8_t { kCluster, kOverLosses, kLocal };
  ScanCommand(Gateway& gateway, Client& client, std::uint64_t cursor, Kind kind);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return client_; }
  void go_on() override;

 private:
  static void start(Gateway& gateway, Client& client, commands::Args args, Kind kind);
  /// An error, or null.
  const char* read_options(commands::Args options);
  bool read_unserved(std::string_view ranges);
  void probe();
  void take_probe();
  void ask_next_partitions();
  void take_results();
  void finish(std::uint64_t cursor);
  [[nodiscard]] std::optional<PartitionId> next_partition(std::uint32_t from) const;

  struct Part {
    PartitionId partition;
    std::string reply;
  };

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  const Kind kind_;
  std::uint64_t cursor_;
  std::uint64_t count_ = 10;
  std::vector<std::string> filters_;  // MATCH and TYPE, as they were given
  std::size_t window_ = 1;            // partitions asked at once: doubles while they are empty
  std::vector<Part> parts_;
  std::size_t missing_ = 0;
  std::vector<std::string> keys_;
  std::vector<PartitionId> key_partitions_;
  std::vector<PartitionId> lost_;  // passed over
  bool passes_unserved_ = false;
  bool is_probing_ = false;
  std::bitset<kPartitionCount> is_unserved_;  // known: not asked
  std::vector<PartitionId> unserved_;         // found
};

/// RANDOMKEY: first how many keys each partition has, then a key of one drawn by weight.
class RandomKeyCommand : public Composite, public std::enable_shared_from_this<RandomKeyCommand> {
 public:
  static void start(Gateway& gateway, Client& client);
  RandomKeyCommand(Gateway& gateway, Client& client);
  void part_done(std::size_t part, std::string_view reply) override;
  [[nodiscard]] Client& client() override { return client_; }
  void go_on() override;

 private:
  void finish(std::string_view reply);

  Gateway& gateway_;
  Client& client_;
  const Client::Slot slot_;
  std::vector<std::uint64_t> counts_;
  std::size_t missing_;
  bool drawing_ = false;
  int tries_ = 0;
  std::string error_;  // of the first partition that did not answer
};

}  // namespace borg::node
